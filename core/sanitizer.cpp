#include "core/sanitizer.hpp"

#include "core/thread_stack.hpp"

#include <utility>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

namespace fiberproof {

SanitizerStack& sanitizer_thread_stack() {
  thread_local SanitizerStack own = [] {
    SanitizerStack stack;
#ifdef FIBERPROOF_SANITIZED
    const ThreadStack bounds = thread_stack();
    stack.bottom = reinterpret_cast<const void*>(bounds.lowest);
    stack.usable_bytes = bounds.end - bounds.lowest;
    stack.frame_bytes = stack.usable_bytes;
#endif
#ifdef FIBERPROOF_TSAN
    stack.runtime_stack = __tsan_get_current_fiber();
#endif
    return stack;
  }();
  return own;
}

SanitizerStack sanitizer_remember(std::uint64_t limit, std::uint64_t usable_bytes) {
  SanitizerStack stack;
  stack.bottom = reinterpret_cast<const void*>(limit);
  stack.usable_bytes = usable_bytes;
  stack.frame_bytes = usable_bytes;
#ifdef VALGRIND_STACK_REGISTER
  stack.valgrind_id = static_cast<unsigned>(VALGRIND_STACK_REGISTER(limit, limit + usable_bytes));
#endif
#ifdef FIBERPROOF_ASAN
  // What only a suspended continuation holds is not leaked.
  __lsan_register_root_region(stack.bottom, usable_bytes);
#elif defined(FIBERPROOF_TSAN)
  stack.runtime_stack = __tsan_create_fiber(0);
#endif
  return stack;
}

namespace {

#ifdef FIBERPROOF_ASAN

/// Goes on as if on a stack of `frame_bytes` around here with another fake stack, does `action`,
/// and comes back. The runtime only believes it: nothing is switched. It believes in a few bytes,
/// since it may clear the poison of all that it believes in.
template <class Action>
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void on_fake_stack(void* fake_stack, Action action) {
  void* own_fake_stack = nullptr;
  const void* own_bottom = nullptr;
  std::size_t own_bytes = 0;
  void* const here = __builtin_frame_address(0);
  __sanitizer_start_switch_fiber(&own_fake_stack, here, 16);
  __sanitizer_finish_switch_fiber(fake_stack, &own_bottom, &own_bytes);
  void** const left_behind = action();
  __sanitizer_start_switch_fiber(left_behind, own_bottom, own_bytes);
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
}

/// A fake stack that is not destroyed stays mapped for good. The runtime destroys that of a stack
/// which is left without a place to keep it.
void destroy_fake_stack(void* fake_stack) {
  on_fake_stack(fake_stack, []() FIBERPROOF_UNINSTRUMENTED -> void** { return nullptr; });
}

#endif

}  // namespace

void sanitizer_forget([[maybe_unused]] SanitizerStack& stack) {
#ifdef VALGRIND_STACK_DEREGISTER
  VALGRIND_STACK_DEREGISTER(stack.valgrind_id);
#endif
#ifdef FIBERPROOF_ASAN
  __lsan_unregister_root_region(stack.bottom, stack.usable_bytes);
  if (stack.used) {
    __asan_unpoison_memory_region(stack.bottom, stack.usable_bytes);
  }
  if (stack.runtime_stack != nullptr) {
    destroy_fake_stack(std::exchange(stack.runtime_stack, nullptr));
  }
#elif defined(FIBERPROOF_TSAN)
  __tsan_destroy_fiber(std::exchange(stack.runtime_stack, nullptr));
#endif
}

void sanitizer_abandon([[maybe_unused]] SanitizerStack& stack) {
#ifdef FIBERPROOF_ASAN
  // Frames that were never left have poison around their locals, and their fake frames are taken.
  __asan_unpoison_memory_region(stack.bottom, stack.usable_bytes);
  if (stack.runtime_stack != nullptr) {
    on_fake_stack(stack.runtime_stack, [&stack]() FIBERPROOF_UNINSTRUMENTED -> void** {
      __asan_handle_no_return();
      return &stack.runtime_stack;
    });
  }
#elif defined(FIBERPROOF_TSAN)
  __tsan_destroy_fiber(stack.runtime_stack);
  stack.runtime_stack = __tsan_create_fiber(0);
#endif
}

}  // namespace fiberproof
