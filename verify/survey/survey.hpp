// Searches all code of a file for the places where one stack is left for another: switches, the
// entry trampoline, and whatever resembles them. Nothing is skipped in silence: what the search
// cannot take for a switch is listed with what it lacks.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/survey/switch_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct FoundSwitch {
  Routine code;  ///< from its first instruction to its jump, at its address in the file
  SwitchOperand load;
  SwitchOperand store;
  /// Whether an instruction of it has a place outside of it as an operand, so that the same bytes
  /// elsewhere are another switch.
  bool is_bound_to_its_place = false;

  std::uint64_t end() const { return code.address + code.bytes.size(); }
};

/// Code that may leave its stack and is no switch.
struct NearMiss {
  std::uint64_t address;  ///< of the jump, or of the instruction that sets RSP
  std::string reason;     ///< what it does or lacks, in words
};

/// Code that resumes a parent behind a call, as the entry trampoline does.
struct FoundTrampoline {
  std::uint64_t address;
  std::uint64_t bytes;
};

struct Survey {
  std::vector<FoundSwitch> switches;  ///< lowest address first
  std::vector<FoundTrampoline> trampolines;
  std::vector<NearMiss> near_misses;
  std::size_t other_jumps = 0;                ///< indirect ones
  std::size_t bytes = 0;                      ///< of code that was searched
  std::size_t bytes_unread = 0;               ///< of these, bytes that are no instruction
  std::vector<std::uint64_t> branch_targets;  ///< of direct branches and jumps, in order

  /// Whether a branch leads into the middle of a switch.
  bool is_entered_within(const FoundSwitch& found) const;
};

/// The switches of which a proof about one is a proof about each: with the same bytes and operands,
/// and with branches into their middle or without. Each list is in order, the longest first.
std::vector<std::vector<const FoundSwitch*>> alike(const std::vector<FoundSwitch>& switches,
                                                   const Survey& found);

/// The code of a switch and its operands.
FoundSwitch switch_of(Routine code, const SwitchShape& shape);

Survey survey(const ObjectFile& file);

/// How to name the code for `--symbol`: `NAME+OFFSET:BYTES`, or `ADDRESS:BYTES` without a function.
std::string place_text(const ObjectFile& file, const FoundTrampoline& trampoline);

}  // namespace fiberproof::verify
