#include "verify/model/weakened.hpp"

namespace fiberproof::verify::model {

std::vector<Formula> conjuncts(Formula formula) {
  const Node& node = formula.node();
  if (node.kind == NodeKind::logical_and) {
    std::vector<Formula> all = conjuncts(Formula(node.operands[0]));
    for (const Formula other : conjuncts(Formula(node.operands[1]))) all.push_back(other);
    return all;
  }
  if (node.kind == NodeKind::logical_or) {
    for (const std::size_t side : {1u, 0u}) {
      const std::vector<Formula> parts = conjuncts(Formula(node.operands[side]));
      if (parts.size() < 2) continue;
      std::vector<Formula> all;
      for (const Formula part : parts) {
        all.push_back(logical_or(Formula(node.operands[1 - side]), part));
      }
      return all;
    }
  }
  return {formula};
}

Formula weakened(Formula formula, const Weakened& weakened) {
  const std::vector<Formula> all = conjuncts(formula);
  Formula rest = truth(true);
  for (std::size_t number = 0; number < all.size(); ++number) {
    if (number != weakened.conjunct) rest = logical_and(rest, all[number]);
  }
  return rest;
}

}  // namespace fiberproof::verify::model
