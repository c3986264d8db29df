// Identifies the proved code by a number that two links of the same object agree on.
//
// The hash is FNV-1a, 64 bits, over the routine's bytes from its symbol's address to its size. Each
// distance from RIP to a place outside the routine counts as four zero bytes; its target follows
// its instruction: the name of the symbol there or, without one, the section and the offset.
// Instructions outside the allow list, and data, count as their bytes alone.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>

namespace fiberproof::verify {

struct CodeIdentity {
  std::size_t instructions;
  std::size_t bytes;
  std::uint64_t hash;
};

CodeIdentity identify(const ObjectFile& file, const Routine& routine);

}  // namespace fiberproof::verify
