// Calls that use a stack up, and calls where it is nearly used up.
#pragma once

#include <cstdint>

namespace fiberproof {

// Frames of a kilobyte: ThreadSanitizer has room for only so many calls.
[[gnu::noinline]] inline void recurse_without_end(std::uint64_t calls) {
  char local[1000];
  asm volatile("" : : "r"(local) : "memory");
  if (calls != ~std::uint64_t{0}) recurse_without_end(calls + 1);
  asm volatile("");  // a frame for each call
}

[[gnu::noinline]] inline std::uint64_t frame_address() {
  return reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
}

/// Calls `last` once fewer than `bytes` are left above `limit`.
[[gnu::noinline]] inline void call_near(std::uint64_t limit, std::uint64_t bytes, void (*last)()) {
  if (frame_address() - limit > bytes) {
    call_near(limit, bytes, last);
  } else {
    last();
  }
  asm volatile("");  // a frame for each call
}

}  // namespace fiberproof
