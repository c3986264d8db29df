// What the sanitizers' runtimes and Valgrind must be told of stacks and switches; empty functions
// in builds without them.
//
// They are told in the functions that switch, right before and right after, so that the switch's
// own bytes stay the same in every build. These functions are not instrumented themselves: between
// the two calls no instrumented code may run. A stack keeps its fake stack (AddressSanitizer's, for
// use-after-return) and its fiber (ThreadSanitizer's) for as long as it lives, also when a
// continuation on it ends: detection stays on, and reuse stays cheap.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define FIBERPROOF_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define FIBERPROOF_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERPROOF_ASAN 1
#elif __has_feature(thread_sanitizer)
#define FIBERPROOF_TSAN 1
#elif __has_feature(memory_sanitizer)
#define FIBERPROOF_MSAN 1
#endif
#endif

#if defined(FIBERPROOF_ASAN) || defined(FIBERPROOF_TSAN) || defined(FIBERPROOF_MSAN)
#define FIBERPROOF_SANITIZED 1
#endif

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
// What instrumented functions call for the smallest of their frames; in no header.
extern "C" {
void* __asan_stack_malloc_0(std::size_t bytes);
void __asan_stack_free_0(void* frame, std::size_t bytes);
}
#endif

// MemorySanitizer keeps book of what a function writes also where it checks nothing; the others may
// add nothing at all, not even ThreadSanitizer's function entry and exit, which may be on two
// stacks.
#if defined(__clang__) && defined(FIBERPROOF_MSAN)
#define FIBERPROOF_UNINSTRUMENTED __attribute__((no_sanitize("memory", "undefined", "coverage")))
#elif defined(__clang__)
#define FIBERPROOF_UNINSTRUMENTED \
  __attribute__((disable_sanitizer_instrumentation, no_sanitize("undefined", "coverage")))
#else
#define FIBERPROOF_UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

// A function that switches: part of its caller, so that no return is predicted wrongly on the other
// stack; but of its own, and uninstrumented, where a sanitizer is told of the switch.
#ifdef FIBERPROOF_SANITIZED
#define FIBERPROOF_SWITCHING [[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED inline
#else
#define FIBERPROOF_SWITCHING [[gnu::always_inline]] inline
#endif

namespace fiberproof {

#ifdef FIBERPROOF_ASAN
inline constexpr std::size_t smallest_fake_frame_bytes = 64;
#endif

/// What the runtimes know of one stack. Bytes [bottom, bottom + frame_bytes) are what frames may
/// use.
struct SanitizerStack {
  const void* bottom = nullptr;
  std::uint64_t usable_bytes = 0;
  std::uint64_t frame_bytes = 0;
  void* runtime_stack = nullptr;       ///< ASan's fake stack, or TSan's fiber
  const void* rooted_stack = nullptr;  ///< the fake stack that LSan was told of
  std::uint64_t rooted_bytes = 0;
  unsigned valgrind_id = 0;
  bool on_valgrind = false;
  bool used = false;       ///< by a continuation: frames or words on it may be poisoned
  bool abandoned = false;  ///< with frames that never returned, and none since
};

// Out of line.
void sanitizer_lay_out_on_valgrind(const SanitizerStack& stack);
#ifdef FIBERPROOF_ASAN
void sanitizer_root_fake_stack(SanitizerStack& running);
#endif

/// Makes the stack of this thread known, once, and returns it.
SanitizerStack& sanitizer_thread_stack();

/// Makes a continuation stack with these usable bytes known, until it is forgotten.
SanitizerStack sanitizer_remember(std::uint64_t limit, std::uint64_t usable_bytes);
void sanitizer_forget(SanitizerStack& stack);

/// Says that the frames on `stack` are gone although none of them returned. Not to be called on it.
void sanitizer_abandon(SanitizerStack& stack);

/// Says that a layout is about to be written on `stack`, where nothing runs any more.
inline void sanitizer_lay_out([[maybe_unused]] SanitizerStack& stack) {
#ifndef FIBERPROOF_SANITIZED
  if (stack.on_valgrind) [[unlikely]] {
    sanitizer_lay_out_on_valgrind(stack);
  }
#endif
}

/// Says that frames may use [stack.bottom, end) only, from the next switch on. Whatever is thrown
/// on a stack clears the poison in the part that frames may use.
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

/// Says that uninstrumented code wrote [address, address + bytes), or that nobody has.
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
    // A fake stack takes the frames back that nobody returned from when the next one is made, if
    // that is further up the stack than they were: here it is, by a frame that is not used.
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
