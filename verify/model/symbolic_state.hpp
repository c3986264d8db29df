// An unknown state of the machine: a field is an uninterpreted function of the object, expressed
// without functions. Each object that is read has a variable for each field that is read, and
// `congruence` says that equal objects have equal fields (Ackermann's expansion). So queries are
// plain terms, for any number of objects.
#pragma once

#include "verify/model/fields.hpp"
#include "verify/smt/term.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

class SymbolicState {
 public:
  /// The value of `field` of the object `of`, which does not matter for fields of the store.
  Term read(Field field, Term of) const;

  /// The objects of a sort that were read so far, each once.
  std::vector<Term> objects(Sort sort) const;

  /// For each field and each two objects that it was read of: equal objects have equal values.
  struct Congruence {
    std::string_view field;
    Term one;
    Term other;
    Term value_of_one;
    Term value_of_other;
    Formula holds() const {
      return implies(equal(one, other), equal(value_of_one, value_of_other));
    }
  };
  std::vector<Congruence> congruence() const;

 private:
  struct Known {
    Term object;
    Term value;
  };
  mutable std::map<Field, std::vector<Known>> known_;
};

/// The initial state of every run: all fields as `initially` says; given fields have any value.
class InitialState {
 public:
  Term read(Field field, Term of) const;

 private:
  SymbolicState given_;
};

}  // namespace fiberproof::verify::model
