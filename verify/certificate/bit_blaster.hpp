// Terms as circuits: a word becomes 64 literals, a truth value one. Only gates with a constant
// operand are simplified.
#pragma once

#include "verify/certificate/gates.hpp"
#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"

#include <unordered_map>
#include <vector>

namespace fiberproof::verify {

/// The bits of a number, lowest first.
using Bits = std::vector<Literal>;

class BitBlaster {
 public:
  const Bits& bits_of(Term term) { return node(term.node()); }
  Literal literal_of(Formula formula) { return node(formula.node())[0]; }
  void require(Formula formula, bool value) {
    gates_.require(value ? literal_of(formula) : ~literal_of(formula));
  }
  const Cnf& cnf() const { return gates_.cnf(); }

 private:
  const Bits& node(const Node& root);
  Bits circuit(const Node& node);
  Bits each(const Node& node, Literal (Gates::*gate)(Literal, Literal));
  Bits inputs(std::size_t count);
  Bits number(std::uint64_t value);
  Bits sum(const Bits& a, const Bits& b, bool carry_in);
  Bits difference(const Bits& a, const Bits& b);
  Bits product(const Bits& a, const Bits& b);
  Bits product_with_number(const Bits& a, const Bits& number);
  Literal less(const Bits& a, const Bits& b);

  const Bits& operand(const Node& node, std::size_t index) const {
    return known_.at(node.operands[index]);
  }

  Gates gates_;
  std::unordered_map<const Node*, Bits> known_;
};

/// The query's assumptions and the negation of its goal: unsatisfiable exactly where the goal
/// follows.
Cnf cnf_of(const Query& query);

}  // namespace fiberproof::verify
