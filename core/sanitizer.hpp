// Fiber annotations for ASan, LSan, TSan, MSan and Valgrind; no-ops in builds without them.
//
// The functions that switch call them, right before and right after the switch, so that the
// switch's own bytes are the same in every build. These functions are not instrumented themselves:
// between the two calls no instrumented code may run. A stack keeps its fake stack
// (AddressSanitizer's, for use-after-return) and its fiber (ThreadSanitizer's) for as long as it
// lives, even after a continuation on it has ended: detection stays on, and reuse stays cheap.
#pragma once

#include "core/instrumentation.hpp"
#include "core/sanitizer_stack.hpp"

#include <cstddef>
#include <cstdint>

#ifdef FIBERPROOF_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#elif defined(FIBERPROOF_TSAN)
#include <sanitizer/tsan_interface.h>
#elif defined(FIBERPROOF_MSAN)
#include <sanitizer/msan_interface.h>
#endif

#ifdef FIBERPROOF_ASAN
// Instrumented functions call these for their smallest frames; no header declares them.
extern "C" {
void* __asan_stack_malloc_0(std::size_t bytes);
void __asan_stack_free_0(void* frame, std::size_t bytes);
}
#endif

namespace fiberproof {

#ifdef FIBERPROOF_ASAN
inline constexpr std::size_t smallest_fake_frame_bytes = 64;
#endif

// Out of line.
void sanitizer_lay_out_on_valgrind(const SanitizerStack& stack);
#ifdef FIBERPROOF_ASAN
void sanitizer_root_fake_stack(SanitizerStack& running);
#endif

/// Registers the stack of this thread, once, and returns it.
SanitizerStack& sanitizer_thread_stack();

/// Registers a continuation stack with these usable bytes, until it is forgotten.
SanitizerStack sanitizer_remember(std::uint64_t limit, std::uint64_t usable_bytes);
void sanitizer_forget(SanitizerStack& stack);

/// Marks the frames on `stack` as gone although none of them returned. Not to be called on it.
void sanitizer_abandon(SanitizerStack& stack);

/// Before a layout is written on `stack`, where nothing runs any more.
inline void sanitizer_lay_out([[maybe_unused]] SanitizerStack& stack) {
#ifndef FIBERPROOF_SANITIZED
  if (stack.on_valgrind) [[unlikely]] {
    sanitizer_lay_out_on_valgrind(stack);
  }
#endif
}

/// Limits frames to [stack.bottom, end), from the next switch on. A throw on a stack clears the
/// poison in the part that frames may use.
inline void sanitizer_end_frames_at([[maybe_unused]] SanitizerStack& stack,
                                    [[maybe_unused]] std::uint64_t end) {
#ifdef FIBERPROOF_SANITIZED
  stack.used = true;
  stack.frame_bytes = end - reinterpret_cast<std::uint64_t>(stack.bottom);
#endif
}

/// Forbids and allows instrumented code to touch [address, address + bytes), multiples of 8.
inline void sanitizer_poison([[maybe_unused]] std::uint64_t address,
                             [[maybe_unused]] std::size_t bytes) {
#ifdef FIBERPROOF_ASAN
  __asan_poison_memory_region(reinterpret_cast<const void*>(address), bytes);
#endif
}
inline void sanitizer_unpoison([[maybe_unused]] std::uint64_t address,
                               [[maybe_unused]] std::size_t bytes) {
#ifdef FIBERPROOF_ASAN
  __asan_unpoison_memory_region(reinterpret_cast<const void*>(address), bytes);
#endif
}

/// Marks [address, address + bytes) as written by uninstrumented code, or as not written.
inline void sanitizer_written([[maybe_unused]] const void* address,
                              [[maybe_unused]] std::size_t bytes) {
#ifdef FIBERPROOF_MSAN
  __msan_unpoison(address, bytes);
#endif
}
inline void sanitizer_unwritten([[maybe_unused]] std::uint64_t address,
                                [[maybe_unused]] std::size_t bytes) {
#ifdef FIBERPROOF_MSAN
  __msan_poison(reinterpret_cast<const void*>(address), bytes);
#endif
}

/// Before every switch from the running stack to another.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_leave([[maybe_unused]] SanitizerStack& from,
                                                      [[maybe_unused]] SanitizerStack& to) {
#ifdef FIBERPROOF_ASAN
  if (from.used && from.rooted_stack == nullptr) [[unlikely]] {
    sanitizer_root_fake_stack(from);
  }
  __sanitizer_start_switch_fiber(&from.runtime_stack, to.bottom, to.frame_bytes);
#elif defined(FIBERPROOF_TSAN)
  __tsan_switch_to_fiber(to.runtime_stack, 0);
#elif defined(FIBERPROOF_MSAN)
  __msan_start_switch_fiber(to.bottom, to.frame_bytes);
#endif
}

/// After every switch, on the stack that was switched to. Always inline, so that on a fresh stack
/// no frame has been higher up than the one that calls this.
[[gnu::always_inline]] FIBERPROOF_UNINSTRUMENTED inline void sanitizer_arrive(
    [[maybe_unused]] SanitizerStack& here) {
#ifdef FIBERPROOF_ASAN
  __sanitizer_finish_switch_fiber(here.runtime_stack, nullptr, nullptr);
  if (here.abandoned) [[unlikely]] {
    // A fake stack takes back frames that never returned when the next frame is made, if that one
    // is further up the stack than they were. Make such a frame here, and do not use it.
    here.abandoned = false;
    if (void* const frame = __asan_stack_malloc_0(smallest_fake_frame_bytes); frame != nullptr) {
      __asan_stack_free_0(frame, smallest_fake_frame_bytes);
    }
  }
#elif defined(FIBERPROOF_MSAN)
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __msan_finish_switch_fiber(&bottom, &bytes);
#endif
}

}  // namespace fiberproof
