#include "core/sanitizer.hpp"

#include "core/thread_stack.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define FIBERPROOF_VALGRIND 1
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
#ifdef FIBERPROOF_VALGRIND
  stack.on_valgrind = RUNNING_ON_VALGRIND != 0;
  stack.valgrind_id =
      static_cast<unsigned>(VALGRIND_STACK_REGISTER(limit, limit + usable_bytes - 1));
#endif
#ifdef FIBERPROOF_ASAN
  // Memory that only a suspended continuation refers to is not leaked.
  __lsan_register_root_region(stack.bottom, usable_bytes);
#elif defined(FIBERPROOF_TSAN)
  stack.runtime_stack = __tsan_create_fiber(0);
#endif
  return stack;
}

void sanitizer_lay_out_on_valgrind([[maybe_unused]] const SanitizerStack& stack) {
#ifdef FIBERPROOF_VALGRIND
  // On a stack that was left, Memcheck treats the memory below RSP as gone.
  VALGRIND_MAKE_MEM_UNDEFINED(stack.bottom, stack.usable_bytes);
#endif
}

#ifdef FIBERPROOF_ASAN

namespace {

/// The size of the runtime's fake stack for a stack on which frames may use `frame_bytes`: its own
/// part, a flag for each frame, and as many bytes as the stack has for frames of each size
/// (compiler-rt, asan_fake_stack.h). A larger estimate is harmless: LSan skips unmapped memory.
std::uint64_t fake_stack_bytes(std::uint64_t frame_bytes) {
  constexpr std::uint64_t bytes_min = std::uint64_t{1} << 16;  // min_uar_stack_size_log
  constexpr std::uint64_t bytes_max = std::uint64_t{1} << 20;  // max_uar_stack_size_log
  constexpr std::uint64_t own_bytes = 4096;
  constexpr std::uint64_t frame_sizes = 11;
  const std::uint64_t bytes = std::clamp(std::bit_ceil(frame_bytes), bytes_min, bytes_max);
  return own_bytes + 2 * bytes / smallest_fake_frame_bytes + frame_sizes * bytes;
}

/// Pretends to the runtime that `act` runs on a stack of a few bytes around here, with
/// `fake_stack`. Nothing is switched. If `kept` is null, the runtime destroys the fake stack on the
/// way back.
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void with_fake_stack(void* fake_stack, void** kept,
                                                                 void (*act)()) {
  constexpr std::size_t believed_bytes = 16;
  void* own_fake_stack = nullptr;
  const void* own_bottom = nullptr;
  std::size_t own_bytes = 0;
  __sanitizer_start_switch_fiber(&own_fake_stack, __builtin_frame_address(0), believed_bytes);
  __sanitizer_finish_switch_fiber(fake_stack, &own_bottom, &own_bytes);
  act();
  __sanitizer_start_switch_fiber(kept, own_bottom, own_bytes);
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
}

/// Unmaps a fake stack; the runtime does not do so by itself.
void destroy_fake_stack(void* fake_stack) {
  with_fake_stack(fake_stack, nullptr, [] {});
}

/// Makes the runtime look for dead frames when it makes the next frame on `fake_stack`. This call
/// needs more than 2 KiB of stack, which the next continuation there may not have (L8).
void mark_frames_as_gone(void*& fake_stack) {
  with_fake_stack(fake_stack, &fake_stack, [] { __asan_handle_no_return(); });
}

/// If exit() is called on a continuation stack, LSan takes that for the stack of the thread. The
/// thread's own stack must then be a root as well.
struct RootThreadStackAtExit {
  ~RootThreadStackAtExit() {
    const SanitizerStack& own = sanitizer_thread_stack();
    const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    if (here - reinterpret_cast<std::uint64_t>(own.bottom) < own.usable_bytes) return;
    __lsan_register_root_region(own.bottom, own.usable_bytes);
    if (own.runtime_stack != nullptr) {
      __lsan_register_root_region(own.runtime_stack, fake_stack_bytes(own.frame_bytes));
    }
  }
};
const RootThreadStackAtExit root_thread_stack_at_exit;

}  // namespace

/// Locals that have an address are in fake frames, not on the stack itself.
void sanitizer_root_fake_stack(SanitizerStack& running) {
  running.rooted_stack = __asan_get_current_fake_stack();
  if (running.rooted_stack != nullptr) {
    running.rooted_bytes = fake_stack_bytes(running.frame_bytes);
    __lsan_register_root_region(running.rooted_stack, running.rooted_bytes);
  }
}

#endif

void sanitizer_forget([[maybe_unused]] SanitizerStack& stack) {
#ifdef FIBERPROOF_VALGRIND
  VALGRIND_STACK_DEREGISTER(stack.valgrind_id);
#endif
#ifdef FIBERPROOF_ASAN
  __lsan_unregister_root_region(stack.bottom, stack.usable_bytes);
  if (stack.rooted_stack != nullptr) {
    __lsan_unregister_root_region(std::exchange(stack.rooted_stack, nullptr), stack.rooted_bytes);
  }
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
  // Frames that never returned have poison around their locals, and still hold their fake frames.
  __asan_unpoison_memory_region(stack.bottom, stack.usable_bytes);
  stack.abandoned = stack.runtime_stack != nullptr;
  if (stack.abandoned) {
    mark_frames_as_gone(stack.runtime_stack);
  }
#elif defined(FIBERPROOF_TSAN)
  __tsan_destroy_fiber(stack.runtime_stack);
  stack.runtime_stack = __tsan_create_fiber(0);
#endif
}

}  // namespace fiberproof
