// The machine code of this very process that the proofs are about, so that a program can show which
// bytes it runs: the routines of the section fiberproof_text, and every site of stack_switch.
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
