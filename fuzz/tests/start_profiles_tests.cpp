// The profiles of layouts and starts: total, and what they make is within the language.
#include "fuzz/generate/start_profiles.hpp"

#include "fuzz/reference/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace fiberproof::fuzz {
namespace {

template <class Check>
void for_random_programs(Check check) {
  std::mt19937 random(1);
  Program program;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(random() % 240);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() >> 7);
    }
    (round % 2 == 0 ? generate_layouts : generate_starts)(bytes, program);
    check(program);
  }
}

/// Each event of a run of `program`, and how deep it is then.
template <class See>
void for_each_event(const Program& program, See see) {
  static Reference reference;
  reference.begin(program);
  const StartReference& starts = reference.starts();
  for (;;) {
    const bool is_tight = starts.depth() > 0 && starts.nested().back().tight;
    if (!is_tight && reference.next() != nullptr) {
      reference.take();
    } else if (starts.depth() > 0) {
      reference.end_of_steps();
    } else {
      return;
    }
    if (!reference.skipped()) {
      see(starts.event(), starts.depth());
    }
  }
}

TEST(start_profiles, any_bytes_make_a_valid_program) {
  for_random_programs([](const Program& program) {
    Program again;
    const auto parsed = parse(print(program), again);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message << "\n" << print(program);
    ASSERT_EQ(again, program);
  });
}

TEST(start_profiles, no_bytes_make_a_program_that_does_something) {
  Program program;
  generate_layouts({}, program);
  EXPECT_EQ(program.steps.size(), 1u);
  generate_starts({}, program);
  EXPECT_EQ(program.steps.size(), 1u);
}

TEST(start_profiles, both_sides_of_every_boundary_are_reached) {
  bool laid_out = false, refused = false, without_headroom = false, exact = false, deep = false;
  bool large = false, tight = false, threw = false;
  bool nested = false;
  for_random_programs([&](const Program& program) {
    for_each_event(program, [&](const StartEvent& event, std::uint32_t depth) {
      using Kind = StartEvent::Kind;
      deep |= depth >= 1000;
      nested |= depth == 8;
      laid_out |= event.kind == Kind::laid_out;
      refused |= event.kind == Kind::refused;
      without_headroom |=
          event.kind == Kind::refused && event.required_bytes - 2048 <= event.usable_bytes;
      exact |= event.kind == Kind::laid_out && event.required_bytes <= event.usable_bytes &&
               event.usable_bytes - event.required_bytes < 16;
      large |= event.kind == Kind::laid_out && event.capacity >= 1u << 28;
      tight |= event.tight;
      threw |= event.threw;
    });
  });
  EXPECT_TRUE(laid_out && refused && without_headroom && exact && large && tight && threw);
  EXPECT_TRUE(nested);
  EXPECT_FALSE(deep);
}

TEST(start_profiles, some_bytes_nest_a_thousand_starts) {
  Program program;
  generate_starts(std::array<std::uint8_t, 3>{0x90, 0xd2, 0x7f}, program);
  std::uint32_t deepest = 0;
  for_each_event(
      program, [&](const StartEvent&, std::uint32_t depth) { deepest = std::max(deepest, depth); });
  EXPECT_GT(deepest, 1000u);
  EXPECT_LE(deepest, start_bounds::depth);
}

}  // namespace
}  // namespace fiberproof::fuzz
