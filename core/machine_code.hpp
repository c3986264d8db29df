// The proved machine code as this process has it: the routines of the section fiberproof_text, and
// every site of stack_switch. A program can so show which bytes it runs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fiberproof {

/// All of section fiberproof_text: initialize, both entry trampolines and caller_frame.
std::span<const std::byte> routine_bytes();

/// The instructions of each stack_switch in this program, in no particular order.
std::vector<std::span<const std::byte>> switch_site_bytes();

}  // namespace fiberproof
