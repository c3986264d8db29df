#include "verify/x86/step.hpp"

#include "verify/object/object_file.hpp"
#include "verify/x86/concrete_cpu.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t memory_address = 0x7000'0000;
constexpr std::uint64_t top_of_stack = memory_address + 0x200;

// A CPU with the stack of a continuation without parameters, as the switch leaves it (T1).
class Trampoline : public testing::Test {
 protected:
  Trampoline() {
    const auto file = ObjectFile::open(FIXTURE_PROGRAM);
    EXPECT_TRUE(file) << message(file.error());
    routine_ = file->routine("fiberproof_continuation_start").value();
    fiber_start_ = file->routine("fiberproof_fiber_start").value().address;
    rip_ = routine_.address;
    cpu_.write(Register::rsp, top_of_stack - 0x40);
    cpu_.write(Register::rbp, top_of_stack - 0x10);
    for (std::uint64_t word = 0; word < 4; ++word) {
      cpu_.store(top_of_stack - 0x40 + 8 * word, 100 + word, 8);
    }
    cpu_.store(top_of_stack - 0x18, 0x1111, 8);  // the parent's RSP
    cpu_.store(top_of_stack - 0x10, 0x2222, 8);  // its RBP
    cpu_.store(top_of_stack - 0x08, 0x3333, 8);  // its resume address
  }

  // Runs until control goes anywhere but to the next instruction.
  Control<std::uint64_t, bool> run() {
    while (true) {
      const auto code = std::span<const std::byte>(routine_.bytes).subspan(rip_ - routine_.address);
      const Instruction instruction = decode(rip_, code).value();
      const auto control = step(cpu_, instruction).value();
      rip_ = instruction.next_address();
      if (!std::holds_alternative<Next>(control)) {
        return control;
      }
    }
  }

  std::array<std::byte, 0x200> memory_{};
  ConcreteCpu cpu_{memory_address, memory_};
  Routine routine_;
  std::uint64_t fiber_start_ = 0;
  std::uint64_t rip_ = 0;
};

TEST_F(Trampoline, hands_the_launch_words_to_fiber_start) {
  const auto control = run();
  ASSERT_TRUE(std::holds_alternative<Call>(control));
  EXPECT_EQ(std::get<Call>(control).target, fiber_start_);
  EXPECT_EQ(std::get<Call>(control).return_address, rip_);
  EXPECT_EQ(cpu_.read(Register::rcx), 100u);
  EXPECT_EQ(cpu_.read(Register::rdx), 101u);
  EXPECT_EQ(cpu_.read(Register::rsi), 102u);
  EXPECT_EQ(cpu_.read(Register::rdi), 103u);
  EXPECT_EQ(cpu_.read(Register::rsp), top_of_stack - 0x28);
  EXPECT_EQ(cpu_.load(top_of_stack - 0x28, 8), rip_);
  EXPECT_FALSE(cpu_.fault());
}

TEST_F(Trampoline, goes_on_in_the_parent_with_the_effect) {
  for (const bool returned : {true, false}) {
    run();
    const std::uint64_t after_call = rip_;
    cpu_.write(Register::rsp, top_of_stack - 0x20);  // the callee's ret
    cpu_.write(Register::rax, returned ? 0xffff'ff01 : 0xffff'ff00);
    const auto control = run();
    ASSERT_TRUE(std::holds_alternative<IndirectJump<std::uint64_t>>(control));
    EXPECT_EQ(std::get<IndirectJump<std::uint64_t>>(control).target, 0x3333u);
    EXPECT_EQ(cpu_.read(Register::rsp), 0x1111u);
    EXPECT_EQ(cpu_.read(Register::rbp), 0x2222u);
    EXPECT_EQ(cpu_.read(Register::rdi), returned ? 0u : std::uint64_t{4} << 32);
    EXPECT_GT(rip_, after_call);
    EXPECT_FALSE(cpu_.fault());
    EXPECT_TRUE(std::holds_alternative<Trap>(run())) << "nothing returns past the jump";
    cpu_.write(Register::rsp, top_of_stack - 0x40);
    cpu_.write(Register::rbp, top_of_stack - 0x10);
    rip_ = routine_.address;
  }
}

TEST(step, operands_that_do_not_match_are_an_error) {
  std::array<std::byte, 8> memory{};
  ConcreteCpu cpu(memory_address, memory);
  const Operand rax = RegisterOperand{Register::rax, 8};
  const Operand eax = RegisterOperand{Register::rax, 4};
  const Operand one = Immediate{1};
  const std::vector<std::pair<Operation, std::vector<Operand>>> unfit = {
      {Operation::mov, {one, rax}},
      {Operation::mov, {rax}},
      {Operation::mov, {rax, eax}},
      {Operation::add, {}},
      {Operation::lea, {rax, rax}},
      {Operation::movzx, {rax, rax}},
      {Operation::shl, {rax, rax}},
      {Operation::set, {rax}},
      {Operation::jcc, {rax}},
      {Operation::ret, {one}},
      {Operation::imul, {one}},
      {Operation::xchg, {rax, one}},
      {Operation::andn, {rax, rax}},
      {Operation::lea, {rax, MemoryOperand{{}, {}, 1, 0, 8, false, true}}},
      {Operation::fldenv, {MemoryOperand{{}, {}, 1, 0, 2}}},
      {Operation::fnstenv, {rax}},
      {Operation::bt, {one, rax}},
      {Operation::shld, {rax, one}},
      {Operation::push, {eax}},
      {Operation::pop, {one}},
      {Operation::nop, {rax}},
      {static_cast<Operation>(operation_count), {}}};
  for (const auto& [operation, operands] : unfit) {
    const Instruction instruction{0x1000,       1,        operation,    8,
                                  Condition::o, operands, std::nullopt, ""};
    const auto control = step(cpu, instruction);
    EXPECT_FALSE(control) << static_cast<int>(operation);
  }
}

Control<std::uint64_t, bool> run_one(ConcreteCpu& cpu, const std::vector<unsigned>& bytes) {
  std::vector<std::byte> code;
  for (const unsigned byte : bytes) code.push_back(static_cast<std::byte>(byte));
  return step(cpu, decode(0x1000, code).value()).value();
}

TEST(step, an_access_by_fs_is_relative_to_its_base) {
  std::array<std::byte, 64> memory{};
  ConcreteCpu cpu(memory_address, memory);
  cpu.store(memory_address + 0x28, 0x1234, 8);
  cpu.set_fs_base(memory_address);
  run_one(cpu, {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0});  // mov rax, fs:[0x28]
  EXPECT_EQ(cpu.read(Register::rax), 0x1234u);
  EXPECT_FALSE(cpu.fault());
  cpu.write(Register::rcx, 0x7fff'fff8);
  cpu.set_fs_base(memory_address - 0x7fff'fff8);
  run_one(cpu, {0x64, 0x89, 0x01});  // mov fs:[rcx], eax
  EXPECT_EQ(cpu.load(memory_address, 8), 0x1234u);
}

TEST(step, fnstenv_stores_the_control_word_and_masks_all_exceptions) {
  std::array<std::byte, 28> memory{};
  ConcreteCpu cpu(memory_address, memory);
  cpu.write(Register::rdi, memory_address);
  cpu.modes().x87_control = 0x0c40;
  run_one(cpu, {0xd9, 0x37});  // fnstenv [rdi]
  EXPECT_EQ(cpu.load(memory_address, 2), 0x0c40u);
  EXPECT_EQ(cpu.modes().x87_control, 0x0c7fu);
  ASSERT_TRUE(cpu.undefined_memory());
  EXPECT_EQ(cpu.undefined_memory()->address, memory_address + 2);
  EXPECT_EQ(cpu.undefined_memory()->bytes, 26u);
  run_one(cpu, {0xd9, 0x27});  // fldenv [rdi]
  EXPECT_EQ(cpu.modes().x87_control, 0x0c40u);
  EXPECT_FALSE(cpu.fault());
}

TEST(step, the_environment_of_the_x87_has_28_bytes) {
  std::array<std::byte, 27> memory{};
  for (const unsigned modrm : {0x27u, 0x37u}) {
    ConcreteCpu cpu(memory_address, memory);
    cpu.write(Register::rdi, memory_address);
    run_one(cpu, {0xd9, modrm});
    EXPECT_TRUE(cpu.fault()) << modrm;
  }
}

TEST(step, a_system_call_is_left_to_the_owner_of_the_cpu) {
  std::array<std::byte, 8> memory{};
  ConcreteCpu cpu(memory_address, memory);
  EXPECT_TRUE(std::holds_alternative<SystemCall>(run_one(cpu, {0x0f, 0x05})));
}

TEST(step, an_access_outside_the_window_is_noted) {
  std::array<std::byte, 8> memory{};
  ConcreteCpu cpu(memory_address, memory);
  cpu.write(Register::rsp, memory_address + 1);
  const Instruction pop{
      0x1000,       1,        Operation::pop, 8, Condition::o, {RegisterOperand{Register::rax, 8}},
      std::nullopt, "pop rax"};
  ASSERT_TRUE(step(cpu, pop));
  ASSERT_TRUE(cpu.fault());
  EXPECT_EQ(cpu.fault()->address, memory_address + 1);
}

}  // namespace
}  // namespace fiberproof::verify
