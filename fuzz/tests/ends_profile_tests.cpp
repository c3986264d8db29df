// The generator's profile for programs that end the process: most of them do, in every way.
#include "fuzz/generate/ends_profile.hpp"

#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/mutator.hpp"
#include "fuzz/reference/predicted_end.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

/// What `count` mutations give, each of the one before, which begins anew every 32nd time.
template <class Use>
void for_each_mutant(std::uint32_t count, Use use) {
  std::vector<std::uint8_t> bytes(program_bytes_max);
  std::size_t size = 0;
  const auto program = std::make_unique<Program>();
  for (std::uint32_t seed = 1; seed <= count; ++seed) {
    size =
        mutate_input_of_ends(bytes.data(), seed % 32 == 0 ? 0 : size, bytes.size(), seed * 8 + 1);
    generate_ends(std::span(bytes).first(size), *program);
    use(*program);
  }
}

TEST(ends_profile, ends_the_process_of_most_programs) {
  std::array<std::uint32_t, 4> of_kind{};
  std::uint32_t ended = 0;
  std::uint32_t beside = 0;
  std::uint32_t in_entries = 0;
  std::uint32_t deep = 0;
  std::uint32_t around_an_entry = 0;
  for_each_mutant(5000, [&](const Program& program) {
    const auto end = predict_end(program);
    EXPECT_EQ(program.expect, expectation_of(end));
    if (!end) {
      return;
    }
    ++ended;
    ++of_kind[static_cast<std::size_t>(end->kind)];
    beside += end->is_beside;
    in_entries += end->entries > 1;
    deep += end->depth > 1;
    around_an_entry += end->entries > 1 && end->depth > 1;
  });
  EXPECT_GT(ended, 4000u);
  for (const std::uint32_t count : of_kind) {
    EXPECT_GT(count, 25u);
  }
  EXPECT_GT(beside, 100u);
  EXPECT_GT(in_entries, 100u);
  EXPECT_GT(deep, 100u);
  EXPECT_GT(around_an_entry, 25u);
}

TEST(ends_profile, makes_programs_whose_text_is_a_program) {
  const auto again = std::make_unique<Program>();
  for_each_mutant(500, [&](const Program& program) {
    ASSERT_TRUE(parse(print(program), *again)) << print(program);
    EXPECT_EQ(*again, program);
  });
}

TEST(ends_profile, encodes_what_it_decodes) {
  const auto again = std::make_unique<Program>();
  std::vector<std::uint8_t> bytes(program_bytes_max);
  for_each_mutant(500, [&](const Program& program) {
    const std::size_t size = encode_ends(program, bytes);
    generate_ends(std::span(bytes).first(size), *again);
    EXPECT_TRUE(again->steps == program.steps || !predict_end(program)) << print(program);
  });
}

TEST(ends_profile, has_a_program_for_no_bytes) {
  Program program;
  generate_ends({}, program);
  EXPECT_TRUE(predict_end(program)) << print(program);
}

}  // namespace
}  // namespace fiberproof::fuzz
