// Circuits compute the value of their term, for random terms of every kind; and terms that
// constructors simplify keep their value, for all values of their variables.
#include "verify/certificate/bit_blaster.hpp"

#include "verify/certificate/tests/plain_node.hpp"
#include "verify/certificate/tests/reference.hpp"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace fiberproof::verify {
namespace {

class RandomTerms {
 public:
  explicit RandomTerms(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number(std::uint64_t below) { return random_() % below; }

  std::uint64_t value() {
    switch (number(4)) {
      case 0: return random_();
      case 1: return random_() >> number(64);
      case 2: return std::uint64_t{0} - number(3);
      default: return std::uint64_t{1} << number(64);
    }
  }

  Term word_of(int depth) {
    if (depth == 0) return number(4) == 0 ? word(value()) : variable(number(2) == 0 ? "x" : "y");
    const Term a = word_of(depth - 1);
    const Term b = word_of(depth - 1);
    const auto count = static_cast<unsigned>(number(64));
    switch (number(11)) {
      case 0: return a + b;
      case 1: return a - b;
      case 2: return a & b;
      case 3: return a | b;
      case 4: return a ^ b;
      case 5: return ~a;
      case 6: return shift_left(a, count);
      case 7: return shift_right(a, count);
      case 8: return multiply(a, number(4) == 0 ? b : word(value()));
      case 9: return multiply_high(a, number(8) == 0 ? b : word(value()));
      default: return select(truth_of(depth - 1), a, b);
    }
  }

  Formula truth_of(int depth) {
    if (depth == 0) return truth_variable(number(2) == 0 ? "p" : "q");
    switch (number(6)) {
      case 0: return equal(word_of(depth - 1), word_of(depth - 1));
      case 1: return less(word_of(depth - 1), word_of(depth - 1));
      case 2: return bit_of(word_of(depth - 1), static_cast<unsigned>(number(64)));
      case 3: return logical_and(truth_of(depth - 1), truth_of(depth - 1));
      case 4: return logical_or(truth_of(depth - 1), truth_of(depth - 1));
      default: return logical_not(truth_of(depth - 1));
    }
  }

 private:
  std::mt19937_64 random_;
};

// The inputs of `node` with the model's values, as true literals.
std::vector<Literal> inputs_of(BitBlaster& blaster, const Node* node, const Model& model) {
  std::vector<Literal> inputs;
  for (const Node* input : variables_of({node})) {
    if (input->kind == NodeKind::truth_variable) {
      const Literal bit = blaster.literal_of(Formula(input));
      inputs.push_back(model.truths.at(input->name) ? bit : ~bit);
      continue;
    }
    for (unsigned index = 0; index < 64; ++index) {
      const Literal bit = blaster.bits_of(Term(input))[index];
      inputs.push_back((model.words.at(input->name) >> index & 1) != 0 ? bit : ~bit);
    }
  }
  return inputs;
}

// With the inputs given, each bit can have its evaluated value, and not the other one.
void expect_bits(BitBlaster& blaster, const Node* node, const Bits& bits, std::uint64_t expected,
                 const Model& model, std::uint64_t forced) {
  const auto inputs = inputs_of(blaster, node, model);
  Clauses clauses = clauses_of(blaster.cnf());
  const std::uint32_t variables = blaster.cnf().variables();
  const auto values = consequences(clauses, variables, inputs);
  ASSERT_TRUE(values) << "the circuit contradicts itself";
  for (std::uint32_t variable = 1; variable <= variables; ++variable)
    ASSERT_NE((*values)[Literal::of(variable).code()], 0) << "a variable is left open";
  for (std::size_t index = 0; index < bits.size(); ++index)
    ASSERT_EQ((*values)[bits[index].code()] > 0, (expected >> index & 1) != 0) << "bit " << index;
  const Literal bit = bits[forced % bits.size()];
  clauses.push_back({(*values)[bit.code()] > 0 ? ~bit : bit});
  EXPECT_FALSE(consequences(clauses, variables, inputs)) << "both values are possible";
}

TEST(bit_blaster, circuits_compute_what_terms_evaluate_to) {
  RandomTerms random(1);
  std::set<NodeKind> kinds;
  for (int round = 0; round < 1000; ++round) {
    const Term term = random.word_of(round % 4);
    const Formula formula = random.truth_of(1 + round % 4);
    const Model model{{{"x", random.value()}, {"y", random.value()}},
                      {{"p", random.number(2) == 0}, {"q", random.number(2) == 0}}};
    for (const Node* node : topological_order({&term.node(), &formula.node()}))
      kinds.insert(node->kind);
    BitBlaster words;
    const Bits bits = words.bits_of(term);
    ASSERT_EQ(bits.size(), 64u);
    expect_bits(words, &term.node(), bits, evaluate(term, model), model, random.number(64));
    BitBlaster truths;
    expect_bits(truths, &formula.node(), {truths.literal_of(formula)}, evaluate(formula, model),
                model, 0);
    ASSERT_FALSE(HasFailure()) << "round " << round << "\n" << to_smt2({{}, formula}, "formula");
  }
  EXPECT_GE(kinds.size(), 20u) << "of 21 kinds; a truth constant is always folded away";
}

TEST(bit_blaster, products_of_two_unknown_words_are_exact) {
  RandomTerms random(2);
  const Term x = variable("x");
  const Term y = variable("y");
  for (const Term product : {multiply(x, y), multiply_high(x, y)}) {
    BitBlaster blaster;
    const Bits bits = blaster.bits_of(product);
    for (int round = 0; round < 10; ++round) {
      const Model model{{{"x", random.value()}, {"y", random.value()}}, {}};
      expect_bits(blaster, &product.node(), bits, evaluate(product, model), model, 17);
    }
  }
}

TEST(bit_blaster, a_product_with_a_number_is_cheap) {
  for (const auto& [factor, clauses_max] :
       {std::pair{std::uint64_t{1}, 1u}, {16, 1u}, {~std::uint64_t{0}, 1000u}, {0xff, 1300u}}) {
    BitBlaster blaster;
    blaster.bits_of(multiply(variable("x"), word(factor)));
    EXPECT_LE(blaster.cnf().size(), clauses_max) << "factor " << factor;
  }
}

// A goal without variables is decided without a gate; its formula must then be the empty clause, or
// hold nothing to refute. Guards against a certificate chain that turned false into a variable.
TEST(bit_blaster, a_query_decided_in_translation_stays_decided) {
  const Node yes = plain_node(NodeKind::truth, 1, {});
  const Node no = plain_node(NodeKind::logical_not, 0, {&yes});
  EXPECT_FALSE(is_satisfiable(cnf_of({{}, Formula(&yes)})));
  EXPECT_TRUE(is_satisfiable(cnf_of({{}, Formula(&no)})));
  EXPECT_FALSE(is_satisfiable(cnf_of({{Formula(&no)}, Formula(&no)})));
}

}  // namespace
}  // namespace fiberproof::verify
