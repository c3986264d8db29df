#include "core/fiber_start.hpp"

#include "core/check.hpp"
#include "core/foreign_exception.hpp"
#include "core/layout.hpp"
#include "core/layout_protection.hpp"
#include "core/sanitizer.hpp"
#include "core/store.hpp"

#include <exception>

namespace fiberproof {
namespace {

/// First on a fresh stack. Nothing instrumented may run before it.
[[gnu::always_inline]] FIBERPROOF_UNINSTRUMENTED inline Continuation& arrive(
    Store& store, std::uint64_t frame_pointer) {
  auto& self = static_cast<Continuation&>(*store.active);
  sanitizer_arrive(*self.sanitizer);
  allow_launch_words(
      reinterpret_cast<std::uint64_t>(self.control_context) + control_context_bytes_below_top,
      self.args.capacity);
  asm("mov %%rsp, %0" : "=r"(store.limits.entry_stack_pointer));
  store.limits.entry_frame_pointer = frame_pointer;
  return self;
}

/// Last on the stack.
FIBERPROOF_UNINSTRUMENTED inline void leave(Store& store, const Continuation& self) {
  FIBER_CHECK(C2, store.active, ==, &self);
  sanitizer_leave(*self.sanitizer, *self.parent->sanitizer);
}

// Instrumented, unlike the rest, and so a function of its own.
#ifdef FIBERPROOF_SANITIZED
[[gnu::noinline]]
#else
[[gnu::always_inline]] inline
#endif
bool run(const FuncRef& func_ref, Store& store, ArgsObject& args) {
  bool succeeded = false;
  try {
    succeeded = func_ref.array_call(func_ref, &store, args.data, args.capacity);
  } catch (...) {
    const std::exception_ptr raised = std::current_exception();
    sanitizer_written(&raised, sizeof raised);
    if (raised == nullptr) {
      take_foreign_exception(store);
    }
    store.raised = raised;
  }
  if (const Trap* const reraised = store.limits.trap_handler->trap) [[unlikely]] {
    store.raised = nullptr;  // The trap came first.
    store.trap = *reraised;
    return false;
  }
  return succeeded;
}

}  // namespace

FIBERPROOF_UNINSTRUMENTED bool fiber_start(const FuncRef* func_ref, void* caller_vmctx,
                                           ArgsObject* args,
                                           std::uint64_t return_value_count) noexcept {
  Store& store = *static_cast<Store*>(caller_vmctx);
  const Continuation& self =
      arrive(store, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
  FIBER_CHECK(L2, return_value_count, <=, args->capacity);
  const bool succeeded = run(*func_ref, store, *args);
  if (succeeded) {
    args->length = static_cast<std::uint32_t>(return_value_count);
  }
  leave(store, self);
  return succeeded;
}

FIBERPROOF_UNINSTRUMENTED void fiber_start_v44(const FuncRef* func_ref, void* caller_vmctx,
                                               ArgsObject* args,
                                               std::uint64_t return_value_count) noexcept {
  Store& store = *static_cast<Store*>(caller_vmctx);
  const Continuation& self =
      arrive(store, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
  FIBER_CHECK(L2, return_value_count, <=, args->capacity);
  run(*func_ref, store, *args);
  if (!store.foreign.is_empty()) {
    refuse(self.id, "an exception of another language cannot leave it through the trampoline v44");
  }
  store.raised = nullptr;  // The trap is lost.
  store.trap.reset();
  args->length = static_cast<std::uint32_t>(return_value_count);
  leave(store, self);
}

}  // namespace fiberproof
