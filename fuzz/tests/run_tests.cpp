// Runs on real fibers: every oracle of a start is asked, and a run changes nothing for the next.
#include "fuzz/start/run.hpp"

#include "fuzz/oracle/stack_memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

Outcome run_text(const char* text) {
  static Program program;
  EXPECT_TRUE(parse(text, program).has_value());
  return run(program, &report_and_abort);
}

constexpr const char* everything = R"(fiberproof program 1
depth 1000
resumes 1100
stack s0 mapped 32768
stack s1 supplied 30001 offset 7
stack s2 supplied 2112
function f0 params 3 returns 2
  suspend 7 apart
  resume f0 on s0
  suspend 8
  return
function f1 params 0 returns 1
  throw
function f2 params 0 returns 0
  trap
main
  initialize f0 on s1
  initialize f0 on s2
  resume f1 on s1
  resume f2 on s2
  resume f0 on s2
  resume f0 on s0
  resume f0 on s1
end
)";

/// Rules that are the continuation machine's (machine_run_test.cpp), but for where a continuation
/// is entered (C4) and what a pool keeps (C7), or only looked at by a debugger.
bool is_asked_elsewhere(std::size_t id) {
  const std::string_view name = spec_id_names[id];
  return name == "T7" || (name.starts_with('C') && name != "C4" && name != "C7");
}

TEST(run, every_oracle_of_a_start_is_asked) {
  const OracleCounts before = oracle_counts();
  const Outcome outcome = run_text(everything);
  EXPECT_EQ(outcome.continuations, 1099u);  // one of the 1,100 resumes is refused
  EXPECT_FALSE(outcome.trap_reported_as_return);
  for (std::size_t id = 0; id < before.size(); ++id) {
    const std::uint64_t asked = oracle_counts()[id] - before[id];
    EXPECT_EQ(asked == 0, is_asked_elsewhere(id)) << spec_id_names[id];
  }
}

TEST(run, the_same_program_does_the_same_on_used_stacks) {
  const Outcome first = run_text(everything);
  const Outcome second = run_text(everything);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.continuations, second.continuations);
}

TEST(run, floating_point_modes_are_those_of_a_new_process_afterwards) {
  const std::uint64_t before = floating_point_modes();
  run_text(everything);
  EXPECT_EQ(floating_point_modes(), before);
}

TEST(run, a_trap_under_v44_is_recorded) {
  EXPECT_TRUE(run_text(R"(fiberproof program 1
revision v44
stack s0 mapped 32768
function f0 params 1 returns 2
  trap
main
  resume f0 on s0
end
)")
                  .trap_reported_as_return);
}

}  // namespace
}  // namespace fiberproof::fuzz
