// Terms: 64-bit words and truth values as an immutable, hash-consed graph.
//
// Everything that is proved is stated in these terms, and only the back ends (z3_solver.cpp,
// smt2.cpp) know a solver. One word width keeps the algebra small: narrower values are words whose
// upper bits are masked. The constructors fold constants and little else, so that a term still
// reads like the instructions that made it.
//
// Graph nodes live as long as the program: a proof run makes some ten thousand of them.
#pragma once

#include "verify/smt/word.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

enum class NodeKind : std::uint8_t {
  // words
  constant,
  variable,
  add,
  subtract,
  multiply,
  multiply_high,
  bit_and,
  bit_or,
  bit_xor,
  complement,
  shift_left,
  shift_right,
  select,
  // truth values
  truth,
  truth_variable,
  logical_not,
  logical_and,
  logical_or,
  equal,
  less,
  bit_of,
};

/// One node. `value` is the constant, the truth value, the shift count or the bit index.
struct Node {
  NodeKind kind;
  std::uint64_t value = 0;
  std::string name;  ///< the variable's name
  std::vector<const Node*> operands;
  std::uint64_t id = 0;  ///< order of creation: operands come before their users
};

/// A 64-bit word.
class Term {
 public:
  explicit Term(const Node* node) : node_(node) {}
  const Node& node() const { return *node_; }
  std::optional<std::uint64_t> as_constant() const;
  /// Whether both are the same node: then they are equal in every model.
  friend bool same(Term a, Term b) { return a.node_ == b.node_; }

 private:
  const Node* node_;
};

/// A truth value.
class Formula {
 public:
  explicit Formula(const Node* node) : node_(node) {}
  const Node& node() const { return *node_; }
  std::optional<bool> as_constant() const;
  friend bool same(Formula a, Formula b) { return a.node_ == b.node_; }

 private:
  const Node* node_;
};

/// A word variable; the same name is the same variable.
Term variable(std::string_view name);
/// A truth variable; the same name is the same variable.
Formula truth_variable(std::string_view name);

// The algebra that smt/word.hpp requires of a word type.

template <>
Term constant<Term>(std::uint64_t value);

template <>
Formula constant_bit<Formula>(bool value);

Term operator+(Term a, Term b);
Term operator-(Term a, Term b);
Term multiply(Term a, Term b);
Term multiply_high(Term a, Term b);  ///< upper half of the unsigned product
Term operator&(Term a, Term b);
Term operator|(Term a, Term b);
Term operator^(Term a, Term b);
Term operator~(Term a);
Term shift_left(Term a, unsigned count);
Term shift_right(Term a, unsigned count);
Term select(Formula condition, Term if_true, Term if_false);
Formula equal(Term a, Term b);
Formula less(Term a, Term b);  ///< unsigned
Formula bit_of(Term a, unsigned index);
Formula logical_not(Formula a);
Formula logical_and(Formula a, Formula b);
Formula logical_or(Formula a, Formula b);
Formula logical_xor(Formula a, Formula b);

inline Term word(std::uint64_t value) {
  return constant<Term>(value);
}
inline Formula truth(bool value) {
  return constant_bit<Formula>(value);
}
inline Formula implies(Formula a, Formula b) {
  return logical_or(logical_not(a), b);
}
inline Formula at_most(Term a, Term b) {
  return logical_not(less(b, a));
}  ///< unsigned
static_assert(WordAlgebra<Term, Formula>);

Formula all_of(const std::vector<Formula>& formulas);

/// A word as a sum: constant + Σ coefficient · atom, modulo 2⁶⁴, without zero coefficients. Exact:
/// two words with the same sum are equal. Atoms are the operands that are not sums themselves.
struct LinearForm {
  std::uint64_t constant = 0;
  std::map<std::uint64_t, std::pair<const Node*, std::uint64_t>> atoms;  ///< by node id
};

LinearForm linear_form(Term term);
Term from_linear_form(const LinearForm& form);
inline Term collected(Term term) {
  return from_linear_form(linear_form(term));
}

/// a − b, if it is the same number in every model as far as their sums show it.
std::optional<std::uint64_t> constant_difference(Term a, Term b);

/// Whether `variable` occurs in `node`.
bool occurs(const Node* variable, const Node* node);

/// Values of variables; a variable that is missing is 0 or false.
struct Model {
  std::map<std::string, std::uint64_t, std::less<>> words;
  std::map<std::string, bool, std::less<>> truths;
};

std::uint64_t evaluate(Term term, const Model& model);
bool evaluate(Formula formula, const Model& model);

/// Evaluates the same formulas in one model after another.
class Evaluator {
 public:
  explicit Evaluator(const std::vector<Formula>& formulas);
  /// Which of the formulas hold.
  std::vector<bool> operator()(const Model& model);

 private:
  struct Entry {
    const Node* node;
    std::array<std::uint32_t, 3> operands;  ///< indices of entries before it
  };
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> roots_;
  std::vector<std::uint64_t> values_;
};

/// The variables of the given nodes by name, each once, in order of creation.
std::vector<const Node*> variables_of(const std::vector<const Node*>& roots);

/// Every node below `roots`, each once, operands first.
std::vector<const Node*> topological_order(const std::vector<const Node*>& roots);

}  // namespace fiberproof::verify
