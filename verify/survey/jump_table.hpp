// A table of 4-byte distances from its own first byte to places of one function, as compilers emit
// for a choice among many: the jump adds an entry to the address of the table.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fiberproof::verify {

struct JumpTable {
  std::vector<std::uint64_t> targets;  ///< each once, in the table's order
  std::size_t bytes = 0;
};

/// Reads entries as long as they lead into [begin, end), at most up to the lowest of these places
/// that lies behind the table: it is code. All addresses are as the file counts.
JumpTable jump_table(const ObjectFile& file, std::uint64_t table, std::uint64_t begin,
                     std::uint64_t end);

}  // namespace fiberproof::verify
