#include "fuzz/run/overflow.hpp"

#include <cstddef>
#include <cstdint>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t large_frame_bytes = 20 * 1024;

/// As good as never returns: each call has a frame of its own.
[[gnu::noinline]] std::uint64_t call_itself(std::uint64_t times) {
  volatile std::uint64_t left = times;
  return left == 0 ? 0 : call_itself(times - 1) + left;
}

/// Writes to the ends of its frame alone: that each page between is touched in order is the
/// compiler's doing (-fstack-clash-protection).
[[gnu::noinline]] std::uint64_t call_itself_with_large_frames(std::uint64_t times) {
  volatile std::byte frame[large_frame_bytes];
  frame[0] = static_cast<std::byte>(times);
  frame[large_frame_bytes - 1] = static_cast<std::byte>(times);
  return times == 0 ? 0
                    : call_itself_with_large_frames(times - 1) + static_cast<unsigned>(frame[0]);
}

}  // namespace

void overflow_stack(const EndPlace& place, bool has_large_frames) {
  announce(place);
  if (has_large_frames) {
    call_itself_with_large_frames(~std::uint64_t{0});
  }
  call_itself(~std::uint64_t{0});
}

}  // namespace fiberproof::fuzz
