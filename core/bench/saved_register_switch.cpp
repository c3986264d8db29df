// A switch of the usual kind, written for this benchmark: out of line, the six callee-saved
// registers of the psABI on the stack that is left, and a `ret` to the resume address of the other.
// Like most of its kind it leaves MXCSR and the x87 control word alone. What it keeps is proved:
// verify/contracts/libraries/saved_registers.contract.
#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"

namespace {

/// The words that the switch leaves on a stack, from its RSP up.
struct SavedRegisters {
  std::uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

}  // namespace

extern "C" {
/// Saves RSP at `store` once the registers are on the stack, and resumes at `load`.
void fiberproof_bench_saved_register_switch(SavedRegisters** store, SavedRegisters* load);

/// First code of a fiber, entered by a `ret` with RSP a multiple of 16: calls R12 with RBX.
void fiberproof_bench_saved_register_start();
}

asm(R"(
  .pushsection .text
  .intel_syntax noprefix
  .balign 64
  .type fiberproof_bench_saved_register_switch, @function
fiberproof_bench_saved_register_switch:
  push rbp
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov [rdi], rsp
  mov rsp, rsi
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  ret
  .size fiberproof_bench_saved_register_switch, . - fiberproof_bench_saved_register_switch
  .balign 64
  .type fiberproof_bench_saved_register_start, @function
fiberproof_bench_saved_register_start:
  mov rdi, rbx
  call r12
  ud2
  .size fiberproof_bench_saved_register_start, . - fiberproof_bench_saved_register_start
  .att_syntax prefix
  .popsection
)");

namespace fiberproof::bench {
namespace {

class SavedRegisterFiber {
 public:
  using Body = void(SavedRegisterFiber& self, void* argument);
  using FreshStack = PlainMapping;

  SavedRegisterFiber(StackBounds stack, Body* body, void* argument)
      : body_(body), argument_(argument) {
    // Above the words is nothing: RSP is `top` where the start routine is entered, and aligned.
    fiber_ = reinterpret_cast<SavedRegisters*>(stack.top) - 1;
    *fiber_ = {};
    fiber_->rbx = reinterpret_cast<std::uint64_t>(this);
    fiber_->r12 = reinterpret_cast<std::uint64_t>(&enter);
    fiber_->rip = reinterpret_cast<std::uint64_t>(&fiberproof_bench_saved_register_start);
  }
  SavedRegisterFiber(const SavedRegisterFiber&) = delete;
  SavedRegisterFiber& operator=(const SavedRegisterFiber&) = delete;

  void resume() { fiberproof_bench_saved_register_switch(&parent_, fiber_); }
  void yield() { fiberproof_bench_saved_register_switch(&fiber_, parent_); }

 private:
  static void enter(SavedRegisterFiber& self) {
    self.body_(self, self.argument_);
    self.yield();
  }

  SavedRegisters* fiber_;
  SavedRegisters* parent_ = nullptr;
  Body* body_;
  void* argument_;
};

}  // namespace

void add_saved_register_switch() {
  add_all_rows<SavedRegisterFiber>("saved_registers");
}

}  // namespace fiberproof::bench
