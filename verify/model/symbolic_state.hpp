// A state of the machine of which nothing is known: a field is an uninterpreted function of the
// object, told without functions. Each object that is asked about has a variable for each field of
// it that is asked for; `congruence` says that what is the same object has the same fields
// (Ackermann's expansion). So queries are plain terms, for any number of objects.
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
  /// The value of `field` of the object `of`, which does not matter for those of the store.
  Term read(Field field, Term of) const;

  /// The objects of a sort that were asked about so far, each once.
  std::vector<Term> objects(Sort sort) const;

  /// For each field and each two objects that it was asked of so far: that the same object has the
  /// same value.
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

/// The state that every run begins in: all fields as `initially` says, and those that are given
/// as they may be.
class InitialState {
 public:
  Term read(Field field, Term of) const;

 private:
  SymbolicState given_;
};

}  // namespace fiberproof::verify::model
