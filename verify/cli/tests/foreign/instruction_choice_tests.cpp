// One trampoline in the instructions that other compilers, linkers or people would choose, and with
// data between them: the right ones are proved, and wrong ones are not.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::size_t theorems_of_a_start = 21;

// The prefix BND as a byte: binutils 2.43 and later have no name for it.
const std::string bnd = ".byte 0xf2; ";

// The parts of the trampoline `trap`.
struct Start {
  std::string first = "";
  std::string call = "call engine_fiber_start";
  std::string payload = "testb %al, %al; sete %al; movzbl %al, %edi; shlq $34, %rdi";
  std::string restore = "movq 8(%rbp), %rsi; movq -8(%rbp), %rsp; movq (%rbp), %rbp";
  std::string jump = "jmp *%rsi";
  std::string behind = "";
};

class instruction_choice : public testing::Test {
 protected:
  Outcome prove(const Start& start) const {
    const std::string path = folder_.path() + "/start";
    std::ofstream(path + ".s") << ".text\n.globl engine_start\n.type engine_start, @function\n"
                                  "engine_start:\n"
                               << start.first << "\npopq %rcx; popq %rdx; popq %rsi; popq %rdi\n"
                               << start.call << "\n"
                               << start.payload << "\n"
                               << start.restore << "\n"
                               << start.jump << "\n"
                               << start.behind << "\n.size engine_start, . - engine_start\n";
    EXPECT_EQ(outcome_of({FIBERPROOF_AS, "--64", "-o", path + ".o", path + ".s"}).exit_code, 0);
    return outcome_of(
        {FIBERPROOF_COMMAND, "prove", "--object", path + ".o", "--symbol", "start=engine_start"});
  }

  void expect_proved(const Start& start, const std::string& what) const {
    const Outcome outcome = prove(start);
    EXPECT_EQ(outcome.exit_code, 0) << what << "\n" << outcome.text();
    EXPECT_EQ(outcome.count("proved   continuation_start/"), theorems_of_a_start) << what << "\n"
                                                                                  << outcome.text();
  }

  void expect_not_proved(const Start& start, const std::string& what, std::string_view says) const {
    const Outcome outcome = prove(start);
    EXPECT_NE(outcome.exit_code, 0) << what;
    EXPECT_LT(outcome.count("proved   continuation_start/"), theorems_of_a_start) << what;
    EXPECT_NE(outcome.text().find(says), std::string::npos) << what << "\n" << outcome.text();
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(instruction_choice, every_way_to_make_the_payload_is_proved) {
  for (const std::string payload : {
           "xorl %edi, %edi; testb %al, %al; jne 1f; btsq $34, %rdi; 1:",
           "xorl %edi, %edi; testb %al, %al; jne 1f; movl $34, %ecx; btcq %rcx, %rdi; 1:",
           "movabsq $0x400000000, %rdi; testb %al, %al; je 1f; btrq $34, %rdi; 1:",
           "xorl %edi, %edi; testb %al, %al; setz %dil; rolq $34, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; rorq $30, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; movl $34, %ecx; shlq %cl, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; movb $-30, %cl; rolq %cl, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; movl $34, %ecx; shlxq %rcx, %rdi, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; rorxq $30, %rdi, %rdi",
           "xorl %edi, %edi; xorl %ecx, %ecx; testb %al, %al; setz %cl; shldq $34, %rcx, %rdi; "
           "movq %rcx, %rdi; shlq $34, %rdi",
           "testb %al, %al; sete %ah; movzbl %ah, %edi; shlq $34, %rdi",
           "testb %al, %al; lahf; shrl $14, %eax; andl $1, %eax; movq %rax, %rdi; shlq $34, %rdi",
           "xorl %edi, %edi; movabsq $0x400000000, %rcx; testb %al, %al; cmoveq %rcx, %rdi",
           "movabsq $0x400000000, %rcx; cmpb $1, %al; sbbq %rdi, %rdi; andq %rcx, %rdi",
           "movabsq $0x400000000, %rcx; negb %al; sbbq %rdi, %rdi; andnq %rcx, %rdi, %rdi",
           "movzbl %al, %edi; lzcntl %edi, %edi; shrl $5, %edi; shlq $34, %rdi",
           "movzbl %al, %edi; tzcntl %edi, %edi; shrl $5, %edi; shlq $34, %rdi",
           "movzbl %al, %edi; popcntl %edi, %edi; cmpl $1, %edi; sbbl %edi, %edi; negl %edi; "
           "shlq $34, %rdi",
           "movzbl %al, %eax; orl $256, %eax; bsfl %eax, %edi; shrl $3, %edi; shlq $34, %rdi",
           "movzbw %al, %di; cmpw $1, %di; sbbw %di, %di; movzwl %di, %edi; andl $1, %edi; "
           "shlq $34, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; shlq $26, %rdi; bswapq %rdi",
           "vzeroupper; testb %al, %al; sete %al; movzbl %al, %edi; shlq $34, %rdi",
           "pause; lfence; cmc; testb %al, %al; sete %al; movzbl %al, %edi; shlq $34, %rdi",
       }) {
    Start start;
    start.payload = payload;
    expect_proved(start, payload);
  }
}

TEST_F(instruction_choice, a_wrong_payload_is_refuted_whatever_makes_it) {
  for (const std::string payload : {
           "xorl %edi, %edi; testb %al, %al; jne 1f; btsq $33, %rdi; 1:",
           "xorl %edi, %edi; testb %al, %al; setz %dil; rolq $33, %rdi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; movl $34, %ecx; shll %cl, %edi",
           "xorl %edi, %edi; testb %al, %al; setz %dil; rorxq $34, %rdi, %rdi",
           "movzbl %al, %edi; lzcntl %edi, %edi; shrl $4, %edi; shlq $34, %rdi",
           // Undefined if AL is 0, whatever this CPU does.
           "movzbl %al, %eax; xorl %edi, %edi; bsfl %eax, %edi; cmpb $1, %al; sbbl %eax, %eax; "
           "andl %eax, %edi; testl %edi, %edi; sete %dil; andb %al, %dil; movzbl %dil, %edi; "
           "shlq $34, %rdi",
       }) {
    Start start;
    start.payload = payload;
    expect_not_proved(start, payload, "refuted  continuation_start/T5.payload");
  }
}

TEST_F(instruction_choice, skips_a_prefix_without_effect) {
  const std::string payload = Start{}.payload;
  const std::string restore = Start{}.restore;
  const std::vector<Start> all = {
      {.call = ".byte 0x67; call engine_fiber_start"},
      {.call = ".byte 0x66, 0x66, 0x48; call engine_fiber_start"},
      {.call = bnd + "call engine_fiber_start"},
      {.jump = "notrack jmp *%rsi"},
      {.jump = bnd + "jmp *%rsi"},
      {.jump = ".byte 0x2e; jmp *%rsi"},
      {.payload =
           ".byte 0x67, 0x66, 0x90, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0; " + payload},
      {.payload = payload, .restore = ".byte 0x3e; " + restore},
      {.payload = payload, .restore = ".byte 0x36; " + restore},
      {.first = "endbr64; nopl 0x12345678(%rax)"},
      {.payload = "xorl %edi, %edi; testb %al, %al; jne,pt 1f; .byte 0x66; btsq $34, %rdi; 1:"},
  };
  for (const Start& start : all) {
    expect_proved(start, start.first + start.call + start.payload + start.restore + start.jump);
  }
}

// Each would be proved if the prefix were skipped.
TEST_F(instruction_choice, does_not_skip_a_prefix_with_an_effect) {
  expect_not_proved({.restore = "movq 8(%ebp), %rsi; movq -8(%rbp), %rsp; movq (%rbp), %rbp"}, "67",
                    "every_access_is_in_its_region");
  expect_not_proved({.restore = "movq %fs:8(%rbp), %rsi; movq -8(%rbp), %rsp; movq (%rbp), %rbp"},
                    "64", "refuted  continuation_start/every_access_is_in_its_region");
  expect_not_proved({.restore = ".byte 0x65; movq 8(%rbp), %rsi; movq -8(%rbp), %rsp; "
                                "movq (%rbp), %rbp"},
                    "65", "prefix 65 (the segment GS) is not modelled");
  expect_not_proved({.call = ".byte 0x66; call engine_fiber_start"}, "66", "prefix 66 (");
  expect_not_proved({.payload = "lock addq $0, (%rsp); testb %al, %al; sete %al; "
                                "movzbl %al, %edi; shlq $34, %rdi"},
                    "f0", "prefix f0 (lock) is not modelled");
}

TEST_F(instruction_choice, skips_data_that_no_path_executes) {
  const std::string payload = Start{}.payload;
  const std::vector<Start> all = {
      {.behind = ".byte 6, 7; .asciz \"engine trampoline 3\""},
      {.behind = ".p2align 3; .quad engine_start, elsewhere"},
      {.behind = "1: .long engine_start - 1b, 1b - engine_start, elsewhere - 1b; .byte 0x06"},
      {.behind = ".byte 0xe8, 0x00"},           // a call that would end outside
      {.behind = ".byte 0x64, 0x48, 0x8b, 4"},  // the start of a load by FS
      {.first = "jmp 1f; .asciz \"version\"; 1:"},
      {.first = "jmp 1f; .byte 0x48, 0xb8; 1:"},  // a sweep would read one long mov there
      {.first = "jmp 1f; .byte 6; 1:"},
      {.payload = "jmp 1f; .byte 0xe8; 1: " + payload},
      // A jump into the middle of an instruction: mov eax, imm32 contains jmp +2.
      {.first = "jmp 1f + 1; 1: .byte 0xb8, 0xeb, 0x02, 0x06, 0x06"},
      // Both sides of the branch lead through the same bytes.
      {.first = "testb %al, %al; je 1f + 1; 1: .byte 0x48, 0x90"},
  };
  for (const Start& start : all) {
    expect_proved(start, start.first + start.payload + start.behind);
  }
}

TEST_F(instruction_choice, names_the_place_of_executed_data) {
  expect_not_proved({.first = ".byte 6"}, "at once", "engine_start+0x0: 06 59 5a 5e 5f e8");
  expect_not_proved({.payload = "testb %al, %al; je 1f; .byte 0x06; 1: " + Start{}.payload},
                    "one way", "not an instruction");
  expect_not_proved({.first = "nop; movups %xmm0, -64(%rsp)"}, "no data, but as clear",
                    "engine_start+0x1: movups xmmword ptr [rsp-0x40], xmm0: movups is not "
                    "modelled: see README, Limits");
}

}  // namespace
}  // namespace fiberproof::verify
