// Terms: constructors fold soundly, and sums cancel exactly.
#include "verify/smt/term.hpp"

#include <gtest/gtest.h>
#include <random>

namespace fiberproof::verify {
namespace {

// A random word over x and y, and the same computed on numbers.
class RandomWord {
 public:
  RandomWord(std::mt19937_64& random, std::uint64_t x, std::uint64_t y)
      : random_(random), x_(x), y_(y) {}

  std::pair<Term, std::uint64_t> make(int depth) {
    if (depth == 0) return leaf();
    const auto [a, a_value] = make(depth - 1);
    const auto [b, b_value] = make(depth - 1);
    const auto count = static_cast<unsigned>(random_() % 64);
    switch (random_() % 10) {
      case 0: return {a + b, a_value + b_value};
      case 1: return {a - b, a_value - b_value};
      case 2: return {a & b, a_value & b_value};
      case 3: return {a | b, a_value | b_value};
      case 4: return {a ^ b, a_value ^ b_value};
      case 5: return {~a, ~a_value};
      case 6: return {shift_left(a, count), a_value << count};
      case 7: return {shift_right(a, count), a_value >> count};
      case 8: return {multiply(a, b), a_value * b_value};
      default: return {select(less(a, b), a, b), a_value < b_value ? a_value : b_value};
    }
  }

 private:
  std::pair<Term, std::uint64_t> leaf() {
    switch (random_() % 4) {
      case 0: return {variable("x"), x_};
      case 1: return {variable("y"), y_};
      case 2: return {word(0), 0};
      default: {
        const std::uint64_t value = random_() % 2 == 0 ? random_() : ~std::uint64_t{0};
        return {word(value), value};
      }
    }
  }

  std::mt19937_64& random_;
  std::uint64_t x_;
  std::uint64_t y_;
};

TEST(term, folding_keeps_the_value_of_every_word) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 5000; ++round) {
    const Model model{{{"x", random()}, {"y", random()}}, {}};
    const auto [term, value] =
        RandomWord(random, model.words.at("x"), model.words.at("y")).make(round % 6);
    ASSERT_EQ(evaluate(term, model), value) << "round " << round;
    ASSERT_EQ(evaluate(collected(term), model), value) << "as a sum, round " << round;
  }
}

TEST(term, a_base_cancels_out_of_a_difference) {
  const Term top = variable("top");
  const Term n = variable("n");
  const Term low = top - word(0x40) - shift_left(n, 4);
  const Term high = top - multiply(n, word(16)) - word(8);
  EXPECT_EQ(constant_difference(high, low), 0x38u);
  EXPECT_EQ(constant_difference(top, n), std::nullopt);
}

TEST(term, occurrence_is_seen_below_other_operations) {
  const Term x = variable("x");
  EXPECT_TRUE(occurs(&x.node(), &(shift_right(x + word(1), 3) & word(7)).node()));
  EXPECT_FALSE(occurs(&x.node(), &variable("y").node()));
}

}  // namespace
}  // namespace fiberproof::verify
