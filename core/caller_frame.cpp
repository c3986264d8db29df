#include "core/caller_frame.hpp"

namespace fiberproof {

// In the section of proved code, whose bounds the program can read at run time: machine_code.hpp.
[[gnu::section("fiberproof_text"), gnu::noinline]] LinkFault caller_frame(
    const FramePointers& possible, std::uint64_t frame_pointer, CallerFrame& caller) noexcept {
  // Volatile: the compiler does not know that these words are a frame.
  const auto* const words = reinterpret_cast<const volatile std::uint64_t*>(frame_pointer);
  caller = {words[0], words[1]};
  const LinkFault fault = why_not_a_frame(possible, caller.frame_pointer);
  if (fault != LinkFault::none) {
    return fault;
  }
  return caller.frame_pointer > frame_pointer ? LinkFault::none : LinkFault::not_above;
}

}  // namespace fiberproof
