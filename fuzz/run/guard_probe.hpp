// Touches memory that must be inaccessible, and survives the fault.
#pragma once

#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

/// Reads the byte at `address`. Returns the reported address of the fault, or 0 without one. May be
/// called on any stack: the signal is handled on an alternate stack. Any other fault meanwhile is
/// passed on.
std::uint64_t fault_of_reading(std::uint64_t address);

/// Reads one byte of each page of [first, end), whole pages. Returns the address of the first
/// readable page, if there is one.
std::optional<std::uint64_t> first_readable_page(std::uint64_t first, std::uint64_t end);

}  // namespace fiberproof::fuzz
