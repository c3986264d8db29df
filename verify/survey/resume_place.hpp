// Where a stack resumes that a switch has left: behind the jump, and behind the traps that keep a
// processor from running on there.
#pragma once

#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof::verify {

/// Where control may resume behind the jump that ends at `behind_jump`: behind the last trap of the
/// padding, or behind any no-op after that. `code` begins at `address`.
std::vector<std::uint64_t> places_behind(std::uint64_t address, std::span<const std::byte> code,
                                         std::uint64_t behind_jump);

/// The addresses that an instruction makes: of a `lea`, and immediate numbers.
std::vector<std::uint64_t> addresses_made_by(const Instruction& instruction);

/// The first place of `places`, or the last of `made` that is one of them.
std::uint64_t resume_place(const std::vector<std::uint64_t>& places,
                           const std::vector<std::uint64_t>& made);

bool is_trap(const Instruction& instruction);

}  // namespace fiberproof::verify
