// Mutants of a routine: every change of one instruction, made from the decoded bytes.
//
// An instruction is dropped; each displacement is 8 higher or lower; each register operand, a base
// included, becomes each other register of its width; two neighbours change places; an instruction
// that sets a mode comes in between. What follows a change of length moves, and every distance is
// made anew, so that a call reaches its callee and the address after a switch stays the address
// after it.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// What a distance in an instruction leads to.
struct Target {
  std::optional<std::size_t> instruction;  ///< of the unchanged routine; its count is the end
  std::uint64_t address = 0;               ///< where it is outside the routine
  std::int64_t addend = 0;
};

/// One instruction that can be placed anywhere.
struct MovableInstruction {
  std::size_t number;  ///< in the unchanged routine
  std::string text;
  std::vector<std::byte> bytes;
  std::size_t field_offset = 0;  ///< of the distance
  std::size_t field_bytes = 0;   ///< 0 where there is none
  Target target;
};

struct MovableRoutine {
  std::vector<MovableInstruction> instructions;
  std::size_t original_count = 0;

  /// The bytes at `address`, with other addresses for those outside where `outside` says so.
  std::vector<std::byte> assemble(std::uint64_t address,
                                  const std::function<std::uint64_t(std::uint64_t)>& outside) const;
};

enum class MutationKind : std::uint8_t { dropped, displacement, register_operand, swapped, mode };

struct Mutation {
  MutationKind kind;
  std::string description;
  MovableRoutine routine;
};

/// The routine itself; an error names an instruction that is not on the allow list.
[[nodiscard]] std::expected<MovableRoutine, std::string> movable(const Routine& routine);

/// Every mutation of it, each once. A change that no encoding has (RSP as an index) makes none.
std::vector<Mutation> mutations(const MovableRoutine& routine);

}  // namespace fiberproof::verify
