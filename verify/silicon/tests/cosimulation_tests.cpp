// Every proof about bytes rests on this claim: step() and this CPU agree.
#include "verify/silicon/cosimulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <csignal>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t seed = 20'260'821;
constexpr std::uint64_t case_count = 4'000'000;
constexpr std::uint64_t cases_a_form_min = 1'000;

unsigned bits(std::initializer_list<Flag> flags) {
  unsigned mask = 0;
  for (const Flag flag : flags) {
    mask |= 1u << static_cast<unsigned>(flag);
  }
  return mask;
}

// SDM vol. 2, "Flags Affected": what an instruction leaves undefined, for some operands. This CPU
// gives them some value, which a proof must not rely on.
unsigned undefined_by_the_sdm(Operation operation) {
  switch (operation) {
    case Operation::and_:
    case Operation::or_:
    case Operation::xor_:
    case Operation::test: return bits({Flag::af});
    case Operation::shl:
    case Operation::shr: return bits({Flag::cf, Flag::af, Flag::of});
    case Operation::sar:
    case Operation::shld:
    case Operation::shrd: return bits({Flag::af, Flag::of});
    case Operation::rol:
    case Operation::ror:
    case Operation::rcl:
    case Operation::rcr: return bits({Flag::of});
    case Operation::bt:
    case Operation::bts:
    case Operation::btr:
    case Operation::btc:
    case Operation::tzcnt:
    case Operation::lzcnt: return bits({Flag::of, Flag::sf, Flag::af, Flag::pf});
    case Operation::bsf:
    case Operation::bsr: return bits({Flag::cf, Flag::of, Flag::sf, Flag::af, Flag::pf});
    case Operation::andn:
    case Operation::blsr:
    case Operation::blsi:
    case Operation::blsmsk:
    case Operation::bzhi: return bits({Flag::af, Flag::pf});
    case Operation::bextr: return bits({Flag::sf, Flag::af, Flag::pf});
    case Operation::mul:
    case Operation::imul: return bits({Flag::sf, Flag::zf, Flag::af, Flag::pf});
    default: return 0;
  }
}

// All claims are about one long run, since a run is what takes the time.
TEST(cosimulation, step_agrees_with_this_cpu_on_every_operation) {
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  Cosimulation cosimulation(std::move(*cpu), seed);

  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t mismatches = 0;
  for (std::uint64_t index = 0; index < case_count && mismatches < 10; ++index) {
    if (const auto mismatch = cosimulation.run_case(index)) {
      ADD_FAILURE() << message(*mismatch);
      ++mismatches;
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  fmt::print("seed {}: {} cases of {} forms in {:.1f} s, {:.0f} a second\n", seed, case_count,
             all_forms().size(), elapsed.count(), case_count / elapsed.count());

  const Coverage& coverage = cosimulation.coverage();
  EXPECT_GT(coverage.faults, case_count / 200);
  for (std::size_t form = 0; form < all_forms().size(); ++form) {
    EXPECT_GE(coverage.forms[form], cases_a_form_min) << all_forms()[form].name;
  }
  for (std::size_t index = 0; index < operation_count; ++index) {
    const auto operation = static_cast<Operation>(index);
    if (operation == Operation::syscall) continue;  // whose effect is the operating system's
    EXPECT_GE(coverage.operations[index], cases_a_form_min)
        << name(operation) << " has a meaning that no CPU has confirmed";
    EXPECT_EQ(coverage.undefined_flags[index], undefined_by_the_sdm(operation))
        << name(operation) << " hides a flag that is defined, or relies on one that is not";
  }
  for (std::size_t condition = 0; condition < coverage.conditions.size(); ++condition) {
    EXPECT_GT(coverage.conditions[condition][0], 100u) << "condition " << condition << " false";
    EXPECT_GT(coverage.conditions[condition][1], 100u) << "condition " << condition << " true";
  }
}

// The allow list is about mnemonics and operands; this is about encodings. Whatever bytes decode()
// takes for an instruction, the CPU must take for the same one.
TEST(cosimulation, whatever_bytes_are_accepted_mean_the_same_to_this_cpu) {
  constexpr std::uint64_t attempts = 4'000'000;
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  Cosimulation cosimulation(std::move(*cpu), seed);
  std::uint64_t mismatches = 0;
  for (std::uint64_t index = 0; index < attempts && mismatches < 10; ++index) {
    if (const auto mismatch = cosimulation.run_encoding(index)) {
      ADD_FAILURE() << message(*mismatch);
      ++mismatches;
    }
  }
  fmt::print("{} of {} random byte strings ran\n", cosimulation.coverage().encodings, attempts);
  EXPECT_GT(cosimulation.coverage().encodings, attempts / 20);
}

// The same per case, where it depends on the operands: CF by the operand's width or more (SDM vol.
// 2, SAL/SAR/SHL/SHR), OF but by one, nothing by zero.
unsigned undefined_by_a_shift(const Instruction& instruction, std::uint64_t rcx) {
  const auto* const immediate = std::get_if<Immediate>(&instruction.operands.back());
  const auto given = static_cast<unsigned>(immediate == nullptr ? rcx : immediate->value);
  const unsigned count = given & (instruction.bytes == 8 ? 63 : 31);
  const Operation operation = instruction.operation;
  const bool is_simple = operation == Operation::shl || operation == Operation::shr;
  const bool keeps_af = operation == Operation::rol || operation == Operation::ror ||
                        operation == Operation::rcl || operation == Operation::rcr;
  return count == 0 ? 0
                    : (keeps_af ? 0 : bits({Flag::af})) | (count != 1 ? bits({Flag::of}) : 0) |
                          (is_simple && count >= instruction.bytes * 8u ? bits({Flag::cf}) : 0);
}

bool shifts(Operation operation) {
  switch (operation) {
    case Operation::shl:
    case Operation::shr:
    case Operation::sar:
    case Operation::rol:
    case Operation::ror:
    case Operation::rcl:
    case Operation::rcr:
    case Operation::shld:
    case Operation::shrd: return true;
    default: return false;
  }
}

TEST(cosimulation, a_shift_leaves_undefined_what_the_sdm_says_and_no_more) {
  std::uint64_t shifted = 0;
  const Model watched = [&](ConcreteCpu& machine, const Instruction& instruction) {
    const std::uint64_t rcx = machine.read(Register::rcx);
    auto control = step(machine, instruction);
    if (shifts(instruction.operation)) {
      unsigned undefined = 0;
      for (unsigned flag = 0; flag < 6; ++flag) {
        undefined |= machine.is_undefined(static_cast<Flag>(flag)) ? 1u << flag : 0;
      }
      EXPECT_EQ(undefined, undefined_by_a_shift(instruction, rcx)) << instruction.text;
      ++shifted;
    }
    return control;
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, watched);
  for (std::uint64_t index = 0; index < 100'000; ++index) {
    cosimulation.run_case(index);
  }
  EXPECT_GT(shifted, 5'000u);
}

TEST(cosimulation, operands_cross_from_one_page_to_the_next) {
  std::uint64_t crossing = 0;
  const Model watched = [&](ConcreteCpu& machine, const Instruction& instruction) {
    for (const Operand& operand : instruction.operands) {
      if (const auto* const memory = std::get_if<MemoryOperand>(&operand)) {
        const std::uint64_t address =
            memory->displacement + (memory->base ? machine.read(*memory->base) : 0) +
            (memory->index ? machine.read(*memory->index) * memory->scale : 0);
        const bool is_access = instruction.operation != Operation::lea;
        crossing += is_access && address % 4096 + memory->bytes > 4096 ? 1 : 0;
      }
    }
    return step(machine, instruction);
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, watched);
  for (std::uint64_t index = 0; index < 200'000; ++index) {
    const auto mismatch = cosimulation.run_case(index);
    ASSERT_FALSE(mismatch) << message(*mismatch);
  }
  EXPECT_GT(crossing, 1'000u);
}

TEST(cosimulation, a_case_is_the_same_whatever_ran_before) {
  const auto first_difference = [](std::uint64_t runs_before) {
    const Model wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
      auto control = step(machine, instruction);
      machine.write(Register::rbx, machine.read(Register::rbx) ^ 1);
      return control;
    };
    Cosimulation cosimulation(NativeCpu::create().value(), seed, wrong);
    for (std::uint64_t index = 0; index < runs_before; ++index) {
      cosimulation.run_case(index);
    }
    return cosimulation.run_case(1000).value();
  };
  const Mismatch alone = first_difference(0);
  const Mismatch later = first_difference(500);
  EXPECT_EQ(alone.instruction, later.instruction);
  EXPECT_EQ(alone.inputs, later.inputs);
  EXPECT_EQ(alone.differences, later.differences);
}

TEST(native_cpu, a_fault_comes_back_as_one) {
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  const auto load = std::to_array<std::byte>({std::byte{0x8b}, std::byte{0x00}});  // mov eax, [rax]
  CpuState state{};
  state.registers[0] = cpu->memory_address() - 1;  // half of it in the page before
  EXPECT_EQ(cpu->run(load, state).exit, NativeOutcome::Exit::faulted);
  state.registers[0] = cpu->memory_address();
  EXPECT_EQ(cpu->run(load, state).exit, NativeOutcome::Exit::next);
}

// What the process computed before leaves exceptions noted in the x87 status word; a case that
// unmasks them would be interrupted by a later waiting instruction (SDM vol. 1, 8.6).
TEST(native_cpu, what_the_process_computed_before_is_no_exception_of_a_case) {
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  const volatile long double three = 3;
  [[maybe_unused]] const volatile long double third = 1 / three;  // inexact
  CpuState state{};
  state.modes.x87_control = x87_control_always;  // nothing is masked
  const auto no_operation = std::to_array<std::byte>({std::byte{0x90}});
  EXPECT_EQ(cpu->run(no_operation, state).exit, NativeOutcome::Exit::next);
  EXPECT_EQ(state.modes.x87_control, x87_control_always);
}

TEST(native_cpu, a_fault_of_somebody_else_goes_to_the_handler_before) {
  EXPECT_EXIT(
      {
        std::signal(SIGILL, [](int) { _exit(42); });
        const auto cpu = NativeCpu::create();
        if (cpu) {
          __builtin_trap();
        }
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace fiberproof::verify
