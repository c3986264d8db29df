// Addresses of a file's code as it runs, and their names in messages: by symbol and offset, or by
// section where there is no symbol.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/instruction.hpp"

#include <cstdint>
#include <string>

namespace fiberproof::verify {

/// Where an address of the file is executed: a position-independent one far above 4 GiB, where the
/// loader puts it, so that an address cut to 32 bits differs.
std::uint64_t load_address(const ObjectFile& file, std::uint64_t address);

/// The inverse of load_address().
std::uint64_t file_address(const ObjectFile& file, std::uint64_t address);

/// An address as load_address() gives them, in the file's own terms: `engine_start+0x1a`,
/// `.text.unlikely+0x3`, or the number if the file has nothing there.
std::string place_name(const ObjectFile& file, std::uint64_t address);

}  // namespace fiberproof::verify
