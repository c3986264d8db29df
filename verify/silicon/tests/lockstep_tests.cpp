// On real runs of Programs the proved routines do, instruction by instruction, what the semantics
// of the proofs say, the corpus executes all of their instructions, and wrong semantics are
// noticed.
#include "verify/silicon/lockstep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>
#include <string_view>

namespace fiberproof::verify {
namespace {

constexpr std::string_view v44 = "fiberproof_continuation_start_v44";

std::vector<std::string> running(const std::string& path) {
  return {std::filesystem::canonical(FIBERPROOF_SUBJECT), std::string(FIBERPROOF_CORPUS) + path};
}

bool is_switch(const FollowedRoutine& routine) {
  return routine.name == "stack_switch";
}

// `ud2` follows what never returns.
bool is_trap(const Instruction& instruction) {
  return instruction.operation == Operation::ud2;
}

// A nop aligns the instruction after it, and may be jumped over.
bool is_padding(const Instruction& instruction) {
  return instruction.operation == Operation::nop;
}

std::size_t count_executed(const LockstepReport& report, std::string_view name) {
  std::size_t executed = 0;
  for (const FollowedRoutine& routine : report.routines) {
    if (routine.name == name) executed += routine.executed.size();
  }
  return executed;
}

// The checks of what initialize is given never fail, so not all of it need be executed. A site of
// the switch whose resume is always refused stays without an entry.
void expect_all_executed(const LockstepReport& report) {
  std::size_t entered_sites = 0;
  for (const FollowedRoutine& routine : report.routines) {
    fmt::print("{:34} {:3} of {:3} instructions\n", routine.name, routine.executed.size(),
               routine.instructions.size());
    EXPECT_TRUE(is_switch(routine) || routine.entries > 0) << routine.name;
    if (routine.entries == 0 || routine.name == "fiberproof_initialize") continue;
    entered_sites += is_switch(routine) ? 1 : 0;
    for (const auto& [address, instruction] : routine.instructions) {
      if (is_padding(instruction)) continue;
      EXPECT_NE(routine.executed.contains(address), is_trap(instruction))
          << routine.name << ": " << instruction.text;
    }
  }
  EXPECT_GE(entered_sites, 3u) << "the switches of resume, suspend and switch";
}

TEST(lockstep, corpus_executes_each_instruction_as_the_semantics_of_the_proofs_say) {
  const auto report = run_in_lockstep(running(""));
  ASSERT_TRUE(report) << report.error();
  EXPECT_TRUE(report->differences.empty())
      << fmt::format("{}", fmt::join(report->differences, "\n"));
  EXPECT_EQ(report->exit_status, 0) << "a program does not do what it records";
  expect_all_executed(*report);

  std::set<std::uint64_t> values, trap_payloads, v44_payloads;
  std::size_t other_parents = 0;
  for (const TrampolineRun& run : report->runs) {
    values.insert(run.buffer_values);
    (run.routine == v44 ? v44_payloads : trap_payloads).insert(run.payload);
    other_parents += run.has_another_parent ? 1 : 0;
  }
  EXPECT_GE(values.size(), 5u) << "numbers of values";
  EXPECT_EQ(trap_payloads, (std::set<std::uint64_t>{0, std::uint64_t{4} << 32})) << "T5";
  EXPECT_EQ(v44_payloads, (std::set<std::uint64_t>{0})) << "T5";
  EXPECT_GE(other_parents, 1u) << "T4: a control context that has changed meanwhile";
  fmt::print(
      "{} instructions executed; {} words stored; {} runs of trampolines with {} numbers of "
      "values, {} of them left for another parent\n",
      report->instructions, report->stored_words, report->runs.size(), values.size(),
      other_parents);
}

// Programs that start nothing must not count as coverage.
TEST(lockstep, layouts_alone_execute_no_trampoline) {
  const auto report = run_in_lockstep(running("/seeds/layout"));
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->exit_status, 0);
  EXPECT_GT(count_executed(*report, "fiberproof_initialize"), 0u);
  constexpr std::array<std::string_view, 3> switching{"fiberproof_continuation_start", v44,
                                                      "stack_switch"};
  for (const std::string_view name : switching) {
    EXPECT_EQ(count_executed(*report, name), 0u) << name;
  }
}

using Spoil = void (*)(ConcreteCpu&, const Instruction&,
                       std::expected<Control<std::uint64_t, bool>, StepError>&);

struct Planted {
  const char* name;
  const char* noticed;  // the beginning of the difference
  Spoil spoil;
};

class planted_semantics : public testing::TestWithParam<Planted> {};

TEST_P(planted_semantics, are_noticed) {
  const LockstepModel wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
    auto control = step(machine, instruction);
    GetParam().spoil(machine, instruction, control);
    return control;
  };
  const auto report =
      run_in_lockstep(running("/seeds/trampoline/return-trap-throw.program"), wrong);
  ASSERT_TRUE(report) << report.error();
  ASSERT_GE(report->differences.size(), 5u);
  EXPECT_TRUE(report->differences[4].starts_with(GetParam().noticed)) << report->differences[4];
}

constexpr Planted planted[] = {
    {"pop_leaves_rsp", "rsp: ",
     [](ConcreteCpu& machine, const Instruction& instruction, auto&) {
       if (instruction.operation == Operation::pop) {
         machine.write(Register::rsp, machine.read(Register::rsp) - 8);
       }
     }},
    {"a_call_pushes_its_own_address", "byte at ",
     [](ConcreteCpu& machine, const Instruction& instruction, auto&) {
       if (instruction.operation == Operation::call) {
         machine.store(machine.read(Register::rsp), instruction.address, 8);
       }
     }},
    {"test_inverts_zf", "zf: ",
     [](ConcreteCpu& machine, const Instruction& instruction, auto&) {
       if (instruction.operation == Operation::test) {
         machine.flags().zf = !machine.flags().zf;
       }
     }},
    {"shl_by_32_is_none", "rdi: ",
     [](ConcreteCpu& machine, const Instruction& instruction, auto&) {
       if (instruction.operation == Operation::shl) {
         machine.write(Register::rdi, machine.read(Register::rdi) >> 32);
       }
     }},
    {"a_store_is_lost", "byte at ",
     [](ConcreteCpu& machine, const Instruction& instruction, auto&) {
       if (instruction.operation == Operation::mov &&
           std::holds_alternative<MemoryOperand>(instruction.operands[0])) {
         const auto& memory = std::get<MemoryOperand>(instruction.operands[0]);
         machine.store(machine.read(*memory.base) + memory.displacement, 0x5555, 8);
       }
     }},
    {"a_jump_goes_one_byte_further", "rip: ",
     [](ConcreteCpu&, const Instruction&, auto& control) {
       if (auto* const jump = std::get_if<IndirectJump<std::uint64_t>>(&*control)) {
         ++jump->target;
       }
     }},
};

INSTANTIATE_TEST_SUITE_P(lockstep, planted_semantics, testing::ValuesIn(planted),
                         [](const auto& tested) { return tested.param.name; });

TEST(lockstep, a_program_without_the_routines_is_one_line) {
  const auto missing = run_in_lockstep({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().contains("/no/such/program")) << missing.error();
  const auto other = run_in_lockstep({"/bin/true"});
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().contains("/bin/true")) << other.error();
}

}  // namespace
}  // namespace fiberproof::verify
