// Gates: truth functions of two and three literals. The clauses of a gate tie its output to its
// operands in both directions (Tseitin): for any operands the output has exactly one value.
//
// A gate that a constant decides, or two operands of one variable, needs no clauses; equal gates
// are made once.
#pragma once

#include "verify/certificate/cnf.hpp"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fiberproof::verify {

class Gates {
 public:
  Gates() { require(true_); }
  Gates(const Gates&) = delete;
  Gates& operator=(const Gates&) = delete;

  const Cnf& cnf() const { return cnf_; }
  Literal input() { return cnf_.new_variable(); }
  void require(Literal literal) { cnf_.add({literal}); }

  Literal constant(bool value) const { return value ? true_ : ~true_; }
  bool is_constant(Literal literal) const { return literal.variable() == true_.variable(); }

  Literal both(Literal a, Literal b);
  Literal either(Literal a, Literal b) { return ~both(~a, ~b); }
  Literal all(std::vector<Literal> operands);
  Literal differ(Literal a, Literal b);
  Literal choose(Literal condition, Literal if_true, Literal if_false);
  Literal parity(Literal a, Literal b, Literal c);    ///< true if an odd number is true
  Literal majority(Literal a, Literal b, Literal c);  ///< true if two are true

 private:
  enum class Kind : std::uint32_t { both, differ, choose, parity, majority };
  using Key = std::array<std::uint32_t, 4>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  // The output of the gate with these operands, and whether its clauses must still be added.
  std::pair<Literal, bool> output(Kind kind, Literal a, Literal b, Literal c = Literal());

  Cnf cnf_;
  Literal true_ = cnf_.new_variable();  // the first variable: lower than every other
  std::unordered_map<Key, Literal, Hash> known_;
};

}  // namespace fiberproof::verify
