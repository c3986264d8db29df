#include "verify/smt/term.hpp"

#include <algorithm>
#include <deque>
#include <span>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace fiberproof::verify {
namespace {

struct SameContent {
  std::size_t operator()(const Node* node) const {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    std::uint64_t hash = std::hash<std::string_view>()(node->name) ^
                         (node->value + static_cast<std::uint64_t>(node->kind)) * golden_ratio;
    for (const Node* operand : node->operands) {
      hash = (hash ^ hash >> 29 ^ operand->id) * golden_ratio;
    }
    return hash ^ hash >> 32;
  }
  bool operator()(const Node* one, const Node* other) const {
    return one->kind == other->kind && one->value == other->value &&
           one->operands == other->operands && one->name == other->name;
  }
};

// One node for each distinct term, for the life of the thread.
const Node* intern(NodeKind kind, std::uint64_t value, std::vector<const Node*> operands,
                   std::string name = {}) {
  thread_local std::deque<Node> nodes;
  thread_local std::unordered_set<const Node*, SameContent, SameContent> known;
  Node node{kind, value, std::move(name), std::move(operands), nodes.size()};
  if (const auto found = known.find(&node); found != known.end()) return *found;
  nodes.push_back(std::move(node));
  return *known.insert(&nodes.back()).first;
}

Term term(NodeKind kind, std::uint64_t value, std::vector<const Node*> operands) {
  return Term(intern(kind, value, std::move(operands)));
}

Formula formula(NodeKind kind, std::uint64_t value, std::vector<const Node*> operands) {
  return Formula(intern(kind, value, std::move(operands)));
}

bool is_zero(Term a) {
  return a.as_constant() == 0;
}
bool is_all_ones(Term a) {
  return a.as_constant() == ~std::uint64_t{0};
}

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

// The node itself, or the constant that it amounts to where all of its operands are constants.
const Node* folded(const Node* node, bool is_word) {
  std::vector<std::uint64_t> values;
  for (const Node* operand : node->operands) {
    if (operand->kind != NodeKind::constant && operand->kind != NodeKind::truth) {
      return node;
    }
    values.push_back(operand->value);
  }
  return intern(is_word ? NodeKind::constant : NodeKind::truth, value_of(*node, values), {});
}

Term fold(Term a) {
  return Term(folded(&a.node(), true));
}
Formula fold(Formula a) {
  return Formula(folded(&a.node(), false));
}

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

// What is still to be expanded into a sum: nodes with their coefficients, operands before their
// users. A node that occurs often is expanded once.
class Expansion {
 public:
  void add(const Node& node, std::uint64_t scale) {
    auto& [known, coefficient] = open_[node.id];
    known = &node;
    coefficient += scale;
  }

  LinearForm run() {
    while (!open_.empty()) {
      const auto [id, entry] = *open_.rbegin();
      open_.erase(id);
      if (entry.second != 0) expand(*entry.first, entry.second);
    }
    return std::move(sum_);
  }

 private:
  void expand(const Node& node, std::uint64_t scale) {
    const std::uint64_t negative = std::uint64_t{0} - scale;
    switch (node.kind) {
      case NodeKind::constant: sum_.constant += scale * node.value; return;
      case NodeKind::add:
      case NodeKind::subtract:
        add(*node.operands[0], scale);
        add(*node.operands[1], node.kind == NodeKind::add ? scale : negative);
        return;
      case NodeKind::complement:  // ~a is −a − 1
        sum_.constant -= scale;
        add(*node.operands[0], negative);
        return;
      case NodeKind::shift_left: add(*node.operands[0], scale << node.value); return;
      case NodeKind::multiply:
        for (const std::size_t side : {0u, 1u}) {
          if (node.operands[side]->kind == NodeKind::constant) {
            add(*node.operands[1 - side], scale * node.operands[side]->value);
            return;
          }
        }
        break;
      default: break;
    }
    sum_.atoms.emplace(node.id, std::pair{&node, scale});
  }

  std::map<std::uint64_t, std::pair<const Node*, std::uint64_t>> open_;
  LinearForm sum_;
};

}  // namespace

std::optional<std::uint64_t> Term::as_constant() const {
  return node_->kind == NodeKind::constant ? std::optional(node_->value) : std::nullopt;
}

std::optional<bool> Formula::as_constant() const {
  return node_->kind == NodeKind::truth ? std::optional(node_->value != 0) : std::nullopt;
}

Term variable(std::string_view name) {
  return Term(intern(NodeKind::variable, 0, {}, std::string(name)));
}

Formula truth_variable(std::string_view name) {
  return Formula(intern(NodeKind::truth_variable, 0, {}, std::string(name)));
}

template <>
Term constant<Term>(std::uint64_t value) {
  return term(NodeKind::constant, value, {});
}

template <>
Formula constant_bit<Formula>(bool value) {
  return formula(NodeKind::truth, value, {});
}

Term operator+(Term a, Term b) {
  if (is_zero(a)) return b;
  if (is_zero(b)) return a;
  return fold(term(NodeKind::add, 0, {&a.node(), &b.node()}));
}

Term operator-(Term a, Term b) {
  if (is_zero(b)) return a;
  if (same(a, b)) return word(0);
  return fold(term(NodeKind::subtract, 0, {&a.node(), &b.node()}));
}

Term multiply(Term a, Term b) {
  return fold(term(NodeKind::multiply, 0, {&a.node(), &b.node()}));
}

Term multiply_high(Term a, Term b) {
  return fold(term(NodeKind::multiply_high, 0, {&a.node(), &b.node()}));
}

Term operator&(Term a, Term b) {
  if (is_all_ones(a) || is_zero(b)) return b;
  if (is_all_ones(b) || is_zero(a) || same(a, b)) return a;
  // Two masks of the same word are one: every narrow register write makes such a pair.
  if (b.as_constant() && a.node().kind == NodeKind::bit_and &&
      a.node().operands[1]->kind == NodeKind::constant) {
    return Term(a.node().operands[0]) & (Term(a.node().operands[1]) & b);
  }
  return fold(term(NodeKind::bit_and, 0, {&a.node(), &b.node()}));
}

Term operator|(Term a, Term b) {
  if (is_zero(a)) return b;
  if (is_zero(b) || same(a, b)) return a;
  return fold(term(NodeKind::bit_or, 0, {&a.node(), &b.node()}));
}

Term operator^(Term a, Term b) {
  if (same(a, b)) return word(0);
  return fold(term(NodeKind::bit_xor, 0, {&a.node(), &b.node()}));
}

Term operator~(Term a) {
  return fold(term(NodeKind::complement, 0, {&a.node()}));
}

Term shift_left(Term a, unsigned count) {
  return count == 0 ? a : fold(term(NodeKind::shift_left, count, {&a.node()}));
}

Term shift_right(Term a, unsigned count) {
  return count == 0 ? a : fold(term(NodeKind::shift_right, count, {&a.node()}));
}

Term select(Formula condition, Term if_true, Term if_false) {
  if (const auto known = condition.as_constant()) return *known ? if_true : if_false;
  if (same(if_true, if_false)) return if_true;
  return term(NodeKind::select, 0, {&condition.node(), &if_true.node(), &if_false.node()});
}

Formula equal(Term a, Term b) {
  if (same(a, b)) return truth(true);
  return fold(formula(NodeKind::equal, 0, {&a.node(), &b.node()}));
}

Formula less(Term a, Term b) {
  if (same(a, b)) return truth(false);
  return fold(formula(NodeKind::less, 0, {&a.node(), &b.node()}));
}

Formula bit_of(Term a, unsigned index) {
  return fold(formula(NodeKind::bit_of, index, {&a.node()}));
}

Formula logical_not(Formula a) {
  if (a.node().kind == NodeKind::logical_not) return Formula(a.node().operands[0]);
  return fold(formula(NodeKind::logical_not, 0, {&a.node()}));
}

Formula logical_and(Formula a, Formula b) {
  if (a.as_constant() == true || b.as_constant() == false || same(a, b)) return b;
  if (b.as_constant() == true || a.as_constant() == false) return a;
  return formula(NodeKind::logical_and, 0, {&a.node(), &b.node()});
}

Formula logical_or(Formula a, Formula b) {
  if (a.as_constant() == false || b.as_constant() == true || same(a, b)) return b;
  if (b.as_constant() == false || a.as_constant() == true) return a;
  return formula(NodeKind::logical_or, 0, {&a.node(), &b.node()});
}

Formula logical_xor(Formula a, Formula b) {
  return logical_or(logical_and(a, logical_not(b)), logical_and(logical_not(a), b));
}

Formula all_of(const std::vector<Formula>& formulas) {
  Formula result = truth(true);
  for (const Formula formula : formulas) {
    result = logical_and(result, formula);
  }
  return result;
}

LinearForm linear_form(Term term) {
  Expansion expansion;
  expansion.add(term.node(), 1);
  return expansion.run();
}

Term from_linear_form(const LinearForm& form) {
  Term sum = word(form.constant);
  for (const auto& [id, entry] : form.atoms) {
    const auto& [atom, coefficient] = entry;
    const Term scaled = coefficient == 1 ? Term(atom) : multiply(Term(atom), word(coefficient));
    sum = sum + scaled;
  }
  return sum;
}

std::optional<std::uint64_t> constant_difference(Term a, Term b) {
  const LinearForm difference = linear_form(a - b);
  return difference.atoms.empty() ? std::optional(difference.constant) : std::nullopt;
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
