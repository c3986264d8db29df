// Touches memory that must not be there, and survives it.
#pragma once

#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

/// Reads the byte at `address`. Returns the address that the fault was reported at, or 0 where
/// there was none. May be called on any stack: the signal is handled on an alternate one. A fault
/// elsewhere meanwhile is reported as what it is.
std::uint64_t fault_of_reading(std::uint64_t address);

/// Reads one byte of each page of [first, end), whole pages. Returns the address of the first that
/// could be read.
std::optional<std::uint64_t> first_readable_page(std::uint64_t first, std::uint64_t end);

}  // namespace fiberproof::fuzz
