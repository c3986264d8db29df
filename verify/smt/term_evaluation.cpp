// Values of terms under a model, and walks over their graph.
#include "verify/smt/node_value.hpp"
#include "verify/smt/term.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace fiberproof::verify {
namespace {

std::unordered_map<const Node*, std::uint64_t> values_below(const std::vector<const Node*>& roots,
                                                            const Model& model) {
  std::unordered_map<const Node*, std::uint64_t> values;
  for (const Node* node : topological_order(roots)) {
    std::vector<std::uint64_t> operands;
    for (const Node* operand : node->operands) {
      operands.push_back(values.at(operand));
    }
    std::uint64_t value = 0;
    if (node->kind == NodeKind::variable) {
      const auto known = model.words.find(node->name);
      value = known == model.words.end() ? 0 : known->second;
    } else if (node->kind == NodeKind::truth_variable) {
      const auto known = model.truths.find(node->name);
      value = known != model.truths.end() && known->second;
    } else {
      value = value_of(*node, operands);
    }
    values.emplace(node, value);
  }
  return values;
}

std::uint64_t evaluate_node(const Node* root, const Model& model) {
  return values_below({root}, model).at(root);
}

}  // namespace

std::uint64_t value_of(const Node& node, std::span<const std::uint64_t> operand) {
  switch (node.kind) {
    case NodeKind::constant:
    case NodeKind::truth: return node.value;
    case NodeKind::add: return operand[0] + operand[1];
    case NodeKind::subtract: return operand[0] - operand[1];
    case NodeKind::multiply: return operand[0] * operand[1];
    case NodeKind::multiply_high: return multiply_high(operand[0], operand[1]);
    case NodeKind::bit_and:
    case NodeKind::logical_and: return operand[0] & operand[1];
    case NodeKind::bit_or:
    case NodeKind::logical_or: return operand[0] | operand[1];
    case NodeKind::bit_xor: return operand[0] ^ operand[1];
    case NodeKind::complement: return ~operand[0];
    case NodeKind::shift_left: return operand[0] << node.value;
    case NodeKind::shift_right: return operand[0] >> node.value;
    case NodeKind::select: return operand[0] != 0 ? operand[1] : operand[2];
    case NodeKind::logical_not: return operand[0] == 0;
    case NodeKind::equal: return operand[0] == operand[1];
    case NodeKind::less: return operand[0] < operand[1];
    case NodeKind::bit_of: return operand[0] >> node.value & 1;
    case NodeKind::variable:
    case NodeKind::truth_variable: break;
  }
  return 0;
}

bool occurs(const Node* variable, const Node* node) {
  const auto nodes = topological_order({node});
  return std::ranges::find(nodes, variable) != nodes.end();
}

std::uint64_t evaluate(Term term, const Model& model) {
  return evaluate_node(&term.node(), model);
}

bool evaluate(Formula formula, const Model& model) {
  return evaluate_node(&formula.node(), model) != 0;
}

Evaluator::Evaluator(const std::vector<Formula>& formulas) {
  std::vector<const Node*> roots;
  for (const Formula formula : formulas) roots.push_back(&formula.node());
  std::unordered_map<const Node*, std::uint32_t> index;
  for (const Node* node : topological_order(roots)) {
    Entry entry{node, {}};
    for (std::size_t i = 0; i < node->operands.size(); ++i) {
      entry.operands[i] = index.at(node->operands[i]);
    }
    index.emplace(node, static_cast<std::uint32_t>(entries_.size()));
    entries_.push_back(entry);
  }
  for (const Node* root : roots) roots_.push_back(index.at(root));
  values_.resize(entries_.size());
}

std::vector<bool> Evaluator::operator()(const Model& model) {
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    const auto& [node, operands] = entries_[at];
    if (node->kind == NodeKind::variable) {
      const auto known = model.words.find(node->name);
      values_[at] = known == model.words.end() ? 0 : known->second;
    } else if (node->kind == NodeKind::truth_variable) {
      const auto known = model.truths.find(node->name);
      values_[at] = known != model.truths.end() && known->second;
    } else {
      values_[at] = value_of(
          *node, std::array{values_[operands[0]], values_[operands[1]], values_[operands[2]]});
    }
  }
  std::vector<bool> results;
  for (const std::uint32_t root : roots_) results.push_back(values_[root] != 0);
  return results;
}

std::vector<const Node*> variables_of(const std::vector<const Node*>& roots) {
  std::vector<const Node*> variables;
  for (const Node* node : topological_order(roots)) {
    if (node->kind == NodeKind::variable || node->kind == NodeKind::truth_variable) {
      variables.push_back(node);
    }
  }
  return variables;
}

std::vector<const Node*> topological_order(const std::vector<const Node*>& roots) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> order;
  std::vector<const Node*> open(roots);
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (seen.insert(node).second) {
      order.push_back(node);
      open.insert(open.end(), node->operands.begin(), node->operands.end());
    }
  }
  std::ranges::sort(order, {}, &Node::id);  // operands are always created before their users
  return order;
}

}  // namespace fiberproof::verify
