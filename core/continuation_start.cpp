// The two entry trampolines, spelled out: read each from top to bottom.
//
// A trampoline is the first code on a fresh stack and the last on a finished one. No call leads to
// it: a stack_switch enters it on a stack that `initialize` laid out (T1), and its only way out is
// the jump to the parent. Four steps: pop the launch words, call fiber_start, make the payload,
// switch to the parent for good.
//
//   in     RSP -> LaunchWords (return_value_count, args, caller_vmctx, func_ref)
//          RBP -> StackTop::control_context.rbp
//   out    RDI payload (T5)   RSI, RSP, RBP the parent's resume address, RSP and RBP
//   lost   everything else: the parent has kept on its own stack what is live there (S4)
//
// While the continuation runs, [RBP] and [RBP + 8] are the parent's RBP and resume address: a link
// of the frame-pointer chain (T3). RBP is callee-saved, so it still points there after the call.
//
// Call frame information (T7). The caller of a trampoline is the stack that the control context
// names. So the canonical frame address (CFA) is the saved RSP, found through RBP, and RBP and RIP
// are saved beside it. A switch keeps no other register (S4): those that a call would preserve are
// undefined in the parent. The frame is marked as a signal frame, since its resume address is exact
// and not one past a call. Registers and operations are written by their DWARF numbers, because no
// directive has a CFA that is loaded from memory: DWARF 5, 6.4.2 and 2.5, and the psABI's register
// table (figure 3.36). SLEB128 of a number in −64 … 63 is its low seven bits. The CFA adds 0 before
// it loads, or libunwind's fast walk takes the rule for that of a stack which GCC realigned, whose
// return address is elsewhere.
//
// The assembly is inside functions that are never called, because only there does it take operands:
// every displacement is an offset from layout.hpp. Its bytes are the same with and without
// sanitizers, coverage and optimisation.
#include "core/continuation_start.hpp"

#include "core/control_effect.hpp"
#include "core/fiber_start.hpp"
#include "core/layout.hpp"

#include <cstddef>

namespace fiberproof {

static_assert(offsetof(LaunchWords, return_value_count) == 0 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, args) == 1 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, caller_vmctx) == 2 * sizeof(std::uint64_t) &&
                  offsetof(LaunchWords, func_ref) == 3 * sizeof(std::uint64_t),
              "the trampolines pop the launch words in the order of the struct");
static_assert(rsp_from_frame_pointer >= -64 && rip_from_frame_pointer < 64,
              "the displacements are one SLEB128 byte each in the call frame information");

namespace {

constexpr auto return_effect = static_cast<std::uint32_t>(ControlEffect::Discriminant::return_);
constexpr std::uint64_t return_payload = encode({ControlEffect::Discriminant::return_});
constexpr auto trap_effect = static_cast<std::uint32_t>(ControlEffect::Discriminant::trap);

// One instruction or directive a line, each with its reason.
// clang-format off

[[gnu::used, gnu::noinline]] void emit_continuation_start() {
  asm volatile(
      ".pushsection fiberproof_text, \"ax\", @progbits\n\t"
      ".intel_syntax noprefix\n\t"
      ".balign 16\n\t"
      ".globl fiberproof_continuation_start\n\t"
      ".type fiberproof_continuation_start, @function\n"
      "fiberproof_continuation_start:\n\t"

      ".cfi_startproc\n\t"
      ".cfi_signal_frame\n\t"      // the resume address is exact
      ".cfi_undefined rbx\n\t"     // the switch kept RSP and RBP alone
      ".cfi_undefined r12\n\t"
      ".cfi_undefined r13\n\t"
      ".cfi_undefined r14\n\t"
      ".cfi_undefined r15\n\t"
      ".cfi_escape 0x0f, 5, 0x76, %c[rsp] & 0x7f, 0x23, 0, 0x06\n\t"  // CFA = *(RBP + rsp + 0)
      ".cfi_escape 0x10, 6, 2, 0x76, %c[rbp] & 0x7f\n\t"              // RBP is at RBP + rbp
      ".cfi_escape 0x10, 16, 2, 0x76, %c[rip] & 0x7f\n\t"             // RIP is at RBP + rip

      // RSP is this stack's (T1):
      //   RSP  -> LaunchWords::return_value_count    RBP  -> StackTop::control_context.rbp
      "pop rcx\n\t"                // return_value_count
      "pop rdx\n\t"                // args
      "pop rsi\n\t"                // caller_vmctx
      "pop rdi\n\t"                // func_ref

      // RSP is just below the args buffer, a multiple of 16 (T2):
      //   RDI  func_ref    RSI  caller_vmctx    RDX  args    RCX  return_value_count
      "call fiberproof_fiber_start\n\t"  // runs the body; AL is whether it returned

      // RSP and RBP are as before the call. The payload is the effect in the upper half (T5):
      "mov ecx, %c[return_effect]\n\t"   // Return where fiber_start returned true,
      "mov edi, %c[trap_effect]\n\t"     // Trap where it returned false
      "test al, al\n\t"
      "cmovne edi, ecx\n\t"              // no branch: nothing to mispredict
      "shl rdi, %c[effect_shift]\n\t"    // the lower half, a handler's index, is 0

      // To the parent that the control context names now, which may be another than the one of the
      // start (T4). RBP comes last, since it is the base of the other two loads.
      "mov rsi, [rbp + %c[rip]]\n\t"     // the parent's resume address
      "mov rsp, [rbp + %c[rsp]]\n\t"

      // RSP is the parent's. Of this stack only the control context is read any more:
      //   RSP  parent's     RBP  -> StackTop::control_context.rbp, still this stack's
      //   RDI  payload      RSI  parent's resume address
      "mov rbp, [rbp + %c[rbp]]\n\t"

      // All three are the parent's: its frame has been restored, and the CFA is RSP itself.
      ".cfi_def_cfa rsp, 0\n\t"
      ".cfi_same_value rbp\n\t"
      ".cfi_register rip, rsi\n\t"
      "jmp rsi\n\t"                // not ret: the return predictor belongs to calls
      "ud2\n\t"                    // never reached
      ".cfi_endproc\n\t"

      ".size fiberproof_continuation_start, . - fiberproof_continuation_start\n\t"
      ".att_syntax prefix\n\t"
      ".popsection\n\t"
      :
      : [rsp] "i"(rsp_from_frame_pointer),
        [rbp] "i"(rbp_from_frame_pointer),
        [rip] "i"(rip_from_frame_pointer),
        [return_effect] "i"(return_effect),
        [trap_effect] "i"(trap_effect),
        [effect_shift] "i"(discriminant_shift));
}

// As above but for the payload: Wasmtime 44.0.0 reports Return whatever has happened (T5).
[[gnu::used, gnu::noinline]] void emit_continuation_start_v44() {
  asm volatile(
      ".pushsection fiberproof_text, \"ax\", @progbits\n\t"
      ".intel_syntax noprefix\n\t"
      ".balign 16\n\t"
      ".globl fiberproof_continuation_start_v44\n\t"
      ".type fiberproof_continuation_start_v44, @function\n"
      "fiberproof_continuation_start_v44:\n\t"

      ".cfi_startproc\n\t"
      ".cfi_signal_frame\n\t"      // the resume address is exact
      ".cfi_undefined rbx\n\t"     // the switch kept RSP and RBP alone
      ".cfi_undefined r12\n\t"
      ".cfi_undefined r13\n\t"
      ".cfi_undefined r14\n\t"
      ".cfi_undefined r15\n\t"
      ".cfi_escape 0x0f, 5, 0x76, %c[rsp] & 0x7f, 0x23, 0, 0x06\n\t"  // CFA = *(RBP + rsp + 0)
      ".cfi_escape 0x10, 6, 2, 0x76, %c[rbp] & 0x7f\n\t"              // RBP is at RBP + rbp
      ".cfi_escape 0x10, 16, 2, 0x76, %c[rip] & 0x7f\n\t"             // RIP is at RBP + rip

      // RSP is this stack's (T1):
      //   RSP  -> LaunchWords::return_value_count    RBP  -> StackTop::control_context.rbp
      "pop rcx\n\t"                // return_value_count
      "pop rdx\n\t"                // args
      "pop rsi\n\t"                // caller_vmctx
      "pop rdi\n\t"                // func_ref

      // RSP is just below the args buffer, a multiple of 16 (T2):
      //   RDI  func_ref    RSI  caller_vmctx    RDX  args    RCX  return_value_count
      "call fiberproof_fiber_start_v44\n\t"  // runs the body; returns nothing

      // RSP and RBP are as before the call.
      "mov edi, %c[return_payload]\n\t"  // Return, also where the body trapped
      "mov rsi, [rbp + %c[rip]]\n\t"     // the parent's resume address, as the context names it now
      "mov rsp, [rbp + %c[rsp]]\n\t"

      // RSP is the parent's:
      //   RSP  parent's     RBP  -> StackTop::control_context.rbp, still this stack's
      //   RDI  payload      RSI  parent's resume address
      "mov rbp, [rbp + %c[rbp]]\n\t"     // last: the base of the other two loads

      // All three are the parent's: its frame has been restored, and the CFA is RSP itself.
      ".cfi_def_cfa rsp, 0\n\t"
      ".cfi_same_value rbp\n\t"
      ".cfi_register rip, rsi\n\t"
      "jmp rsi\n\t"                // not ret: the return predictor belongs to calls
      "ud2\n\t"                    // never reached
      ".cfi_endproc\n\t"

      ".size fiberproof_continuation_start_v44, . - fiberproof_continuation_start_v44\n\t"
      ".att_syntax prefix\n\t"
      ".popsection\n\t"
      :
      : [rsp] "i"(rsp_from_frame_pointer),
        [rbp] "i"(rbp_from_frame_pointer),
        [rip] "i"(rip_from_frame_pointer),
        [return_payload] "i"(return_payload));
}

// clang-format on

}  // namespace
}  // namespace fiberproof
