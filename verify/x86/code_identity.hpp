// Which code was proved, as a number that two links of the same object agree on.
//
// The hash is FNV-1a, 64 bits, over the routine's bytes from its symbol's address to its size, in
// which each distance from RIP to outside the routine is four zero bytes, followed, after its
// instruction, by what it points to: the name of the symbol there, or where there is none the
// section and the offset. Instructions that are not on the allow list, and data, count as their
// bytes alone.
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
