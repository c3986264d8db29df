// Constructors of terms fold and collect without changing a value: each shape of operands that they
// simplify is certified for all values of its variables, not sampled.
#include "verify/certificate/bit_blaster.hpp"
#include "verify/certificate/certifying_solver.hpp"
#include "verify/certificate/tests/plain_node.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

using std::chrono_literals::operator""s;

// Certifies that `result`, which a constructor made, equals the plain node of that kind for all
// variables.
void expect_same(NodeKind kind, std::uint64_t value, std::vector<const Node*> operands,
                 const Node& result) {
  const Node as_it_stands = plain_node(kind, value, std::move(operands));
  const Node equality = plain_node(NodeKind::equal, 0, {&as_it_stands, &result});
  const Certificate certificate = certify(cnf_of({{}, Formula(&equality)}), 10s, make_cadical());
  ASSERT_EQ(certificate.verdict, CertificateVerdict::accepted)
      << certificate.reason << "\n"
      << to_smt2({{}, Formula(&equality)}, "the same");
}

TEST(term_constructors, words_are_the_same_before_and_after_folding) {
  const Term x = variable("x");
  const std::vector<Term> operands{word(0),        word(1),     word(~std::uint64_t{0}),
                                   word(0xff),     x,           ~x,
                                   x & word(0xff), x + word(1), variable("y")};
  for (const Term a : operands) {
    for (const Term b : operands) {
      const std::vector<const Node*> both{&a.node(), &b.node()};
      expect_same(NodeKind::add, 0, both, (a + b).node());
      expect_same(NodeKind::subtract, 0, both, (a - b).node());
      expect_same(NodeKind::bit_and, 0, both, (a & b).node());
      expect_same(NodeKind::bit_or, 0, both, (a | b).node());
      expect_same(NodeKind::bit_xor, 0, both, (a ^ b).node());
      expect_same(NodeKind::equal, 0, both, equal(a, b).node());
      expect_same(NodeKind::less, 0, both, less(a, b).node());
      if (b.as_constant()) {
        expect_same(NodeKind::multiply, 0, both, multiply(a, b).node());
        expect_same(NodeKind::multiply_high, 0, both, multiply_high(a, b).node());
      }
      for (const Formula condition : {truth(true), truth(false), truth_variable("p"), less(a, b)}) {
        expect_same(NodeKind::select, 0, {&condition.node(), &a.node(), &b.node()},
                    select(condition, a, b).node());
      }
    }
    expect_same(NodeKind::complement, 0, {&a.node()}, (~a).node());
    for (const unsigned count : {0u, 1u, 8u, 63u}) {
      expect_same(NodeKind::shift_left, count, {&a.node()}, shift_left(a, count).node());
      expect_same(NodeKind::shift_right, count, {&a.node()}, shift_right(a, count).node());
      expect_same(NodeKind::bit_of, count, {&a.node()}, bit_of(a, count).node());
    }
  }
}

TEST(term_constructors, masks_of_masks_are_the_same_before_and_after_folding) {
  const Term x = variable("x");
  for (const std::uint64_t inner : {0xffull, 0xff00ull, ~0ull << 32}) {
    for (const std::uint64_t outer : {0xfull, 0xffffull, ~0ull << 8}) {
      const Node first = plain_node(NodeKind::bit_and, 0, {&x.node(), &word(inner).node()});
      expect_same(NodeKind::bit_and, 0, {&first, &word(outer).node()},
                  ((x & word(inner)) & word(outer)).node());
    }
  }
}

TEST(term_constructors, truth_values_are_the_same_before_and_after_folding) {
  const Formula p = truth_variable("p");
  const Formula q = truth_variable("q");
  for (const Formula a : {truth(true), truth(false), p, logical_not(p), logical_and(p, q)}) {
    for (const Formula b : {truth(true), truth(false), p, logical_not(p), q}) {
      expect_same(NodeKind::logical_and, 0, {&a.node(), &b.node()}, logical_and(a, b).node());
      expect_same(NodeKind::logical_or, 0, {&a.node(), &b.node()}, logical_or(a, b).node());
    }
    expect_same(NodeKind::logical_not, 0, {&a.node()}, logical_not(a).node());
  }
}

// Cancellation in addresses: each sum of two of these stays the same when collected.
TEST(term_constructors, collected_sums_are_the_same_words) {
  const Term top = variable("top");
  const Term n = variable("n");
  const std::vector<Term> parts{top, n, ~n, word(0) - top, shift_left(n, 4), top - word(0x40)};
  for (const Term& a : parts) {
    for (const Term& b : parts) {
      const Term result = collected(a + b);
      expect_same(NodeKind::add, 0, {&a.node(), &b.node()}, result.node());
      const Term difference = collected(a - b);
      expect_same(NodeKind::subtract, 0, {&a.node(), &b.node()}, difference.node());
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
