#include "verify/machine/instruction.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t address = 0x40'1000;

struct Encoding {
  const char* text;
  std::vector<unsigned> bytes;
};

std::expected<Instruction, DecodeError> decoded(const std::vector<unsigned>& bytes) {
  std::vector<std::byte> code;
  for (const unsigned byte : bytes) {
    code.push_back(static_cast<std::byte>(byte));
  }
  return decode(address, code);
}

TEST(instruction, what_has_no_meaning_here_is_refused) {
  const std::vector<Encoding> refused = {
      {"lock add [rax], eax", {0xf0, 0x01, 0x00}},
      {"mov rax, fs:[0x28]", {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}},
      {"mov rax, gs:[rax]", {0x65, 0x48, 0x8b, 0x00}},
      {"ds mov rax, [rbp]", {0x3e, 0x48, 0x8b, 0x45, 0x00}},
      {"rep movsb", {0xf3, 0xa4}},
      {"repne scasb", {0xf2, 0xae}},
      {"movq xmm0, rax", {0x66, 0x48, 0x0f, 0x6e, 0xc0}},
      {"movups xmm0, [rax]", {0x0f, 0x10, 0x00}},
      {"mov ax, bx", {0x66, 0x89, 0xd8}},
      {"push imm16", {0x66, 0x68, 0x01, 0x02}},
      {"data16 rex.w mov rax, rbx", {0x66, 0x48, 0x89, 0xd8}},
      {"mov ah, bl", {0x88, 0xdc}},
      {"movzx eax, bh", {0x0f, 0xb6, 0xc7}},
      {"add [eax], ecx", {0x67, 0x01, 0x08}},
      {"lea eax, [ecx]", {0x67, 0x8d, 0x01}},
      {"movzx eax, word [rax]", {0x0f, 0xb7, 0x00}},
      {"shl rax, cl", {0x48, 0xd3, 0xe0}},
      {"rol rax, 1", {0x48, 0xd1, 0xc0}},
      {"xchg [rax], rcx", {0x48, 0x87, 0x08}},
      {"imul rax (one operand)", {0x48, 0xf7, 0xe8}},
      {"div rcx", {0x48, 0xf7, 0xf1}},
      {"ret 8", {0xc2, 0x08, 0x00}},
      {"rep ret", {0xf3, 0xc3}},
      {"retf", {0xcb}},
      {"jmp far [rax]", {0xff, 0x28}},
      {"rex.w call far [rax]", {0x48, 0xff, 0x18}},
      {"notrack jmp rax", {0x3e, 0xff, 0xe0}},
      {"bnd jmp rax", {0xf2, 0xff, 0xe0}},
      {"jne with a hint", {0x2e, 0x75, 0x00}},
      {"data16 call", {0x66, 0xe8, 0, 0, 0, 0}},
      {"jrcxz", {0xe3, 0x00}},
      {"loop", {0xe2, 0x00}},
      {"enter", {0xc8, 0, 0, 0}},
      {"mov rax, [moffs64]", {0x48, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0}},
      {"pushfq", {0x9c}},
      {"popfq", {0x9d}},
      {"vldmxcsr [rax]", {0xc5, 0xf8, 0xae, 0x10}},
      {"fstcw [rax]", {0x9b, 0xd9, 0x38}},
      {"data16 fldcw [rax]", {0x66, 0xd9, 0x28}},
      {"fldenv [rax]", {0xd9, 0x20}},
      {"fninit", {0xdb, 0xe3}},
      {"fxrstor [rax]", {0x0f, 0xae, 0x08}},
      {"xrstor [rax]", {0x0f, 0xae, 0x28}},
      {"syscall", {0x0f, 0x05}},
      {"pause", {0xf3, 0x90}},
      {"push fs", {0x0f, 0xa0}},
      {"mov cr0, rax", {0x0f, 0x22, 0xc0}},
      {"mov ds, eax", {0x8e, 0xd8}},
      {"movsxd r32, r32", {0x63, 0xd9}},
      {"cwde", {0x98}},
      {"andn", {0xc4, 0xe2, 0xe8, 0xf2, 0xc1}},
      {"xbegin", {0xc7, 0xf8, 0, 0, 0, 0}},
      {"rdsspq rax", {0xf3, 0x48, 0x0f, 0x1e, 0xc8}},
      {"push es (not in 64-bit mode)", {0x06}},
      {"a lone REX", {0x48}},
      {"a call cut short", {0xe8, 0x00, 0x00}},
      {"nothing", {}},
  };
  for (const Encoding& encoding : refused) {
    const auto instruction = decoded(encoding.bytes);
    EXPECT_FALSE(instruction) << encoding.text << " was taken for " << instruction->text;
    if (!instruction) {
      EXPECT_EQ(instruction.error().address, address);
      EXPECT_FALSE(instruction.error().reason.empty()) << encoding.text;
    }
  }
}

TEST(instruction, an_error_names_the_address_and_the_instruction) {
  const auto instruction = decoded({0xf0, 0x01, 0x00});
  ASSERT_FALSE(instruction);
  EXPECT_EQ(message(instruction.error()),
            "0x401000: lock add dword ptr [rax], eax: prefix f0 is not modelled");
}

TEST(instruction, every_padding_nop_is_read) {
  for (const std::vector<unsigned>& bytes : std::vector<std::vector<unsigned>>{
           {0x90},
           {0x66, 0x90},
           {0x0f, 0x1f, 0x00},
           {0x0f, 0x1f, 0x40, 0x00},
           {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
           {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0},
           {0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0}}) {
    const auto instruction = decoded(bytes);
    ASSERT_TRUE(instruction) << message(instruction.error());
    EXPECT_EQ(instruction->operation, Operation::nop);
    EXPECT_EQ(instruction->length, bytes.size());
    EXPECT_TRUE(instruction->operands.empty());
  }
}

TEST(instruction, a_direct_target_is_absolute) {
  const auto call = decoded({0xe8, 0xfb, 0xff, 0xff, 0xff});
  ASSERT_TRUE(call) << message(call.error());
  EXPECT_EQ(call->operation, Operation::call);
  EXPECT_EQ(std::get<Immediate>(call->operands.at(0)).value, address);
  ASSERT_TRUE(call->relative);
  EXPECT_EQ(call->relative->offset, 1);
  EXPECT_EQ(call->relative->bytes, 4);
  EXPECT_EQ(call->relative->target, address);
}

TEST(instruction, a_rip_relative_operand_is_absolute) {
  // mov dword ptr [rip + 0x10], 0xffffffff: the distance counts from the end, after the immediate.
  const auto mov = decoded({0xc7, 0x05, 0x10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff});
  ASSERT_TRUE(mov) << message(mov.error());
  const auto& memory = std::get<MemoryOperand>(mov->operands.at(0));
  EXPECT_FALSE(memory.base || memory.index);
  EXPECT_EQ(memory.displacement, address + 10 + 0x10);
  EXPECT_EQ(memory.bytes, 4);
  EXPECT_EQ(mov->relative->offset, 2);
  EXPECT_EQ(mov->relative->target, memory.displacement);
}

TEST(instruction, a_condition_and_its_negation_are_neighbours) {
  for (unsigned code = 0; code < 16; ++code) {
    const auto jump = decoded({0x70 + code, 0x00});
    const auto move = decoded({0x0f, 0x40 + code, 0xc1});
    const auto set = decoded({0x0f, 0x90 + code, 0xc1});
    ASSERT_TRUE(jump && move && set);
    EXPECT_EQ(jump->condition, static_cast<Condition>(code));
    EXPECT_EQ(move->condition, static_cast<Condition>(code));
    EXPECT_EQ(set->condition, static_cast<Condition>(code));
  }
}

}  // namespace
}  // namespace fiberproof::verify
