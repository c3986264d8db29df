// The instructions of a routine that control can reach from its first byte, by falling through and
// by direct jumps. Its other bytes (a string, a jump table, padding) count as data here. Two
// instructions may share bytes if a jump leads into the middle of one.
#pragma once

#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace fiberproof::verify {

struct ReachedCode {
  std::map<std::uint64_t, Instruction> instructions;
  std::map<std::uint64_t, DecodeError> refused;  ///< where decode() refuses, and why
};

/// Analyses the routine whose bytes are at [address, address + bytes.size()). Calls are taken to
/// return, and both sides of a branch to be possible.
ReachedCode reached_code(std::uint64_t address, std::span<const std::byte> bytes);

}  // namespace fiberproof::verify
