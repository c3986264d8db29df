// The instructions of a routine that control can come to from its first byte, by going on to the
// next one and by direct jumps. What else lies between its first and its last byte, a string, a
// jump table, padding, is data as far as this says. Two instructions may share bytes, where a jump
// leads into the middle of one.
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

/// Of the routine whose bytes are at [address, address + bytes.size()). A call is taken to come
/// back, and both ways of a branch to be possible.
ReachedCode reached_code(std::uint64_t address, std::span<const std::byte> bytes);

}  // namespace fiberproof::verify
