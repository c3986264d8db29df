// On real runs of Programs the trampolines and the switch do, instruction by instruction, what the
// semantics of the proofs say; and wrong semantics are noticed.
#include "verify/silicon/lockstep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace fiberproof::verify {
namespace {

constexpr const char* v44 = "fiberproof_continuation_start_v44";

std::vector<std::string> running(std::vector<std::string> programs) {
  std::vector<std::string> arguments{std::filesystem::canonical(FIBERPROOF_SUBJECT)};
  for (const std::string& program : programs) {
    arguments.push_back(std::string(FIBERPROOF_CORPUS) + "/" + program + ".program");
  }
  return arguments;
}

// Both revisions, arguments of many numbers, success and traps, suspends, switches, exceptions,
// another parent, abandonment.
std::vector<std::string> many_programs() {
  return running(
      {"seeds/trampoline/suspend-both-ways", "seeds/trampoline/return-trap-throw",
       "seeds/trampoline/v44-returns", "seeds/trampoline/2-mib-of-values",
       "seeds/trampoline/no-byte-to-spare", "seeds/program/resumed-by-another-parent",
       "seeds/program/chain-of-switches", "seeds/program/switch-moves-the-whole-chain",
       "seeds/program/abandoned-in-every-state", "seeds/program/exception-raised-at-a-suspension",
       "seeds/program/exception-through-frames-stacks-and-entry",
       "seeds/program/bind-resume-return", "seeds/program/beyond-the-limit",
       "seeds/program/suspend-and-resume-with-values", "seeds/program/600-values-there-and-back",
       "seeds/program/forwarding-through-four-stacks",
       "counterexamples/v44-trap-reported-as-return"});
}

TEST(lockstep, the_cpu_does_what_the_semantics_of_the_proofs_say) {
  const auto report = run_in_lockstep(many_programs());
  ASSERT_TRUE(report) << report.error();
  EXPECT_TRUE(report->differences.empty())
      << fmt::format("{}", fmt::join(report->differences, "\n"));
  EXPECT_EQ(report->exit_status, 0);

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
  std::size_t entered = 0;
  for (const FollowedRoutine& routine : report->routines) {
    const bool is_switch = routine.name == "stack_switch";
    EXPECT_TRUE(is_switch || routine.entries > 0) << routine.name;
    // A site that is inlined where its resume is always refused stays without an entry.
    if (routine.entries == 0) continue;
    ++entered;
    for (const auto& [address, instruction] : routine.instructions) {
      const bool is_trap = instruction.operation == Operation::ud2;
      EXPECT_NE(routine.executed.contains(address), is_trap)
          << routine.name << ": " << instruction.text;
    }
  }
  EXPECT_GE(entered, 5u) << "both trampolines and the switches of resume, suspend and switch";
  fmt::print(
      "{} instructions of {} routines, of which {} were entered; {} words stored, {} runs of "
      "trampolines with {} "
      "numbers of values, {} of them left for another parent\n",
      report->instructions, report->routines.size(), entered, report->stored_words,
      report->runs.size(), values.size(), other_parents);
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
  const auto report = run_in_lockstep(running({"seeds/trampoline/return-trap-throw"}), wrong);
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

TEST(lockstep, what_cannot_be_followed_is_one_line) {
  const auto missing = run_in_lockstep({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().contains("/no/such/program")) << missing.error();
  const auto other = run_in_lockstep({"/bin/true"});
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().contains("/bin/true")) << other.error();
}

}  // namespace
}  // namespace fiberproof::verify
