// The claim that carries every proof about bytes: step() and this CPU agree.
#include "verify/cosimulation/cosimulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

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
    case Operation::test:
      return bits({Flag::af});
    case Operation::shl:
    case Operation::shr:
      return bits({Flag::cf, Flag::af, Flag::of});
    case Operation::sar:
      return bits({Flag::af, Flag::of});
    case Operation::mul:
    case Operation::imul:
      return bits({Flag::sf, Flag::zf, Flag::af, Flag::pf});
    default:
      return 0;
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
  for (std::size_t form = 0; form < all_forms().size(); ++form) {
    EXPECT_GE(coverage.forms[form], cases_a_form_min) << all_forms()[form].name;
  }
  for (std::size_t index = 0; index < operation_count; ++index) {
    const auto operation = static_cast<Operation>(index);
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

TEST(cosimulation, a_case_is_the_same_whatever_ran_before) {
  const auto first_difference = [](std::uint64_t runs_before) {
    const Model wrong = [](ConcreteMachine& machine, const Instruction& instruction) {
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

}  // namespace
}  // namespace fiberproof::verify
