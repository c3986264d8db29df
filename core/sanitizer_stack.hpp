// The state of one stack for the sanitizers' runtimes and for Valgrind. sanitizer.hpp keeps it up
// to date; stacks and records only carry it.
#pragma once

#include <cstdint>

namespace fiberproof {

/// Frames may use the bytes [bottom, bottom + frame_bytes).
struct SanitizerStack {
  const void* bottom = nullptr;
  std::uint64_t usable_bytes = 0;
  std::uint64_t frame_bytes = 0;
  void* runtime_stack = nullptr;       ///< ASan's fake stack, or TSan's fiber
  const void* rooted_stack = nullptr;  ///< the fake stack that LSan has as a root
  std::uint64_t rooted_bytes = 0;
  unsigned valgrind_id = 0;
  bool on_valgrind = false;
  bool used = false;       ///< by a continuation: frames or words on it may be poisoned
  bool abandoned = false;  ///< with frames that never returned, and none since
};

}  // namespace fiberproof
