// Poisons the control context and the launch words, which only assembly and `initialize` may touch.
// Under AddressSanitizer an overrun of the args buffer is then reported where it happens, and is
// not a wild jump later. In other builds these functions do nothing.
#pragma once

#include "core/instrumentation.hpp"
#include "core/layout.hpp"
#include "core/sanitizer.hpp"

#include <cstdint>

namespace fiberproof {

/// After `initialize`: poisons the control context, the capacity and the launch words, and limits
/// frames to below the args buffer, since a throw unpoisons all that frames may use.
inline void protect_layout(SanitizerStack& stack, std::uint64_t top, std::uint32_t args_capacity) {
  const std::uint64_t launch_words = top - laid_out_bytes(args_capacity);
  const std::uint64_t buffer = launch_words + sizeof(LaunchWords);
  const std::uint64_t stack_top = top - sizeof(StackTop);
  sanitizer_poison(launch_words, sizeof(LaunchWords));
  sanitizer_unpoison(buffer, stack_top - buffer);
  sanitizer_unwritten(buffer, stack_top - buffer);
  sanitizer_poison(stack_top, sizeof(StackTop));
  sanitizer_end_frames_at(stack, buffer);
}

/// After the launch words are popped: the first frames take their place.
FIBERPROOF_UNINSTRUMENTED inline void allow_launch_words(std::uint64_t top,
                                                         std::uint32_t args_capacity) {
  sanitizer_unpoison(top - laid_out_bytes(args_capacity), sizeof(LaunchWords));
}

}  // namespace fiberproof
