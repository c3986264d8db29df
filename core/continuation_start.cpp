// The two entry trampolines. They are written inside functions that are never called, because only
// there does inline assembly take operands: every displacement is an offset from layout.hpp, and
// the bytes are the same with and without sanitizers, coverage and optimisation.
//
// On entry (T1), after a switch to a stack that initialize laid out:
//
//    RBP -> [control context].rbp     RSP -> return_value_count, args, caller_vmctx, func_ref
//
// At the call (T2), with RSP just below the args buffer:
//
//    RDI func_ref   RSI caller_vmctx   RDX args   RCX return_value_count
//
// While the continuation runs, [RBP] and [RBP+8] are the parent's RBP and resume address: a link of
// the frame-pointer chain (T3). RBP is callee-saved, so it still points there after the call.
//
// Call frame information (T7): the caller of the trampoline is whoever the control context names,
// so the canonical frame address is the saved RSP, by way of RBP, and RBP and RIP are saved beside
// it. Once RBP itself is the parent's, RSP already is too and the resume address is in RSI. A
// switch keeps no other register (S4), so those that a call would preserve are undefined in the
// parent. Marked as a signal frame: the resume address is exact, not one past a call. The first
// rule adds 0, or libunwind's fast walk takes it for the rule of a stack that GCC realigned, whose
// return address is elsewhere.
#include "core/continuation_start.hpp"

#include "core/control_effect.hpp"
#include "core/fiber_start.hpp"
#include "core/layout.hpp"

#include <cstddef>

// DWARF 5, 6.4.2 and 2.5: operands of call frame instructions, by their numbers there and in the
// psABI's register table (figure 3.36). SLEB128 of a number in −64 … 63 is its low seven bits.
#define CFA_IS_SAVED_RSP                                                                      \
  ".cfi_escape 0x0f, 5, 0x76, %c[rsp] & 0x7f, 0x23, 0, 0x06\n\t" /* CFA = *(RBP + rsp + 0) */ \
  ".cfi_escape 0x10, 6, 2, 0x76, %c[rbp] & 0x7f\n\t"             /* RBP is at RBP + rbp */    \
  ".cfi_escape 0x10, 16, 2, 0x76, %c[rip] & 0x7f\n\t"            /* RIP is at RBP + rip */

#define CFA_IS_RSP          \
  ".cfi_def_cfa rsp, 0\n\t" \
  ".cfi_same_value rbp\n\t" \
  ".cfi_register rip, rsi\n\t"

#define ONLY_RSP_AND_RBP_ARE_KEPT \
  ".cfi_undefined rbx\n\t"        \
  ".cfi_undefined r12\n\t"        \
  ".cfi_undefined r13\n\t"        \
  ".cfi_undefined r14\n\t"        \
  ".cfi_undefined r15\n\t"

#define BEGIN_TRAMPOLINE(name)                          \
  ".pushsection fiberproof_text, \"ax\", @progbits\n\t" \
  ".intel_syntax noprefix\n\t"                          \
  ".balign 16\n\t"                                      \
  ".globl " name                                        \
  "\n\t"                                                \
  ".type " name ", @function\n" name                    \
  ":\n\t"                                               \
  ".cfi_startproc\n\t"                                  \
  ".cfi_signal_frame\n\t" ONLY_RSP_AND_RBP_ARE_KEPT CFA_IS_SAVED_RSP

#define TAKE_LAUNCH_WORDS                \
  "pop rcx\n\t" /* return_value_count */ \
  "pop rdx\n\t" /* args */               \
  "pop rsi\n\t" /* caller_vmctx */       \
  "pop rdi\n\t" /* func_ref */

// The control context as it is now: it may name another parent than the one of the start (T4). RBP
// comes last, for it is the base of the other two loads.
#define LEAVE_FOR_PARENT         \
  "mov rsi, [rbp + %c[rip]]\n\t" \
  "mov rsp, [rbp + %c[rsp]]\n\t" \
  "mov rbp, [rbp + %c[rbp]]\n\t" CFA_IS_RSP "jmp rsi\n\t"

#define END_TRAMPOLINE(name)  \
  "ud2\n\t"                   \
  ".cfi_endproc\n\t"          \
  ".size " name ", . - " name \
  "\n\t"                      \
  ".att_syntax prefix\n\t"    \
  ".popsection\n\t"

#define TRAMPOLINE_OPERANDS                            \
  [rsp] "i"(::fiberproof::rsp_from_frame_pointer),     \
      [rbp] "i"(::fiberproof::rbp_from_frame_pointer), \
      [rip] "i"(::fiberproof::rip_from_frame_pointer)

namespace fiberproof {

static_assert(offsetof(LaunchWords, return_value_count) == 0 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, args) == 1 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, caller_vmctx) == 2 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, func_ref) == 3 * sizeof(std::uint64_t),
              "TAKE_LAUNCH_WORDS pops the words in the order of the struct");
static_assert(rsp_from_frame_pointer >= -64 && rip_from_frame_pointer < 64,
              "the displacements are one SLEB128 byte each in the call frame information");

namespace {

constexpr auto return_effect = static_cast<std::uint32_t>(ControlEffect::Discriminant::return_);
constexpr std::uint64_t return_payload = encode({ControlEffect::Discriminant::return_});
constexpr auto trap_effect = static_cast<std::uint32_t>(ControlEffect::Discriminant::trap);

[[gnu::used, gnu::noinline]] void emit_continuation_start() {
  asm volatile(BEGIN_TRAMPOLINE("fiberproof_continuation_start") TAKE_LAUNCH_WORDS
               "call fiberproof_fiber_start\n\t"
               "mov ecx, %c[return_effect]\n\t"
               "mov edi, %c[trap_effect]\n\t"
               "test al, al\n\t"
               "cmovne edi, ecx\n\t"  // T5: Return where fiber_start returned true, else Trap
               "shl rdi, %c[effect_shift]\n\t" LEAVE_FOR_PARENT END_TRAMPOLINE(
                   "fiberproof_continuation_start")
               :
               : TRAMPOLINE_OPERANDS, [return_effect] "i"(return_effect),
                 [trap_effect] "i"(trap_effect), [effect_shift] "i"(discriminant_shift));
}

[[gnu::used, gnu::noinline]] void emit_continuation_start_v44() {
  asm volatile(BEGIN_TRAMPOLINE("fiberproof_continuation_start_v44") TAKE_LAUNCH_WORDS
               "call fiberproof_fiber_start_v44\n\t"
               "mov edi, %c[return_payload]\n\t"  // T5, revision v44: Return whatever has happened
               LEAVE_FOR_PARENT END_TRAMPOLINE("fiberproof_continuation_start_v44")
               :
               : TRAMPOLINE_OPERANDS, [return_payload] "i"(return_payload));
}

}  // namespace
}  // namespace fiberproof
