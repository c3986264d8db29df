#include "verify/x86/instruction.hpp"

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

TEST(instruction, rejects_what_is_not_modelled) {
  const std::vector<Encoding> refused = {
      {"lock add [rax], eax", {0xf0, 0x01, 0x00}},
      {"lock xchg [rax], rcx", {0xf0, 0x48, 0x87, 0x08}},
      {"xrelease mov [rax], eax", {0xf3, 0x89, 0x00}},
      {"xacquire lock add [rax], eax", {0xf2, 0xf0, 0x01, 0x00}},
      {"mov rax, fs:[rax] behind cs", {0x64, 0x2e, 0x48, 0x8b, 0x00}},
      {"mov rax, fs:[rax] before cs", {0x2e, 0x64, 0x48, 0x8b, 0x00}},
      {"lea rax, fs:[rax]", {0x64, 0x48, 0x8d, 0x00}},
      {"add rax, rcx behind fs", {0x64, 0x48, 0x01, 0xc8}},
      {"push rax behind fs", {0x64, 0x50}},
      {"jne behind fs", {0x64, 0x75, 0x00}},
      {"mov rax, [rax] behind fs and gs", {0x64, 0x65, 0x48, 0x8b, 0x00}},
      {"lea rax, [eip + 1]", {0x67, 0x48, 0x8d, 0x05, 1, 0, 0, 0}},
      {"mov rax, [eip + 1]", {0x67, 0x48, 0x8b, 0x05, 1, 0, 0, 0}},
      {"add cl, [r15d*8 + disp32]", {0x67, 0x43, 0x02, 0x0c, 0xfd, 0xd7, 0xe4, 0x65, 0x14}},
      {"lea eax, [ecx*4 + disp32]", {0x67, 0x8d, 0x04, 0x8d, 0, 0, 0, 0}},
      {"popcnt behind VEX", {0xc4, 0x41, 0xfa, 0xb8, 0xd7}},
      {"lzcnt behind VEX", {0xc4, 0x01, 0x7a, 0xbd, 0xf2}},
      {"movsxd ax, [rax]", {0x66, 0x63, 0x00}},
      {"data16 jmp", {0x66, 0xe9, 0, 0, 0, 0}},
      {"data16 jne", {0x66, 0x75, 0}},
      {"data16 ret", {0x66, 0xc3}},
      {"data16 jmp rax", {0x66, 0xff, 0xe0}},
      {"data16 leave", {0x66, 0xc9}},
      {"push ax", {0x66, 0x50}},
      {"pop ax", {0x66, 0x58}},
      {"push imm8 of 16 bits", {0x66, 0x6a, 0x01}},
      {"data16 endbr64", {0x66, 0xf3, 0x0f, 0x1e, 0xfa}},
      {"rep add eax, ecx", {0xf3, 0x01, 0xc8}},
      {"bsf or tzcnt, by which prefix counts", {0xf2, 0xf3, 0x0f, 0xbc, 0xc1}},
      {"bt [rax], ecx: another word", {0x0f, 0xa3, 0x08}},
      {"bts [rax], rcx: another word", {0x48, 0x0f, 0xab, 0x08}},
      {"shld ax, cx, 1", {0x66, 0x0f, 0xa4, 0xc8, 0x01}},
      {"bswap ax", {0x66, 0x0f, 0xc8}},
      {"cmpxchg [rax], ecx", {0x0f, 0xb1, 0x08}},
      {"rep stosq", {0xf3, 0x48, 0xab}},
      {"hlt", {0xf4}},
      {"pdep", {0xc4, 0xe2, 0xf3, 0xf5, 0xc1}},
      {"crc32 eax, ecx", {0xf2, 0x0f, 0x38, 0xf1, 0xc1}},
      {"vmovups ymm0, [rax]", {0xc5, 0xfc, 0x10, 0x00}},
      {"mov rax, gs:[rax]", {0x65, 0x48, 0x8b, 0x00}},
      {"rep movsb", {0xf3, 0xa4}},
      {"repne scasb", {0xf2, 0xae}},
      {"movq xmm0, rax", {0x66, 0x48, 0x0f, 0x6e, 0xc0}},
      {"movups xmm0, [rax]", {0x0f, 0x10, 0x00}},
      {"push imm16", {0x66, 0x68, 0x01, 0x02}},
      {"div rcx", {0x48, 0xf7, 0xf1}},
      {"ret 8", {0xc2, 0x08, 0x00}},
      {"retf", {0xcb}},
      {"jmp far [rax]", {0xff, 0x28}},
      {"rex.w call far [rax]", {0x48, 0xff, 0x18}},
      {"data16 call", {0x66, 0xe8, 0, 0, 0, 0}},
      {"jrcxz", {0xe3, 0x00}},
      {"loop", {0xe2, 0x00}},
      {"enter", {0xc8, 0, 0, 0}},
      {"pushfq", {0x9c}},
      {"popfq", {0x9d}},
      {"vldmxcsr [rax]", {0xc5, 0xf8, 0xae, 0x10}},
      {"fstcw [rax]", {0x9b, 0xd9, 0x38}},
      {"data16 fldcw [rax]", {0x66, 0xd9, 0x28}},
      {"data16 fldenv [rax]: of 14 bytes", {0x66, 0xd9, 0x20}},
      {"data16 fnstenv [rax]", {0x66, 0xd9, 0x30}},
      {"fninit", {0xdb, 0xe3}},
      {"fxrstor [rax]", {0x0f, 0xae, 0x08}},
      {"xrstor [rax]", {0x0f, 0xae, 0x28}},
      {"data16 syscall", {0x66, 0x0f, 0x05}},
      {"sysenter", {0x0f, 0x34}},
      {"push fs", {0x0f, 0xa0}},
      {"mov cr0, rax", {0x0f, 0x22, 0xc0}},
      {"mov ds, eax", {0x8e, 0xd8}},
      {"movsxd r32, r32", {0x63, 0xd9}},
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
  EXPECT_EQ(
      message(instruction.error()),
      "0x401000: lock add dword ptr [rax], eax: prefix f0 (lock) is not modelled: see README, "
      "Limits");
}

// None of these changes an instruction's effect, on any processor: SDM vol. 2, 2.1.1; AMD vol. 3,
// 1.2. Linkers write 67 and 66 to fill the space of a longer instruction, compilers 3e and f2.
TEST(instruction, skips_a_prefix_without_effect) {
  struct Prefixed {
    const char* text;
    std::vector<unsigned> bytes;
    std::size_t prefixes;  // without them, the instruction is the same
  };
  const std::vector<Prefixed> all = {
      {"addr32 call", {0x67, 0xe8, 0, 0, 0, 0}, 1},
      {"addr32 jmp", {0x67, 0xe9, 0, 0, 0, 0}, 1},
      {"addr32 jne", {0x67, 0x75, 0}, 1},
      {"addr32 ret", {0x67, 0xc3}, 1},
      {"addr32 push rax", {0x67, 0x50}, 1},
      {"addr32 add eax, ecx", {0x67, 0x01, 0xc8}, 1},
      {"data16 data16 rex.w call", {0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0}, 3},
      {"data16 rex.w lea rdi, [rip]", {0x66, 0x48, 0x8d, 0x3d, 0, 0, 0, 0}, 1},
      {"data16 rex.w mov rax, rbx", {0x66, 0x48, 0x89, 0xd8}, 1},
      {"data16 mov al, bl", {0x66, 0x88, 0xd8}, 1},
      {"rex jmp rax", {0x48, 0xff, 0xe0}, 1},
      {"rex ret", {0x40, 0xc3}, 1},
      {"rex.w pop rbp", {0x48, 0x5d}, 1},
      {"two rex", {0x41, 0x48, 0x01, 0xc8}, 1},
      {"ds mov rax, [rbp]", {0x3e, 0x48, 0x8b, 0x45, 0x00}, 1},
      {"cs mov rax, [rbp]", {0x2e, 0x48, 0x8b, 0x45, 0x00}, 1},
      {"ss es mov rax, [rbp]", {0x36, 0x26, 0x48, 0x8b, 0x45, 0x00}, 2},
      {"notrack jmp rax", {0x3e, 0xff, 0xe0}, 1},
      {"notrack call rax", {0x3e, 0xff, 0xd0}, 1},
      {"notrack jmp [rax]", {0x3e, 0xff, 0x20}, 1},
      {"bnd jmp", {0xf2, 0xe9, 0, 0, 0, 0}, 1},
      {"bnd jmp rax", {0xf2, 0xff, 0xe0}, 1},
      {"bnd call", {0xf2, 0xe8, 0, 0, 0, 0}, 1},
      {"bnd jne", {0xf2, 0x75, 0}, 1},
      {"bnd ret", {0xf2, 0xc3}, 1},
      {"rep ret", {0xf3, 0xc3}, 1},
      {"jne, not taken", {0x2e, 0x75, 0x00}, 1},
      {"jne, taken", {0x3e, 0x75, 0x00}, 1},
      {"bnd notrack jmp rax", {0xf2, 0x3e, 0xff, 0xe0}, 2},
  };
  for (const Prefixed& one : all) {
    const auto plain =
        decoded({one.bytes.begin() + static_cast<std::ptrdiff_t>(one.prefixes), one.bytes.end()});
    const auto instruction = decoded(one.bytes);
    ASSERT_TRUE(plain && instruction)
        << one.text << ": "
        << (instruction ? message(plain.error()) : message(instruction.error()));
    EXPECT_EQ(instruction->operation, plain->operation) << one.text;
    EXPECT_EQ(instruction->condition, plain->condition) << one.text;
    EXPECT_EQ(instruction->bytes, plain->bytes) << one.text;
    EXPECT_EQ(instruction->operands.size(), plain->operands.size()) << one.text;
    EXPECT_EQ(instruction->length, one.bytes.size()) << one.text;
    ASSERT_EQ(instruction->relative.has_value(), plain->relative.has_value()) << one.text;
    if (instruction->relative) {
      EXPECT_EQ(instruction->relative->offset, plain->relative->offset + one.prefixes) << one.text;
      EXPECT_EQ(instruction->relative->target, plain->relative->target + one.prefixes) << one.text;
    }
  }
}

// Prefix 67 cuts an address to 32 bits: that is part of the operand.
TEST(instruction, distinguishes_short_and_long_addresses) {
  for (const bool is_short : {true, false}) {
    std::vector<unsigned> bytes = {0x8b, 0x44, 0x91, 0x08};  // mov eax, [rcx + rdx*4 + 8]
    if (is_short) bytes.insert(bytes.begin(), 0x67);
    const auto mov = decoded(bytes);
    ASSERT_TRUE(mov) << message(mov.error());
    const auto& memory = std::get<MemoryOperand>(mov->operands.at(1));
    EXPECT_EQ(memory.is_32_bit, is_short);
    EXPECT_EQ(memory.base, Register::rcx);
    EXPECT_EQ(memory.index, Register::rdx);
    EXPECT_EQ(memory.displacement, 8u);
  }
}

TEST(instruction, reads_the_instructions_of_switches_and_layouts) {
  const std::vector<Encoding> accepted = {
      {"vzeroupper", {0xc5, 0xf8, 0x77}},
      {"vzeroall", {0xc5, 0xfc, 0x77}},
      {"bts rdi, 34", {0x48, 0x0f, 0xba, 0xef, 0x22}},
      {"bt dword [rax], 3", {0x0f, 0xba, 0x20, 0x03}},
      {"btr rdi, rcx", {0x48, 0x0f, 0xb3, 0xcf}},
      {"rol rdi, 34", {0x48, 0xc1, 0xc7, 0x22}},
      {"ror ax, cl", {0x66, 0xd3, 0xc8}},
      {"rcl byte [rax], 1", {0xd0, 0x10}},
      {"shl rdi, cl", {0x48, 0xd3, 0xe7}},
      {"shld rax, rcx, cl", {0x48, 0x0f, 0xa5, 0xc8}},
      {"shlx rax, rcx, rdx", {0xc4, 0xe2, 0xe9, 0xf7, 0xc1}},
      {"rorx rax, rcx, 34", {0xc4, 0xe3, 0xfb, 0xf0, 0xc1, 0x22}},
      {"andn rax, rdx, rcx", {0xc4, 0xe2, 0xe8, 0xf2, 0xc1}},
      {"tzcnt eax, ecx", {0xf3, 0x0f, 0xbc, 0xc1}},
      {"bsr rax, [rcx]", {0x48, 0x0f, 0xbd, 0x01}},
      {"movbe rax, [rcx]", {0x48, 0x0f, 0x38, 0xf0, 0x01}},
      {"mov ax, bx", {0x66, 0x89, 0xd8}},
      {"mov word [rax], imm16", {0x66, 0xc7, 0x00, 0x01, 0x02}},
      {"movzx eax, bh", {0x0f, 0xb6, 0xc7}},
      {"mov ah, bl", {0x88, 0xdc}},
      {"movzx eax, word [rax]", {0x0f, 0xb7, 0x00}},
      {"xchg [rax], rcx", {0x48, 0x87, 0x08}},
      {"xadd [rax], rcx", {0x48, 0x0f, 0xc1, 0x08}},
      {"imul rax (one operand)", {0x48, 0xf7, 0xe8}},
      {"mulx rax, rbx, rcx", {0xc4, 0xe2, 0xe3, 0xf6, 0xc1}},
      {"cwde", {0x98}},
      {"cwd", {0x66, 0x99}},
      {"lahf", {0x9f}},
      {"mov rax, [moffs64]", {0x48, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0}},
      {"lea eax, [ecx]", {0x67, 0x8d, 0x01}},
      {"pause", {0xf3, 0x90}},
      {"ud1 eax, [eax + 2]", {0x67, 0x0f, 0xb9, 0x40, 0x02}},
      {"mov rax, fs:[0x28]", {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}},
      {"push fs:[rax]", {0x64, 0xff, 0x30}},
      {"jmp fs:[rax]", {0x64, 0xff, 0x20}},
      {"fldenv [rax]", {0xd9, 0x20}},
      {"fnstenv [rax]", {0xd9, 0x30}},
      {"syscall", {0x0f, 0x05}},
  };
  for (const Encoding& encoding : accepted) {
    const auto instruction = decoded(encoding.bytes);
    EXPECT_TRUE(instruction) << encoding.text << ": " << message(instruction.error());
    if (instruction) {
      EXPECT_EQ(instruction->length, encoding.bytes.size()) << encoding.text;
    }
  }
}

TEST(instruction, an_error_names_what_is_not_modelled) {
  EXPECT_EQ(message(decoded({0x0f, 0x10, 0x00}).error()),
            "0x401000: movups xmm0, xmmword ptr [rax]: movups is not modelled: see README, Limits");
  EXPECT_EQ(message(decoded({0x66, 0xe8, 0, 0, 0, 0}).error()),
            "0x401000: call 0x0000000000401006: prefix 66 (another width on some processors) is "
            "not modelled: see README, Limits");
  EXPECT_EQ(message(decoded({0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}).error()),
            "0x401000: mov rax, qword ptr gs:[0x0000000000000028]: prefix 65 (the segment GS) is "
            "not modelled: see README, Limits");
}

TEST(instruction, every_padding_nop_is_read) {
  for (const std::vector<unsigned>& bytes : std::vector<std::vector<unsigned>>{
           {0x90},
           {0x66, 0x90},
           {0x0f, 0x1f, 0x00},
           {0x0f, 0x1f, 0x40, 0x00},
           {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
           {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0},
           {0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0},
           {0x0f, 0x1f, 0x80, 0, 0, 0, 0},
           {0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0},
           {0x3e, 0x0f, 0x1f, 0x00},
           {0x67, 0x0f, 0x1f, 0x40, 0x00},
           {0x48, 0x0f, 0x1f, 0xc0},
           {0x67, 0x67, 0x66, 0x90},
           {0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0}}) {
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
