// Wrong semantics must be found, or agreement says nothing. Each bug is one that somebody has made.
#include "verify/silicon/cosimulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t seed = 7;
constexpr std::uint64_t case_count_max = 300'000;

struct Before {
  Flags<bool> flags;
  std::uint64_t rax, rsp;
  std::uint64_t destination;  // of the first operand, if that is a register
};

// Spoils the machine after a correct step.
using Spoil = void (*)(ConcreteCpu&, const Instruction&, const Before&);

const RegisterOperand* first_register(const Instruction& instruction) {
  return instruction.operands.empty() ? nullptr
                                      : std::get_if<RegisterOperand>(&instruction.operands[0]);
}

Model spoiled_by(Spoil spoil) {
  return [spoil](ConcreteCpu& machine, const Instruction& instruction) {
    const RegisterOperand* const first = first_register(instruction);
    const Before before{machine.flags(), machine.read(Register::rax), machine.read(Register::rsp),
                        first == nullptr ? 0 : machine.read(first->name)};
    auto control = step(machine, instruction);
    spoil(machine, instruction, before);
    return control;
  };
}

struct Planted {
  const char* name;
  Spoil spoil;
};

class planted_bug : public testing::TestWithParam<Planted> {};

TEST_P(planted_bug, is_found) {
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  Cosimulation cosimulation(std::move(*cpu), seed, spoiled_by(GetParam().spoil));
  for (std::uint64_t index = 0; index < case_count_max; ++index) {
    if (const auto mismatch = cosimulation.run_case(index)) {
      EXPECT_FALSE(mismatch->differences.empty());
      EXPECT_EQ(mismatch->inputs.size(), register_count + 6 + 3);
      fmt::print("{}: found after {} cases by {}\n", GetParam().name, index + 1,
                 mismatch->instruction);
      return;
    }
  }
  FAIL() << "not found in " << case_count_max << " cases";
}

bool is(const Instruction& instruction, Operation operation) {
  return instruction.operation == operation;
}

void keep_upper_half(ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
  if (const RegisterOperand* const first = first_register(instruction); first->bytes == 4) {
    const std::uint64_t upper = before.destination & 0xffff'ffff'0000'0000;
    machine.write(first->name, upper | (machine.read(first->name) & 0xffff'ffff));
  }
}

constexpr Planted planted[] = {
    {"sub_sets_carry_where_operands_are_equal",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::sub)) {
         machine.flags().cf = machine.flags().cf || machine.flags().zf;
       }
     }},
    {"cmov_r32_keeps_the_upper_half",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::cmov)) {
         keep_upper_half(machine, instruction, before);
       }
     }},
    {"shl_r32_by_0_keeps_the_upper_half",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::shl) && first_register(instruction) != nullptr &&
           std::holds_alternative<Immediate>(instruction.operands[1]) &&
           (std::get<Immediate>(instruction.operands[1]).value & 31) == 0) {
         keep_upper_half(machine, instruction, before);
       }
     }},
    {"inc_changes_carry",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::inc)) {
         machine.flags().cf = machine.flags().zf;
       }
     }},
    {"push_rsp_pushes_the_new_value",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::push) && first != nullptr && first->name == Register::rsp) {
         machine.store(before.rsp - 8, before.rsp - 8, 8);
       }
     }},
    {"pop_rsp_adds_8_afterwards",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::pop) && first != nullptr && first->name == Register::rsp) {
         machine.write(Register::rsp, machine.read(Register::rsp) + 8);
       }
     }},
    {"ret_leaves_rsp",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::ret)) {
         machine.write(Register::rsp, before.rsp);
       }
     }},
    {"neg_clears_carry",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::neg)) {
         machine.flags().cf = false;
       }
     }},
    {"parity_is_of_the_whole_word",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::add) && first_register(instruction) != nullptr) {
         machine.flags().pf =
             __builtin_parityll(machine.read(first_register(instruction)->name)) == 0;
       }
     }},
    {"mov_r8_clears_the_rest",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::mov) && first != nullptr && first->bytes == 1) {
         machine.write(first->name, machine.read(first->name) & 0xff);
       }
     }},
    {"mul_r8_keeps_ah",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::mul) && instruction.bytes == 1) {
         machine.write(Register::rax,
                       (before.rax & ~std::uint64_t{0xff}) | (machine.read(Register::rax) & 0xff));
       }
     }},
    {"adc_forgets_the_carry_in_its_carry_out",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::adc) && first_register(instruction) != nullptr &&
           instruction.bytes == 8) {
         machine.flags().cf = machine.read(first_register(instruction)->name) < before.destination;
       }
     }},
    {"a_call_pushes_its_own_address",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::call)) {
         machine.store(before.rsp - 8, instruction.address, 8);
       }
     }},
    {"cdq_forgets_the_sign",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::sign_extend_into_rdx)) {
         machine.write(Register::rdx, 0);
       }
     }},
    {"mov_r16_clears_the_rest",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::mov) && first != nullptr && first->bytes == 2) {
         machine.write(first->name, machine.read(first->name) & 0xffff);
       }
     }},
    {"mov_ah_writes_al",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::mov) && first != nullptr && first->is_high_byte) {
         const std::uint64_t byte = (machine.read(first->name) >> 8) & 0xff;
         machine.write(first->name, (before.destination & ~std::uint64_t{0xff}) | byte);
       }
     }},
    {"a_short_address_is_a_long_one",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const auto* const memory = instruction.operands.size() < 2
                                      ? nullptr
                                      : std::get_if<MemoryOperand>(&instruction.operands[1]);
       if (is(instruction, Operation::lea) && memory->is_32_bit && instruction.bytes == 8) {
         Instruction other = instruction;
         std::get<MemoryOperand>(other.operands[1]).is_32_bit = false;
         (void)step(machine, other);
       }
     }},
    {"shl_by_cl_of_0_changes_flags",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::shl) &&
           std::holds_alternative<RegisterOperand>(instruction.operands[1]) &&
           (machine.read(Register::rcx) & 31) == 0) {
         machine.flags().cf = false;
       }
     }},
    {"rol_changes_the_sign_flag",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::rol)) {
         machine.flags().sf = machine.flags().cf;
       }
     }},
    {"rcr_r8_counts_modulo_8",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::rcr) && instruction.bytes == 1 &&
           std::holds_alternative<Immediate>(instruction.operands[1]) &&
           (std::get<Immediate>(instruction.operands[1]).value & 31) == 8) {
         machine.flags().cf = !machine.flags().cf;
       }
     }},
    {"bts_changes_the_zero_flag",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::bts)) {
         machine.flags().zf = !machine.flags().cf;
       }
     }},
    {"tzcnt_sets_zero_where_bsf_does",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::tzcnt)) {
         machine.flags().zf = machine.flags().cf;
       }
     }},
    {"lzcnt_is_bsr",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::lzcnt) && first->bytes == 8) {
         machine.write(first->name, 63 - machine.read(first->name));
       }
     }},
    {"bzhi_r64_takes_six_bits_of_the_index",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::bzhi)) {
         machine.flags().cf = false;
       }
     }},
    {"blsi_forgets_that_its_carry_is_the_other",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::blsi)) {
         machine.flags().cf = !machine.flags().cf;
       }
     }},
    {"imul_of_one_operand_is_mul",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::imul) && instruction.operands.size() == 1 &&
           instruction.bytes == 8 && (before.rax >> 63) != 0) {
         machine.write(Register::rdx, machine.read(Register::rdx) + 1);
       }
     }},
    {"cwde_clears_nothing",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before& before) {
       if (is(instruction, Operation::sign_extend_accumulator) && instruction.bytes == 4) {
         machine.write(Register::rax, (before.rax & 0xffff'ffff'0000'0000) |
                                          (machine.read(Register::rax) & 0xffff'ffff));
       }
     }},
    {"sahf_takes_overflow",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::sahf)) {
         machine.flags().of = false;
       }
     }},
    {"movbe_keeps_the_order",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       if (is(instruction, Operation::movbe) && first != nullptr && first->bytes == 8) {
         machine.write(first->name, __builtin_bswap64(machine.read(first->name)));
       }
     }},
    {"fldcw_takes_reserved_bits",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::fldcw)) {
         machine.modes().x87_control &= x87_control_bits;
       }
     }},
    {"ldmxcsr_keeps_the_status",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::ldmxcsr)) {
         machine.modes().mxcsr &= mxcsr_control_bits;
       }
     }},
    {"fldenv_takes_reserved_bits",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::fldenv)) {
         machine.modes().x87_control &= x87_control_bits;
       }
     }},
    {"fnstenv_masks_no_exception",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::fnstenv)) {
         machine.modes().x87_control &= ~x87_exception_masks;
       }
     }},
    {"a_load_by_fs_reads_something_else",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       const RegisterOperand* const first = first_register(instruction);
       const auto* const memory = instruction.operands.size() == 2
                                      ? std::get_if<MemoryOperand>(&instruction.operands[1])
                                      : nullptr;
       if (is(instruction, Operation::mov) && first != nullptr && first->bytes == 8 &&
           memory != nullptr && memory->is_by_fs) {
         machine.write(first->name, machine.read(first->name) + 1);
       }
     }},
    {"cld_sets_the_direction_flag",
     [](ConcreteCpu& machine, const Instruction& instruction, const Before&) {
       if (is(instruction, Operation::cld)) {
         machine.modes().df = true;
       }
     }},
};

INSTANTIATE_TEST_SUITE_P(step, planted_bug, testing::ValuesIn(planted),
                         [](const auto& tested) { return tested.param.name; });

TEST(planted_bug_in_an_access, a_cmov_that_reads_only_where_its_condition_holds_is_found) {
  const Model wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
    if (is(instruction, Operation::cmov) && instruction.bytes == 8 &&
        instruction.condition == Condition::b && !machine.flags().cf) {
      return std::expected<Control<std::uint64_t, bool>, StepError>(Next{});
    }
    return step(machine, instruction);
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, wrong);
  for (std::uint64_t index = 0; index < case_count_max; ++index) {
    if (const auto mismatch = cosimulation.run_case(index)) {
      EXPECT_EQ(mismatch->differences.at(0),
                "control: the CPU goes to a fault, the model to the "
                "next instruction")
          << message(*mismatch);
      return;
    }
  }
  FAIL() << "not found";
}

TEST(planted_bug_in_control, an_ldmxcsr_that_takes_reserved_bits_is_found) {
  const Model wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
    auto control = step(machine, instruction);
    if (is(instruction, Operation::ldmxcsr)) {
      return std::expected<Control<std::uint64_t, bool>, StepError>(Next{});
    }
    return control;
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, wrong);
  for (std::uint64_t index = 0; index < case_count_max; ++index) {
    const auto mismatch = cosimulation.run_case(index);
    if (mismatch && mismatch->differences.back() ==
                        "control: the CPU goes to a fault, the model to the next instruction") {
      return;
    }
  }
  FAIL() << "not found in " << case_count_max << " cases";
}

TEST(planted_bug_in_control, a_wrong_condition_is_found) {
  const Model wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
    auto control = step(machine, instruction);
    if (control && instruction.condition == Condition::l) {
      if (auto* const branch = std::get_if<Branch<bool>>(&*control)) {
        branch->condition = machine.flags().sf;  // forgets overflow
      }
    }
    return control;
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, wrong);
  for (std::uint64_t index = 0; index < case_count_max; ++index) {
    if (const auto mismatch = cosimulation.run_case(index)) {
      EXPECT_EQ(mismatch->differences.at(0).rfind("control:", 0), 0u) << message(*mismatch);
      return;
    }
  }
  FAIL() << "not found";
}

}  // namespace
}  // namespace fiberproof::verify
