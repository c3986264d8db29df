// A file's code, cut where functions begin: every byte of it is in one piece, with a symbol or
// without.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof::verify {

struct CodePiece {
  std::uint64_t address;             ///< as the file counts
  std::span<const std::byte> bytes;  ///< before relocations; valid as long as the file lives

  std::uint64_t end() const { return address + bytes.size(); }
};

/// Lowest address first. A piece begins where a function symbol does, in a linked file also where
/// an entry of `.eh_frame` does, and where a section does.
std::vector<CodePiece> code_pieces(const ObjectFile& file);

}  // namespace fiberproof::verify
