// One step of the frame-pointer walk within one stack (C6): from a frame to its caller. A routine
// of its own, compiled once and without instrumentation, since its machine code is proved:
// verify/contracts/caller_frame.contract.
#pragma once

#include <cstdint>

namespace fiberproof {

/// Frame pointers that a stack's frames can have: [lowest, highest], and `outermost`, where its
/// last frame is.
struct FramePointers {
  std::uint64_t lowest;
  std::uint64_t highest;
  std::uint64_t outermost;
};

/// The fault of a frame pointer that was read from a frame.
enum class LinkFault : std::uint8_t {
  none,
  misaligned,     ///< not a multiple of 16
  off_its_stack,  ///< not where frames of the stack can be
  not_above       ///< on the stack, but not above the frame that it came from
};

struct CallerFrame {
  std::uint64_t frame_pointer;
  std::uint64_t instruction;  ///< at which it resumes
};

// RSP is a multiple of 16 at a call (psABI 3.2.2), and so is RBP after two words are pushed.
inline constexpr std::uint64_t frame_alignment = 16;

/// Whether a frame of the stack can have this frame pointer. Never not_above.
[[nodiscard, gnu::always_inline]] inline LinkFault why_not_a_frame(const FramePointers& possible,
                                                                   std::uint64_t frame_pointer) {
  if (frame_pointer % frame_alignment != 0) {
    return LinkFault::misaligned;
  }
  const bool is_within = frame_pointer >= possible.lowest && frame_pointer <= possible.highest;
  return is_within || frame_pointer == possible.outermost ? LinkFault::none
                                                          : LinkFault::off_its_stack;
}

/// The caller of the frame at `frame_pointer`: its saved RBP and the address above that (psABI
/// 3.2.2). `caller` is filled in even if the words belong to no frame of the same stack. Reads the
/// 16 bytes at `frame_pointer`, which must be readable, and nothing else of the stack.
[[nodiscard]] LinkFault caller_frame(const FramePointers& possible, std::uint64_t frame_pointer,
                                     CallerFrame& caller) noexcept
    __asm__("fiberproof_caller_frame");

}  // namespace fiberproof
