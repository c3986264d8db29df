// Runs on real fibers: every oracle of a start is asked, and a run changes nothing for the next.
#include "fuzz/run/run.hpp"

#include "fuzz/oracle/stack_memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

Outcome run_text(const char* text) {
  static Program program;
  EXPECT_TRUE(parse(text, program).has_value());
  return run(program, &report_and_abort);
}

constexpr const char* everything = R"(fiberproof program 2
stack s0 pooled 32768
stack s1 supplied 30001 offset 7
stack s2 supplied 2112
function f0 params 3 returns 2
function f1 params 0 returns 1
function f2 params 0 returns 0
steps
  initialize f0 on s1
  initialize f0 on s2
  start f1 on s1
  throw
  start f2 on s2
  trap
  start f0 on s2
  start f0 on s0
  yield 7 apart
  repeat 2 999
  yield 8
  return
  repeat 2 999
  start f0 on s1
  repeat 1 96
end
)";

/// Rules of the store (run_tests.cpp), but for where a continuation
/// is entered (C4) and what a pool keeps (C7), or only looked at by a debugger.
bool is_asked_elsewhere(std::size_t id) {
  const std::string_view name = spec_id_names[id];
  return name == "T7" || (name.starts_with('C') && name != "C4" && name != "C7");
}

TEST(start_run, every_oracle_of_a_start_is_asked) {
  const OracleCounts before = oracle_counts();
  const Outcome outcome = run_text(everything);
  EXPECT_EQ(outcome.continuations, 1099u);  // one of the 1,100 starts is refused
  EXPECT_FALSE(outcome.trap_reported_as_return);
  for (std::size_t id = 0; id < before.size(); ++id) {
    const std::uint64_t asked = oracle_counts()[id] - before[id];
    EXPECT_EQ(asked == 0, is_asked_elsewhere(id)) << spec_id_names[id];
  }
}

TEST(start_run, the_same_program_does_the_same_on_used_stacks) {
  const Outcome first = run_text(everything);
  const Outcome second = run_text(everything);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.continuations, second.continuations);
}

TEST(start_run, floating_point_modes_are_those_of_a_new_process_afterwards) {
  const std::uint64_t before = floating_point_modes();
  run_text(everything);
  EXPECT_EQ(floating_point_modes(), before);
}

TEST(start_run, a_trap_under_v44_is_recorded) {
  EXPECT_TRUE(run_text(R"(fiberproof program 2
trampoline v44
stack s0 pooled 32768
function f0 params 1 returns 2
steps
  start f0 on s0
  trap
end
)")
                  .trap_reported_as_return);
}

constexpr const char* beside_a_store = R"(fiberproof program 2
trampoline {}
stack s0 pooled 65536
function f0 params 2 returns 1
tags 1
steps
  start f0 on s0
  yield 3
  return
  new h0 f0 on s0
  resume h0 1 to h1 suspends t0
  initialize f0 on s0
  start f0 on s0
  start f0 on s0
  yield 4 apart
  throw
  trap
  suspend t0 1 room 1
  start f0 on s0
  return
  resume h1 1 to h1
  try
  throw
  start f0 on s0
  throw
  enter
  start f0 on s0
  leave
  return
  leave
  return
  new h2 f0 on s0
  resume h2 1 to h2
  return
end
)";

// Under v44, too: what `new` makes has the other start routine, whatever was started in between.
TEST(start_run, what_is_started_on_any_stack_leaves_the_store_alone) {
  for (const char* const trampoline : {"trap", "v44"}) {
    std::string text = beside_a_store;
    text.replace(text.find("{}"), 2, trampoline);
    const OracleCounts before = oracle_counts();
    const Outcome outcome = run_text(text.c_str());
    EXPECT_EQ(outcome.started, 6u);
    EXPECT_EQ(outcome.continuations, 8u);
    for (const SpecId id : {SpecId::T4, SpecId::C1, SpecId::C2, SpecId::C5}) {
      EXPECT_GT(oracle_counts()[std::size_t(id)], before[std::size_t(id)]) << name_of(id);
    }
  }
}

}  // namespace
}  // namespace fiberproof::fuzz
