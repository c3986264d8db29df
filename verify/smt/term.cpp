// The constructors of terms: hash-consing, and the simplifications that keep a term readable.
#include "verify/smt/term.hpp"
#include "verify/smt/node_value.hpp"

#include <deque>
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

// The node itself, or its value as a constant node if all of its operands are constants.
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
  // Two masks of the same word are one mask: every narrow register write makes such a pair.
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

}  // namespace fiberproof::verify
