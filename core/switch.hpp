// stack_switch: the only place in core that writes RSP.
//
// Leaves the running stack at one control context and goes on at another. All three words of
// `load` are read before any word of `store` is written, so the two may be the same context, or
// overlap in any way (S1). The instruction sequence has fixed registers: its bytes are the same at
// every site, and every site enters itself in the section `fiberproof_switch_sites`, so that the
// verifier can find them all and compare each with the bytes that were proved.
//
//   in    RDI payload   RSI load   RDX store
//   out   RDI payload of whoever switches back
//   kept  RSP and RBP, through the control context; MXCSR and the x87 control word are not touched
//   lost  everything else: what is live the compiler keeps on the stack that is left (S4)
//
// A stack that suspends itself stores where it goes on into the context that its own chain leads
// through: from the first store until RBP is written the frame-pointer chain leads back into the
// stack, without end. A walk from a signal handler needs a bound.
#pragma once

#include "core/layout.hpp"

#include <cstdint>

namespace fiberproof {

// The body of every site, shared with assembly that must place it between register probes. Operands
// are %c[rsp], %c[rbp], %c[rip], the offsets in a ControlContext. `?` puts the entry for a site of
// an inline function into that function's section group, to be dropped or kept with it.
#define FIBERPROOF_STACK_SWITCH_ASM                                       \
  ".intel_syntax noprefix\n"                                              \
  "771:\n\t"                                                              \
  "mov rax, [rsi + %c[rsp]]\n\t" /* where to go on: read in full first */ \
  "mov rbx, [rsi + %c[rbp]]\n\t"                                          \
  "mov rcx, [rsi + %c[rip]]\n\t"                                          \
  "lea r8, [rip + 772f]\n\t" /* where this stack will go on */            \
  "mov [rdx + %c[rsp]], rsp\n\t"                                          \
  "mov [rdx + %c[rbp]], rbp\n\t"                                          \
  "mov [rdx + %c[rip]], r8\n\t"                                           \
  "mov rsp, rax\n\t" /* from here on the other stack */                   \
  "mov rbp, rbx\n\t"                                                      \
  "jmp rcx\n" /* not ret: the return predictor belongs to calls */        \
  "772:\n"                                                                \
  ".pushsection fiberproof_switch_sites, \"a?\", @progbits\n\t"           \
  ".balign 4\n\t"                                                         \
  ".long 771b - .\n\t"                                                    \
  ".long 772b - 771b\n\t"                                                 \
  ".popsection\n"                                                         \
  ".att_syntax prefix\n"

#define FIBERPROOF_STACK_SWITCH_OPERANDS                      \
  [rsp] "i"(offsetof(::fiberproof::ControlContext, rsp)),     \
      [rbp] "i"(offsetof(::fiberproof::ControlContext, rbp)), \
      [rip] "i"(offsetof(::fiberproof::ControlContext, rip))

/// Saves where the caller goes on in `store`, goes on at what `load` holds, and returns the payload
/// with which somebody switches back to `store`. `load` is consumed (S5): its words are stale then.
[[gnu::always_inline]] inline std::uint64_t stack_switch(ControlContext* store,
                                                         const ControlContext* load,
                                                         std::uint64_t payload) {
  asm volatile(FIBERPROOF_STACK_SWITCH_ASM
               : "+D"(payload), "+S"(load), "+d"(store)
               : FIBERPROOF_STACK_SWITCH_OPERANDS
               : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
                 "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                 "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#ifdef __AVX512F__
                 "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
                 "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2",
                 "k3", "k4", "k5", "k6", "k7",
#endif
                 "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "mm0", "mm1",
                 "mm2", "mm3", "mm4", "mm5", "mm6", "mm7", "cc", "memory");
  return payload;
}

}  // namespace fiberproof
