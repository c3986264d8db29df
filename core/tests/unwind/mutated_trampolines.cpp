#include "core/tests/unwind/mutated_trampolines.hpp"

// SPEC.md, Stack layout, on its own: with RBP = TOS - 0x10 the control context is rsp at RBP - 8,
// rbp at RBP, rip at RBP + 8. In an expression 0x76 is DW_OP_breg6 (RBP), 0x78 is -8 and 0x06 is
// DW_OP_deref.
#define RULES_BY_RBP                          \
  ".cfi_escape 0x0f, 3, 0x76, 0x78, 0x06\n\t" \
  ".cfi_escape 0x10, 6, 2, 0x76, 0\n\t"       \
  ".cfi_escape 0x10, 16, 2, 0x76, 8\n\t"

#define RULES_AT_THE_JUMP   \
  ".cfi_def_cfa rsp, 0\n\t" \
  ".cfi_same_value rbp\n\t" \
  ".cfi_register rip, rsi\n\t"

#define RULES_OF_A_FUNCTION  \
  ".cfi_def_cfa rbp, 16\n\t" \
  ".cfi_offset rbp, -16\n\t"

#define BEGIN_RULES ".cfi_startproc\n\t.cfi_signal_frame\n\t"
#define END_RULES ".cfi_endproc\n\t"

// The instructions of the trampoline, with a return payload whatever has happened.
// clang-format off
#define TRAMPOLINE(name, rules_at_entry, rules_before_the_last_load, rules_at_the_jump, end_rules) \
  asm(".pushsection .text\n\t"                                                                     \
      ".intel_syntax noprefix\n\t"                                                                 \
      ".globl " name "\n\t"                                                                        \
      ".type " name ", @function\n"                                                                \
      name ":\n\t"                                                                                 \
      rules_at_entry                                                                               \
      "pop rcx\n\t"                                                                                \
      "pop rdx\n\t"                                                                                \
      "pop rsi\n\t"                                                                                \
      "pop rdi\n\t"                                                                                \
      "call fiberproof_fiber_start\n\t"                                                            \
      "mov edi, 0\n\t"                                                                             \
      "mov rsi, [rbp + 8]\n\t"                                                                     \
      "mov rsp, [rbp - 8]\n\t"                                                                     \
      rules_before_the_last_load                                                                   \
      "mov rbp, [rbp]\n\t"                                                                         \
      rules_at_the_jump                                                                            \
      "jmp rsi\n\t"                                                                                \
      "ud2\n\t"                                                                                    \
      end_rules                                                                                    \
      ".size " name ", . - " name "\n\t"                                                           \
      ".att_syntax prefix\n\t"                                                                     \
      ".popsection")
// clang-format on

TRAMPOLINE("fiberproof_unwind_trampoline_without_rules", "", "", "", "");
TRAMPOLINE("fiberproof_unwind_trampoline_with_frame_pointer_rules", BEGIN_RULES RULES_OF_A_FUNCTION,
           "", RULES_AT_THE_JUMP, END_RULES);
TRAMPOLINE("fiberproof_unwind_trampoline_with_stale_rules", BEGIN_RULES RULES_BY_RBP, "", "",
           END_RULES);
TRAMPOLINE("fiberproof_unwind_trampoline_with_early_rules", BEGIN_RULES RULES_BY_RBP,
           RULES_AT_THE_JUMP, "", END_RULES);
