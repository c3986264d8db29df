// What AddressSanitizer must be told about stacks and switches; empty in builds without it.
//
// The runtime is told in the functions that switch, right before and right after, so that the
// switch's own bytes stay the same in every build. These functions are not instrumented themselves:
// between the two calls no instrumented code may run. A stack keeps its fake stack for as long as
// it lives, also when a continuation on it ends: use-after-return stays on, and reuse stays cheap.
#pragma once

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define FIBERPROOF_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERPROOF_ASAN 1
#endif
#endif

#ifdef FIBERPROOF_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__clang__)
#define FIBERPROOF_UNINSTRUMENTED \
  __attribute__((disable_sanitizer_instrumentation, no_sanitize("coverage")))
#else
#define FIBERPROOF_UNINSTRUMENTED __attribute__((no_sanitize("address", "undefined")))
#endif

namespace fiberproof {

/// What the sanitizer runtime must know of one stack. Default-constructed: the thread's own stack,
/// whose bounds are learnt from the runtime at the first switch away from it.
struct SanitizerStack {
  SanitizerStack() = default;
  SanitizerStack([[maybe_unused]] std::uint64_t limit,
                 [[maybe_unused]] std::uint64_t usable_bytes) {
#ifdef FIBERPROOF_ASAN
    bottom = reinterpret_cast<const void*>(limit);
    bytes = usable_bytes;
#endif
  }

  /// Forgets the poison that dead frames left, before something else runs here.
  void recycle() {
#ifdef FIBERPROOF_ASAN
    __asan_unpoison_memory_region(bottom, bytes);
#endif
  }

#ifdef FIBERPROOF_ASAN
  const void* bottom = nullptr;
  std::uint64_t bytes = 0;
  void* fake_stack = nullptr;
  SanitizerStack* parent = nullptr;  ///< the stack that resumed this one
  bool in_use = false;               ///< a continuation was started here and has not ended
#endif
};

#ifdef FIBERPROOF_ASAN

/// The two ends of the latest switch on this thread.
struct SanitizerSwitch {
  SanitizerStack thread_stack;
  SanitizerStack* from = nullptr;
  SanitizerStack* to = nullptr;
};

inline SanitizerSwitch& sanitizer_switch() {
  thread_local SanitizerSwitch latest;
  return latest;
}

FIBERPROOF_UNINSTRUMENTED inline void sanitizer_leave(SanitizerSwitch& latest, SanitizerStack& from,
                                                      SanitizerStack& to) {
  latest.from = &from;
  latest.to = &to;
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.bytes);
}

#endif

/// Before the switch by which the running stack resumes `child`.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_leave_for_child(
    [[maybe_unused]] SanitizerStack& child) {
#ifdef FIBERPROOF_ASAN
  SanitizerSwitch& latest = sanitizer_switch();
  child.parent = latest.to != nullptr ? latest.to : &latest.thread_stack;
  sanitizer_leave(latest, *child.parent, child);
#endif
}

/// Before the switch by which the running stack goes back to whoever resumed it.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_leave_for_parent() {
#ifdef FIBERPROOF_ASAN
  SanitizerSwitch& latest = sanitizer_switch();
  sanitizer_leave(latest, *latest.to, *latest.to->parent);
#endif
}

/// The same, before a continuation's last switch.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_leave_for_parent_at_the_end() {
#ifdef FIBERPROOF_ASAN
  sanitizer_switch().to->in_use = false;
#endif
  sanitizer_leave_for_parent();
}

/// After every switch, on the stack that was switched to.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_arrive() {
#ifdef FIBERPROOF_ASAN
  const SanitizerSwitch& latest = sanitizer_switch();
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(latest.to->fake_stack, &bottom, &bytes);
  if (latest.from->bottom == nullptr) {
    latest.from->bottom = bottom;
    latest.from->bytes = bytes;
  }
#endif
}

/// The same, first thing on a stack that was just laid out. A stack that was abandoned in the
/// middle of a body still has that body's fake frames, which the runtime collects here.
FIBERPROOF_UNINSTRUMENTED inline void sanitizer_arrive_on_fresh_stack() {
  sanitizer_arrive();
#ifdef FIBERPROOF_ASAN
  SanitizerStack& stack = *sanitizer_switch().to;
  if (stack.in_use) [[unlikely]] {
    __asan_handle_no_return();
  }
  stack.in_use = true;
#endif
}

}  // namespace fiberproof
