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
  std::vector<std::string> missing;
  bool is_entered_within = false;  ///< a branch leads into the middle of it

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
  std::size_t other_jumps = 0;   ///< indirect ones
  std::size_t bytes = 0;         ///< of code that was searched
  std::size_t bytes_unread = 0;  ///< of these, bytes that are no instruction

  /// The switches with the same bytes and operands, each list in order, longest list first.
  std::vector<std::vector<const FoundSwitch*>> alike() const;
};

Survey survey(const ObjectFile& file);

/// How to name the code for `--symbol`: `NAME+OFFSET:BYTES`, or `ADDRESS:BYTES` without a function.
std::string place_text(const ObjectFile& file, const FoundTrampoline& trampoline);

}  // namespace fiberproof::verify
