// Asks the kernel whether memory that must be inaccessible can be read. Nothing faults, so that
// what watches a process for signals, such as honggfuzz or a debugger, sees none.
#pragma once

#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

/// Whether the byte at `address` can be read. May be called on any stack.
bool is_readable(std::uint64_t address);

/// Asks about one byte of each page of [first, end), whole pages. Returns the address of the first
/// readable page, if there is one.
std::optional<std::uint64_t> first_readable_page(std::uint64_t first, std::uint64_t end);

}  // namespace fiberproof::fuzz
