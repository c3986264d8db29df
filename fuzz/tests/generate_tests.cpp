// The generators: total, and what they make is within the language.
#include "fuzz/start/generate.hpp"

#include "fuzz/start/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
    (round % 2 == 0 ? generate_layout_program : generate_trampoline_program)(bytes, program);
    check(program);
  }
}

TEST(generate, any_bytes_make_a_valid_program) {
  for_random_programs([](const Program& program) {
    Program again;
    const auto parsed = parse(print(program), again);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message << "\n" << print(program);
    ASSERT_EQ(again, program);
  });
}

TEST(generate, no_bytes_make_a_program_that_does_something) {
  Program program;
  generate_layout_program({}, program);
  EXPECT_EQ(program.main.size(), 1u);
  generate_trampoline_program({}, program);
  EXPECT_EQ(program.main.size(), 1u);
}

TEST(generate, both_sides_of_every_boundary_are_reached) {
  bool laid_out = false, refused = false, without_headroom = false, exact = false, deep = false;
  bool large = false, tight = false, threw = false;
  std::vector<Event> events;
  for_random_programs([&](const Program& program) {
    deep |= program.depth >= 1000;
    expected_events(program, events);
    for (const Event& event : events) {
      laid_out |= event.kind == Event::Kind::laid_out;
      refused |= event.kind == Event::Kind::refused;
      without_headroom |=
          event.kind == Event::Kind::refused && event.required_bytes - 2048 <= event.usable_bytes;
      exact |= event.kind == Event::Kind::laid_out && event.required_bytes <= event.usable_bytes &&
               event.usable_bytes - event.required_bytes < 16;
      large |= event.kind == Event::Kind::laid_out && event.capacity >= 1u << 28;
      tight |= event.tight;
      threw |= event.threw;
    }
  });
  EXPECT_TRUE(laid_out && refused && without_headroom && exact && large && tight && threw);
  EXPECT_TRUE(deep);
}

}  // namespace
}  // namespace fiberproof::fuzz
