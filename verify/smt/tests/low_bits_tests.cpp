// Addresses with masked bits become sums where the path decides those bits, and keep their value.
#include "verify/smt/low_bits.hpp"

#include <gtest/gtest.h>
#include <chrono>
#include <vector>

namespace fiberproof::verify {
namespace {

class low_bits : public testing::Test {
 protected:
  Term decided(Term term) { return with_decided_low_bits(term, path_, *solver_); }

  // The term became `base` plus a number.
  void expect_sum(Term term, std::uint64_t number) {
    const auto distance = constant_difference(decided(term), base_);
    ASSERT_TRUE(distance.has_value());
    EXPECT_EQ(*distance, number);
  }

  const Term base_ = variable("base");
  std::vector<Formula> path_{equal(base_ & word(15), word(0))};
  const std::unique_ptr<Solver> solver_ = make_z3_solver(std::chrono::seconds(5));
};

TEST_F(low_bits, a_mask_of_an_aligned_word_is_that_word) {
  expect_sum(base_ & word(~std::uint64_t{15}), 0);
  expect_sum((base_ + word(24)) & word(~std::uint64_t{15}), 16);
  expect_sum((base_ - word(1)) & word(~std::uint64_t{7}), static_cast<std::uint64_t>(-8));
  expect_sum(((base_ + word(15)) & word(~std::uint64_t{15})) - word(32),
             static_cast<std::uint64_t>(-32));
}

TEST_F(low_bits, bits_that_are_set_or_flipped_are_sums) {
  expect_sum(base_ | word(9), 9);
  expect_sum((base_ + word(8)) | word(12), 12);
  expect_sum((base_ + word(8)) ^ word(12), 4);
}

TEST_F(low_bits, shifts_there_and_back_are_masks) {
  expect_sum(shift_left(shift_right(base_ + word(3), 4), 4), 0);
  const Term half = shift_left(shift_right(base_ + word(19), 4), 3);
  expect_sum(half + half, 16);
}

TEST_F(low_bits, a_choice_that_the_path_makes_is_made) {
  const Formula aligned = equal(base_ & word(7), word(0));
  expect_sum(select(aligned, base_ + word(8), word(0)), 8);
  expect_sum(select(logical_not(aligned), word(0), base_ + word(8)), 8);
}

TEST_F(low_bits, undecided_bits_stay) {
  for (const Term term :
       {base_ & word(~std::uint64_t{31}), base_ | word(31), shift_left(shift_right(base_, 5), 5),
        base_ & word(~std::uint64_t{16}), base_ & word(0xffff'fff0),
        select(equal(base_, word(16)), base_, word(0))}) {
    EXPECT_FALSE(constant_difference(decided(term), base_).has_value());
  }
}

// Exact in every state of the path, whichever operations were removed.
TEST_F(low_bits, a_decided_term_has_the_same_value) {
  const Term terms[] = {
      ((base_ + word(40)) & word(~std::uint64_t{15})) + (base_ | word(3)) - variable("other"),
      multiply(shift_right(base_ + word(5), 3), word(24)) ^ word(6),
      shift_left(shift_right(word(0) - base_, 4), 4) +
          multiply(base_ & word(~std::uint64_t{1}), word(3)),
  };
  for (const Term term : terms) {
    const Term now = decided(term);
    EXPECT_FALSE(same(now, term));
    for (std::uint64_t base = 0; base < 4096; base += 16) {
      Model model;
      model.words = {{"base", base * 0x9e37'79b9'7f4a'7c00}, {"other", base * 77}};
      EXPECT_EQ(evaluate(now, model), evaluate(term, model));
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
