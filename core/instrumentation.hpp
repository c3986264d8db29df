// Which sanitizer this file is compiled for, and how a function is kept free of instrumentation.
#pragma once

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

// MemorySanitizer must record what a function writes even if it checks nothing there. The others
// may add nothing at all, not even ThreadSanitizer's function entry and exit, which may run on two
// different stacks.
#if defined(__clang__) && defined(FIBERPROOF_MSAN)
#define FIBERPROOF_UNINSTRUMENTED __attribute__((no_sanitize("memory", "undefined", "coverage")))
#elif defined(__clang__)
#define FIBERPROOF_UNINSTRUMENTED \
  __attribute__((disable_sanitizer_instrumentation, no_sanitize("undefined", "coverage")))
#else
#define FIBERPROOF_UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

// A function that switches. It is inlined, since a `ret` after the switch would pair with a `call`
// on another stack and be mispredicted. Under a sanitizer it is a function of its own, and
// uninstrumented, because the fiber annotations stand around the switch.
#ifdef FIBERPROOF_SANITIZED
#define FIBERPROOF_SWITCHING [[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED inline
#else
#define FIBERPROOF_SWITCHING [[gnu::always_inline]] inline
#endif
