// The routines that the proofs are about, as instructions of this process: initialize, the two
// entry trampolines, and the switch with all of its sites.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fiberproof::fuzz {

struct Instruction {
  std::uint64_t offset;         ///< from the routine's first byte
  std::string text;             ///< as an assembler would have it
  bool is_unreachable = false;  ///< ud2, after what never returns; or padding, a nop
};

struct Routine {
  std::string name;
  std::vector<Instruction> instructions;
  std::vector<std::uint64_t> places;  ///< addresses of its copies: one, or the sites of the switch
  /// Each instruction must be executed, but for traps. Not so in initialize, whose checks of what
  /// it is given never fail.
  bool is_required = true;
};

/// All of them; empty where there is code that cannot be decoded, or sites that differ.
std::vector<Routine> machine_code_routines();

}  // namespace fiberproof::fuzz
