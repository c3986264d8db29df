// The frames that any walk from the innermost of nested continuations must have seen.
#pragma once

#include "core/continuation_start.hpp"
#include "core/stack.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fiberproof::unwind {

struct WalkedFrame {
  std::string procedure;
  std::uint64_t rsp = 0;
};

std::string trampoline_name(Trampoline trampoline);

/// Expects, innermost first: each stack's frames on that stack, a trampoline the last of them; then
/// the frames on the initial stack, main the last. `stacks` has the continuations' stacks,
/// outermost first.
void expect_main_is_reached(const std::vector<WalkedFrame>& frames,
                            const std::vector<StackBounds>& stacks, const std::string& trampoline);

}  // namespace fiberproof::unwind
