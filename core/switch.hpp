// stack_switch: leaves the running stack, saving it in one control context, and resumes another
// stack, loaded from another context. Nothing else in core writes RSP but the end of a trampoline.
//
//   in    RDI payload   RSI load   RDX store
//   out   RDI payload of the stack that switches back
//   kept  RSP and RBP, through the control context; MXCSR and the x87 control word are not touched
//   lost  everything else: the compiler keeps what is live on the stack that is left (S4)
//
//   before                                      after, on the other stack
//     RSP, RBP  of this stack                     RSP, RBP  as load->rsp and load->rbp said
//     *store    stale                             *store    {RSP, RBP, label 772} of the stack left
//     *load     where the other stack resumes     *load     consumed (S5), stale
//
// All three words of `load` are read before any word of `store` is written, so the two may be the
// same context, or overlap in any way (S1).
//
// The registers are fixed, so the bytes are the same at every site. Every site enters itself in the
// section `fiberproof_switch_sites`, so that the verifier can find them all and compare each with
// the bytes that were proved.
//
// A stack that suspends itself stores its resume point into the context that its own chain leads
// through. From the first store until RBP is written the frame-pointer chain leads back into the
// stack, without end: a walk from a signal handler needs a bound.
#pragma once

#include "core/words.hpp"

#include <cstdint>

namespace fiberproof {

// The body of every site. A macro, since a test's assembly places the same text between register
// probes. %c[rsp], %c[rbp] and %c[rip] are the offsets in a ControlContext. The flag `?` puts the
// entry for a site of an inline function into that function's section group, to be kept or dropped
// with it.
// clang-format off
#define FIBERPROOF_STACK_SWITCH_ASM                                                               \
  ".intel_syntax noprefix\n"                                                                      \
  "771:\n\t"                                                                                      \
  /* RSP and RBP are those of the stack that is left; RSI is load, RDX is store. */               \
  "mov rax, [rsi + %c[rsp]]\n\t"     /* load->rsp: all of load is read before store is written */ \
  "mov rbx, [rsi + %c[rbp]]\n\t"     /* load->rbp */                                              \
  "mov rcx, [rsi + %c[rip]]\n\t"     /* load->rip */                                              \
  "lea r8, [rip + 772f]\n\t"         /* where this stack will resume */                           \
  "mov [rdx + %c[rsp]], rsp\n\t"     /* store->rsp */                                             \
  "mov [rdx + %c[rbp]], rbp\n\t"     /* store->rbp */                                             \
  "mov [rdx + %c[rip]], r8\n\t"      /* store->rip */                                             \
  "mov rsp, rax\n\t"                 /* RSP changes owner */                                      \
  /* RSP is the other stack's, RBP is still this one's; RCX is the resume address, RDI payload. */\
  "mov rbp, rbx\n\t"                 /* and so is RBP */                                          \
  "jmp rcx\n"                        /* not ret: the return predictor belongs to calls */         \
  "772:\n"                           /* a stack that is switched back to resumes here: RDI */     \
  ".pushsection fiberproof_switch_sites, \"a?\", @progbits\n\t"                                   \
  ".balign 4\n\t"                                                                                 \
  ".long 771b - .\n\t"               /* where the site is, from here */                           \
  ".long 772b - 771b\n\t"            /* its length in bytes */                                    \
  ".popsection\n"                                                                                 \
  ".att_syntax prefix\n"
// clang-format on

#define FIBERPROOF_STACK_SWITCH_OPERANDS                      \
  [rsp] "i"(offsetof(::fiberproof::ControlContext, rsp)),     \
      [rbp] "i"(offsetof(::fiberproof::ControlContext, rbp)), \
      [rip] "i"(offsetof(::fiberproof::ControlContext, rip))

/// Saves in `store` where the caller will resume, and resumes the stack that `load` describes with
/// `payload`. Returns the payload of the stack that switches back to `store`. `load` is consumed
/// (S5): its words are stale then.
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
