// What target `walk` adds to a run: its oracles can fail, they are asked where no step asks for a
// walk, through trampolines as well; and nothing else of the run changes.
#include "fuzz/generate/generate.hpp"
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/run/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fiberproof::fuzz {
namespace {

using oracle::ContextWords;

std::uint64_t asked_for(SpecId id) {
  return oracle_counts()[static_cast<std::size_t>(id)];
}

void expect_verdict(bool fires, const Verdict& verdict) {
  ASSERT_EQ(verdict.has_value(), fires);
  if (fires) {
    EXPECT_EQ(verdict->id, SpecId::T7);
    EXPECT_NE(verdict->expected, verdict->got) << verdict->what;
  }
}

TEST(walk_oracle, the_parent_is_compared_word_by_word) {
  constexpr ContextWords parent{.rsp = 0x7000, .rbp = 0x7010, .rip = 0x4000};
  const std::uint64_t before = asked_for(SpecId::T7);
  expect_verdict(false, oracle::t7_parent(parent, parent, true));
  expect_verdict(true, oracle::t7_parent(parent, {0x7008, 0x7010, 0x4000}, true));
  expect_verdict(true, oracle::t7_parent(parent, {0x7000, 0x7018, 0x4000}, true));
  expect_verdict(true, oracle::t7_parent(parent, {0x7000, 0x7010, 0x4001}, true));
  expect_verdict(true, oracle::t7_parent(parent, parent, false));
  EXPECT_EQ(asked_for(SpecId::T7), before + 5);
}

/// Two continuations, one of which starts the other, and a suspension through both; `variant` is
/// how many values go nowhere, by which the run steps through trampolines or does not.
Program nested(unsigned variant) {
  Program program;
  const auto parsed = parse(fmt::format("fiberproof program 2\n"
                                        "stack s0 pooled 65536\n"
                                        "function f0 params 3 returns 2\n"
                                        "tags 1\n"
                                        "steps\n"
                                        "  bind h7 {} to h7\n"
                                        "  new h0 f0 on s0\n"
                                        "  new h1 f0 on s0\n"
                                        "  resume h0 3 to h0 suspends t0\n"
                                        "  enter\n"
                                        "  call 3\n"
                                        "  resume h1 3 to h1\n"
                                        "  call 2\n"
                                        "  back\n"
                                        "  return\n"
                                        "  leave\n"
                                        "  suspend t0 0 room 1\n"
                                        "  resume h0 1 to h0\n"
                                        "  throw\n"
                                        "end\n",
                                        variant),
                            program);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
  return program;
}

TEST(walk_target, a_run_is_walked_where_no_step_asks_for_it) {
  const Program program = nested(0);
  const std::uint64_t before = asked_for(SpecId::T7);
  const Outcome plain = run(program, &report_and_abort);
  EXPECT_EQ(asked_for(SpecId::T7), before);
  const Outcome walked = run(program, &report_and_abort, {.walk_everywhere = true});
  EXPECT_GT(asked_for(SpecId::T7), before + plain.steps);
  EXPECT_EQ(walked.steps, plain.steps);
  EXPECT_EQ(walked.store_work, plain.store_work);
  EXPECT_EQ(walked.continuations, plain.continuations);
}

TEST(walk_target, some_runs_step_through_the_trampoline_at_every_instruction) {
  // Two of the questions at an instruction are the parent's and, where the walk ends, that all was
  // met; a start has five instructions, an end eight.
  constexpr std::uint64_t questions_of_one_continuation = 2 * (5 + 8);
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  for (unsigned variant = 0; variant < 32; ++variant) {
    const Program program = nested(variant);
    const std::uint64_t before = asked_for(SpecId::T7);
    run(program, &report_and_abort, {.walk_everywhere = true});
    const std::uint64_t asked = asked_for(SpecId::T7) - before;
    least = std::min(least, asked);
    most = std::max(most, asked);
  }
  EXPECT_GE(most, least + 2 * questions_of_one_continuation);
}

TEST(walk_target, generated_programs_are_walked_without_a_finding) {
  std::mt19937 random(20261122);
  Program program;
  for (int times = 0; times < 300; ++times) {
    std::vector<std::uint8_t> bytes(64 + random() % 192);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    generate_program(bytes, program);
    run(program, &report_and_abort, {.walk_everywhere = true});
  }
}

}  // namespace
}  // namespace fiberproof::fuzz
