// The registers that instructions read and write, and how control leaves them.
#include "verify/x86/instruction_effects.hpp"

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

std::vector<std::byte> code_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::byte> code;
  for (const std::uint8_t byte : bytes) code.push_back(std::byte(byte));
  return code;
}

InstructionEffects effects_of(const std::vector<std::uint8_t>& bytes) {
  const auto effects = effects_at(0x1000, code_of(bytes));
  EXPECT_TRUE(effects);
  return effects.value_or(InstructionEffects{});
}

// The first of some registers that one instruction leaves unwritten.
std::string left_of(const RegisterParts& stale, const std::vector<std::uint8_t>& bytes) {
  return (stale - effects_of(bytes).writes).first_name();
}

TEST(instruction_effects, names_what_is_read) {
  struct Case {
    std::vector<std::uint8_t> bytes;
    const char* read;
  };
  for (const Case& one : std::vector<Case>{
           {{0x48, 0x89, 0xd8}, "rbx"},              // mov rax, rbx
           {{0x48, 0x8b, 0x00}, "rax"},              // mov rax, [rax]
           {{0x48, 0x31, 0xc0}, ""},                 // xor rax, rax
           {{0x48, 0x31, 0xd8}, "rax"},              // xor rax, rbx
           {{0x48, 0x29, 0xdb}, ""},                 // sub rbx, rbx
           {{0x48, 0x19, 0xdb}, "CF"},               // sbb rbx, rbx
           {{0x0f, 0x94, 0xc0}, "ZF"},               // setz al
           {{0x0f, 0x29, 0x1f}, "rdi"},              // movaps [rdi], xmm3
           {{0x66, 0x0f, 0xef, 0xdb}, ""},           // pxor xmm3, xmm3
           {{0xc5, 0xe5, 0xef, 0xdb}, ""},           // vpxor ymm3, ymm3, ymm3
           {{0xf3, 0x0f, 0x7f, 0x1c, 0x24}, "rsp"},  // movdqu [rsp], xmm3
           {{0x0f, 0x1f, 0x40, 0x00}, ""},           // nop dword [rax]
           {{0xf7, 0xe3}, "rax"},                    // mul ebx
           {{0xd9, 0xe8}, ""},                       // fld1
           {{0x0f, 0x28, 0xc1}, "xmm1"},             // movaps xmm0, xmm1
       }) {
    EXPECT_EQ(effects_of(one.bytes).reads.first_name(), one.read);
  }
}

TEST(instruction_effects, a_part_that_is_not_written_stays) {
  const RegisterParts rax = RegisterParts::named("rax");
  EXPECT_EQ(left_of(rax, {0x48, 0xc7, 0xc0, 1, 0, 0, 0}), "");  // mov rax, 1
  EXPECT_EQ(left_of(rax, {0xb8, 1, 0, 0, 0}), "");              // mov eax, 1: clears the rest
  EXPECT_EQ(left_of(rax, {0x66, 0xb8, 1, 0}), "rax");           // mov ax, 1
  EXPECT_EQ(left_of(rax, {0xb0, 1}), "rax");                    // mov al, 1
  EXPECT_EQ(left_of(rax, {0xb4, 1}), "rax");                    // mov ah, 1
  EXPECT_EQ(left_of(rax, {0x48, 0x0f, 0x44, 0xc3}), "rax");     // cmovz rax, rbx
  EXPECT_EQ(left_of(rax, {0xc5, 0xfd, 0x6f, 0x07}), "rax");     // vmovdqa ymm0, [rdi]
}

TEST(instruction_effects, the_low_part_of_a_vector_is_not_all_of_it) {
  const RegisterParts both = effects_of({0xc5, 0xfd, 0x6f, 0x07}).writes;  // vmovdqa ymm0, [rdi]
  EXPECT_EQ(left_of(both, {0x0f, 0x28, 0xc1}), "ymm0");                    // movaps xmm0, xmm1
  EXPECT_EQ(left_of(both, {0xc5, 0xf8, 0x28, 0xc1}), "");                  // vmovaps xmm0, xmm1
}

TEST(instruction_effects, says_how_control_leaves) {
  using Flow = InstructionEffects::Flow;
  EXPECT_EQ(effects_of({0x90}).flow, Flow::next);
  EXPECT_EQ(effects_of({0xc3}).flow, Flow::returns);
  EXPECT_EQ(effects_of({0x0f, 0x0b}).flow, Flow::stops);  // ud2
  EXPECT_EQ(effects_of({0xcc}).flow, Flow::stops);        // int3
  EXPECT_EQ(effects_of({0xff, 0xe0}).flow, Flow::jump);   // jmp rax
  EXPECT_FALSE(effects_of({0xff, 0xe0}).target);
  const InstructionEffects jump = effects_of({0xeb, 0x02});
  EXPECT_EQ(jump.flow, Flow::jump);
  EXPECT_EQ(jump.target, 0x1004u);
  const InstructionEffects branch = effects_of({0x74, 0xfe});
  EXPECT_EQ(branch.flow, Flow::branch);
  EXPECT_EQ(branch.target, 0x1000u);
  const InstructionEffects call = effects_of({0xe8, 0, 0, 0, 0});
  EXPECT_EQ(call.flow, Flow::call);
  EXPECT_EQ(call.target, 0x1005u);
  EXPECT_FALSE(effects_at(0, code_of({0x06})));  // no instruction in 64-bit mode
}

TEST(instruction_effects, a_call_changes_what_its_callee_may) {
  const RegisterParts changed = RegisterParts::changed_by_calls();
  for (const char* const name : {"rbx", "rbp", "r12", "r15"}) {
    EXPECT_FALSE((changed & RegisterParts::named(name)).any()) << name;
  }
  for (const char* const name : {"rax", "rcx", "r11", "rdi"}) {
    EXPECT_TRUE((changed & RegisterParts::named(name)).any()) << name;
  }
}

// Two readings of an instruction: its operation's, and its operands' (Zydis).
TEST(instruction_effects, every_register_that_changes_is_written) {
  std::mt19937_64 random(1);
  std::size_t instructions = 0;
  for (int round = 0; round < 400'000; ++round) {
    std::vector<std::byte> code(15);
    for (std::byte& byte : code) byte = std::byte(random());
    const auto decoded = decode(0x1000, code);
    if (!decoded) continue;
    ++instructions;
    const auto effects = effects_at(0x1000, code);
    ASSERT_TRUE(effects) << decoded->text;
    RegisterParts changes = effects->changes;
    for (const Register written : written_registers(*decoded)) {
      changes = changes - RegisterParts::of(written);
    }
    for (std::size_t index = 0; index < register_count; ++index) {
      const RegisterParts left = changes & RegisterParts::of(static_cast<Register>(index));
      EXPECT_FALSE(left.any()) << decoded->text << " changes " << left.first_name();
    }
  }
  EXPECT_GT(instructions, 50'000u);
}

TEST(glance, sees_what_a_search_for_switches_needs) {
  const auto seen = [](const std::vector<std::uint8_t>& bytes) { return glance(code_of(bytes)); };
  EXPECT_TRUE(seen({0xff, 0xe0}).is_indirect_jump);              // jmp rax
  EXPECT_TRUE(seen({0xff, 0x25, 0, 0, 0, 0}).is_indirect_jump);  // jmp [rip]
  EXPECT_FALSE(seen({0xeb, 0x00}).is_indirect_jump);
  EXPECT_TRUE(seen({0x48, 0x89, 0xc4}).sets_rsp);         // mov rsp, rax
  EXPECT_TRUE(seen({0x48, 0x8b, 0x65, 0xf8}).sets_rsp);   // mov rsp, [rbp - 8]
  EXPECT_TRUE(seen({0x5c}).sets_rsp);                     // pop rsp
  EXPECT_TRUE(seen({0x48, 0x94}).sets_rsp);               // xchg rsp, rax
  EXPECT_TRUE(seen({0x48, 0x8d, 0x60, 0x08}).sets_rsp);   // lea rsp, [rax + 8]
  EXPECT_FALSE(seen({0x48, 0x89, 0xec}).sets_rsp);        // mov rsp, rbp
  EXPECT_FALSE(seen({0x48, 0x8d, 0x65, 0xd8}).sets_rsp);  // lea rsp, [rbp - 40]
  EXPECT_FALSE(seen({0x48, 0x89, 0x20}).sets_rsp);        // mov [rax], rsp
  EXPECT_FALSE(seen({0x41, 0x5c}).sets_rsp);              // pop r12
  EXPECT_EQ(seen({0x06}).length, 0u);
}

TEST(glance, sees_what_becomes_of_rbp) {
  const auto seen = [](const std::vector<std::uint8_t>& bytes) { return glance(code_of(bytes)); };
  EXPECT_TRUE(seen({0xc9}).takes_rbp);                     // leave
  EXPECT_TRUE(seen({0x48, 0x89, 0xec}).takes_rbp);         // mov rsp, rbp
  EXPECT_TRUE(seen({0x48, 0x8d, 0x65, 0xd8}).takes_rbp);   // lea rsp, [rbp - 40]
  EXPECT_FALSE(seen({0x48, 0x8b, 0x65, 0xf8}).takes_rbp);  // mov rsp, [rbp - 8]: a word
  using Rbp = Glance::Rbp;
  EXPECT_EQ(seen({0x48, 0x89, 0xe5}).rbp, Rbp::of_this_stack);              // mov rbp, rsp
  EXPECT_EQ(seen({0x48, 0x8d, 0x6c, 0x24, 0x10}).rbp, Rbp::of_this_stack);  // lea rbp, [rsp + 16]
  EXPECT_EQ(seen({0x48, 0x8b, 0x6c, 0x24, 0x10}).rbp, Rbp::of_this_stack);  // mov rbp, [rsp + 16]
  EXPECT_EQ(seen({0x5d}).rbp, Rbp::of_this_stack);                          // pop rbp
  EXPECT_EQ(seen({0x48, 0x8b, 0x6f, 0x08}).rbp, Rbp::of_another_word);      // mov rbp, [rdi + 8]
  EXPECT_EQ(seen({0x48, 0x89, 0xf5}).rbp, Rbp::of_another_word);            // mov rbp, rsi
  EXPECT_EQ(seen({0x48, 0x95}).rbp, Rbp::of_another_word);                  // xchg rbp, rax
  EXPECT_EQ(seen({0x55}).rbp, Rbp::unchanged);                              // push rbp
  EXPECT_EQ(seen({0x49, 0x89, 0xf5}).rbp, Rbp::unchanged);                  // mov r13, rsi
}

}  // namespace
}  // namespace fiberproof::verify
