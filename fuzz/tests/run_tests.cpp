// Runs on real fibers ask every oracle, and leave nothing behind for the next run.
#include "fuzz/run/run.hpp"

#include "fuzz/generate/generate.hpp"
#include "fuzz/oracle/stack_memory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace fiberproof::fuzz {
namespace {

Outcome run_text(const std::string& text) {
  static Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  return run(program, &report_and_abort);
}

/// Every kind of step and of arrival. `variant` is the number of values of a bind that is rejected;
/// it decides whether the run is probed.
std::string everything(unsigned variant) {
  return fmt::format(R"(fiberproof program 2
stack s0 pooled 65536
stack s1 supplied 50001 offset 7
stack s2 supplied 2112
function f0 params 3 returns 2
function f1 params 0 returns 0
tags 2
steps
  bind h7 {} to h7
  new h0 f0 on s0
  new h1 f0 on s1
  new h2 f1 on s2
  new h3 null on s0
  new h3 f0 on s2
  resume h2 0 to h2
  bind h0 1 to h3
  resume h0 0 to h0
  resume h3 3 to h3
  resume h3 2 to h4 suspends t1 switches t0
  call 2
  walk
  overrun
  try
  switch h1 t0 1 room 1 to h5
  walk h5
  new h6 f1 on s0
  resume h6 0 to h6 suspends t0
  suspend t1 2 room 3
  walk h4
  bind h4 2 to h4
  resume h4 1 to h4
  return
  switch h5 t1 0 room 0 to h5
  enter
  throw
  trap
  throw-into h5 to h4 suspends t0
  rethrow
  suspend t1 0 room 0
  new h0 f1 on s0
  new h1 f1 on s0
  throw-into h0 to h0
  resume h1 0 to h0 suspends t0
  suspend t0 0 room 0
  drop h0
  new h0 f1 on s0
  new h1 f1 on s0
  resume h0 0 to h2
  resume h1 0 to h2
  trap
  return
  repeat 6 2
  enter
  leave
end
)",
                     variant);
}

/// Each of `ids` was asked more often than `before`.
void expect_asked(const OracleCounts& before, std::initializer_list<SpecId> ids) {
  for (const SpecId id : ids) {
    const auto index = static_cast<std::size_t>(id);
    EXPECT_GT(oracle_counts()[index], before[index]) << name_of(id);
  }
}

bool is_asked(SpecId id, const std::string& text) {
  const auto index = static_cast<std::size_t>(id);
  const std::uint64_t before = oracle_counts()[index];
  run_text(text);
  return oracle_counts()[index] > before;
}

constexpr unsigned variants = 64;

TEST(run, every_oracle_is_asked) {
  const OracleCounts before = oracle_counts();
  run_text(everything(0));
  using enum SpecId;
  expect_asked(before, {C1, C2, C3, C4, C5, C6, C7, C8, L1, L2, L3, L5, L7, L8, F1, F3, S4, T5});
}

TEST(run, some_runs_are_probed) {
  unsigned probed = 0;
  const OracleCounts before = oracle_counts();
  for (unsigned variant = 0; variant < variants; ++variant) {
    probed += is_asked(SpecId::T1, everything(variant)) ? 1 : 0;
  }
  EXPECT_GT(probed, 0u);
  EXPECT_LT(probed, variants / 2);
  expect_asked(before, {SpecId::T1, SpecId::T4, SpecId::T5, SpecId::S3, SpecId::S4});
}

TEST(run, a_program_runs_the_same_on_used_stacks) {
  const Outcome first = run_text(everything(1));
  const Outcome second = run_text(everything(1));
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.continuations, second.continuations);
  EXPECT_EQ(first.store_work, second.store_work);
  EXPECT_GT(first.continuations, 5u);
}

std::string nested(unsigned continuations, const char* then) {
  return fmt::format(
      "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 1 returns 1\n"
      "steps\n  new h0 f0 on s0\n  resume h0 1 to h0 suspends t0\n  repeat 2 {}\n{}\nend\n",
      continuations - 1, then);
}

TEST(run, a_thousand_continuations_nest) {
  for (const char* const then :
       {"  return", "  trap", "  throw", "  walk", "  suspend t0 1 room 1\n  drop h0"}) {
    const Outcome outcome = run_text(nested(1000, then));
    EXPECT_EQ(outcome.continuations, 1000u) << then;
    EXPECT_GE(outcome.steps, 2001u) << then;
  }
}

TEST(run, a_suspension_is_forwarded_through_a_thousand_stacks) {
  const Outcome outcome = run_text(R"(fiberproof program 2
stack s0 pooled 65536
function f0 params 1 returns 1
tags 2
steps
  new h0 f0 on s0
  resume h0 1 to h1 suspends t1
  new h0 f0 on s0
  resume h0 1 to h0 suspends t0
  repeat 2 998
  suspend t1 15 room 15
  walk h1
  bind h1 7 to h2
  resume h2 8 to h1 suspends t1
  suspend t1 0 room 0
  throw-into h1 to h1
end
)");
  EXPECT_EQ(outcome.continuations, 1000u);
}

TEST(run, suspended_continuations_are_abandoned_after_the_run) {
  // Each run checks at its end that the store is empty (C7), and the next run checks it again: it
  // may make 1,100 continuations.
  for (unsigned round = 0; round < 3; ++round) {
    const Outcome outcome = run_text(R"(fiberproof program 2
stack s0 pooled 65536
function f0 params 0 returns 0
steps
  new h0 f0 on s0
  resume h0 0 to h0 suspends t0
  suspend t0 0 room 0
  new h0 f0 on s0
  repeat 4 549
end
)");
    EXPECT_EQ(outcome.continuations, 550u);
  }
}

TEST(run, a_run_restores_floating_point_modes_and_signal_handlers) {
  const std::uint64_t modes = floating_point_modes();
  struct sigaction before{};
  struct sigaction after{};
  ::sigaction(SIGSEGV, nullptr, &before);
  for (unsigned variant = 0; variant < variants; ++variant) {
    run_text(everything(variant));
  }
  ::sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(floating_point_modes(), modes);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  constexpr int flags = SA_SIGINFO | SA_ONSTACK;  // the C library adds one of its own
  EXPECT_EQ(after.sa_flags & flags, before.sa_flags & flags);
}

/// Generated programs, each mutated a few times and crossed with the one before.
TEST(run, a_million_random_steps_violate_no_rule) {
  constexpr std::uint64_t steps_wanted = 1'000'000;
  constexpr std::chrono::seconds time_max{20};  // under a sanitizer fewer are enough
  const auto start = std::chrono::steady_clock::now();
  const OracleCounts before = oracle_counts();
  std::mt19937 random(1);
  std::vector<std::uint8_t> bytes;
  Program program;
  Program other;
  Program crossed;
  generate_program({}, other);
  std::uint64_t steps = 0;
  std::uint64_t continuations = 0;
  while (steps < steps_wanted && std::chrono::steady_clock::now() - start < time_max) {
    bytes.resize(random() % 400);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() >> 7);
    }
    generate_program(bytes, program);
    for (unsigned changes = 0; changes < 4; ++changes) {
      mutate(program, static_cast<std::uint32_t>(random()));
      const Outcome outcome = run(program, &report_and_abort);
      steps += outcome.steps;
      continuations += outcome.continuations;
    }
    cross_over(program, other, crossed, static_cast<std::uint32_t>(random()));
    steps += run(crossed, &report_and_abort).steps;
    other = program;
  }
  EXPECT_GT(steps, steps_wanted / 100);
  EXPECT_GT(continuations, 100u);
  using enum SpecId;
  expect_asked(before, {C1, C2, C3, C4, C5, C6, C7, T1, T4, T5, F1, F3, L5, L8});
}

}  // namespace
}  // namespace fiberproof::fuzz
