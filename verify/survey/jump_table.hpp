// A table of 4-byte distances from its own first byte to places of one function, as compilers emit
// for a choice among many: the jump adds an entry to the address of the table.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fiberproof::verify {

struct JumpTable {
  std::vector<std::uint64_t> targets;  ///< each once, in the table's order
  std::size_t bytes = 0;
};

/// The table of a jump, by the straight line before it.
struct FoundTable {
  std::uint64_t address = 0;
  std::size_t entries = 0;
};

/// The line bounds an index (by a number that it is cut to, or by `and`), makes the table's address
/// by a `lea`, loads an entry with its sign, and adds the two. Nothing if it does anything else.
std::optional<FoundTable> table_of_jump(std::span<const Instruction> line, const Instruction& jump);

/// Reads at most `entries_max` entries, as long as they lead into [begin, end), and up to the
/// lowest of these places that lies behind the table: it is code. All addresses are as the file
/// counts.
JumpTable jump_table(const ObjectFile& file, std::uint64_t table, std::uint64_t begin,
                     std::uint64_t end, std::size_t entries_max = 4096);

}  // namespace fiberproof::verify
