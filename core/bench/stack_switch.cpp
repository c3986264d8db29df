// This project without its machine: initialize and stack_switch, with no record, no handle and no
// handler around them. Both ways go through the fiber's own control context.
//
// continuation_start and fiber_start belong to the machine, so these fibers begin in a start
// routine of their own, and end by a switch away for good.
#include "core/switch.hpp"

#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"
#include "core/check.hpp"
#include "core/func_ref.hpp"
#include "core/initialize.hpp"
#include "core/layout.hpp"

extern "C" {
/// Takes the launch words from the stack and calls fiberproof_bench_enter with them (T2).
void fiberproof_bench_start();

[[noreturn]] void fiberproof_bench_enter(const fiberproof::FuncRef* func_ref);
}

asm(R"(
  .pushsection .text
  .intel_syntax noprefix
  .balign 64
fiberproof_bench_start:
  pop rcx
  pop rdx
  pop rsi
  pop rdi
  call fiberproof_bench_enter
  ud2
  .att_syntax prefix
  .popsection
)");

namespace fiberproof::bench {
namespace {

class SwitchFiber {
 public:
  using Body = void(SwitchFiber& self, void* argument);

  SwitchFiber(StackBounds stack, Body* body, void* argument)
      : context_(reinterpret_cast<ControlContext*>(stack.top - control_context_bytes_below_top)),
        body_(body),
        argument_(argument) {
    const auto laid_out = initialize(stack,
                                     {.start_routine = fiberproof_bench_start,
                                      .func_ref = &func_ref_,
                                      .caller_vmctx = nullptr,
                                      .parameter_count = 0,
                                      .return_value_count = 0},
                                     args_);
    FIBER_CHECK(L5, laid_out.has_value(), ==, true);
  }
  SwitchFiber(const SwitchFiber&) = delete;
  SwitchFiber& operator=(const SwitchFiber&) = delete;

  ControlContext* context() const { return context_; }

  [[gnu::always_inline]] void resume() { stack_switch(context_, context_, 0); }
  [[gnu::always_inline]] void yield() { stack_switch(context_, context_, 0); }

  /// Maps by itself, as Stack does.
  class FreshStack {
   public:
    StackBounds bounds() const { return stack_.bounds(); }

   private:
    Stack stack_ = *Stack::map(stack_bytes);
  };

 private:
  static bool enter(const FuncRef& func_ref, void*, Value*, std::uint32_t) {
    auto& self = *static_cast<SwitchFiber*>(func_ref.vmctx);
    self.body_(self, self.argument_);
    self.yield();
    return true;
  }

  ControlContext* context_;
  Body* body_;
  void* argument_;
  FuncRef func_ref_{enter, this};
  ArgsObject args_{};
};

// The bare switch: nothing but the address of the control context, which both sides have at hand.

[[gnu::noinline]] void count_and_switch(SwitchFiber& self, void* argument) {
  auto& count = *static_cast<std::uint64_t*>(argument);
  ControlContext* const context = self.context();
  for (;;) {
    ++count;
    stack_switch(context, context, 0);
  }
}

[[gnu::noinline]] void switch_repeatedly(ControlContext* context, std::uint64_t times) {
  for (; times != 0; --times) stack_switch(context, context, 0);
}

Work measure_bare_switch(benchmark::State& state) {
  std::uint64_t count = 0;
  const SwitchFiber fiber(used_stack(), count_and_switch, &count);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    switch_repeatedly(fiber.context(), batch);
  });
  return {pairs, count};
}

}  // namespace

void add_stack_switch() {
  add_benchmark(switch_row, "stack_switch", measure_bare_switch);
  add_shape_rows<SwitchFiber>("stack_switch");
  add_round_robin_rows<SwitchFiber>("stack_switch");
  add_create_rows<SwitchFiber>("stack_switch");
}

}  // namespace fiberproof::bench

void fiberproof_bench_enter(const fiberproof::FuncRef* func_ref) {
  func_ref->array_call(*func_ref, nullptr, nullptr, 0);
  __builtin_trap();
}
