#include "core/tests/unwind/walked_frames.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace fiberproof::unwind {

std::string trampoline_name(Trampoline trampoline) {
  return trampoline == Trampoline::trap ? "fiberproof_continuation_start"
                                        : "fiberproof_continuation_start_v44";
}

void expect_main_is_reached(const std::vector<WalkedFrame>& frames,
                            const std::vector<StackBounds>& stacks, const std::string& trampoline) {
  std::size_t stacks_left = stacks.size();
  for (std::size_t index = 0; index < frames.size(); ++index) {
    const WalkedFrame& frame = frames[index];
    const auto found = std::ranges::find_if(stacks, [&](const StackBounds& bounds) {
      return frame.rsp >= bounds.limit() && frame.rsp < bounds.top;
    });
    const std::size_t expected = stacks_left == 0 ? stacks.size() : stacks_left - 1;
    ASSERT_EQ(static_cast<std::size_t>(found - stacks.begin()), expected)
        << "stack of frame " << index << ", " << frame.procedure << ", RSP " << std::hex
        << frame.rsp;
    if (frame.procedure == trampoline && stacks_left > 0) --stacks_left;
  }
  EXPECT_EQ(std::ranges::count(frames, trampoline, &WalkedFrame::procedure),
            static_cast<std::ptrdiff_t>(stacks.size()));
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back().procedure, "main");
}

}  // namespace fiberproof::unwind
