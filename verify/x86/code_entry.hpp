// Whether an address that is called is where a function begins: what a call comes to is looked at
// before anything is said of it.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fiberproof::verify {

/// Why no function begins at an address, as load_address() gives them; nothing where one may. It
/// may where the file has code there that nothing says is the middle of something else, and where a
/// symbol is there that another file must define.
std::optional<std::string> why_no_function(const ObjectFile& file, std::uint64_t address);

/// Whether decoding from `from` on meets `address` between two instructions. What cannot be decoded
/// contradicts nothing. Both are as the file counts.
bool is_between_instructions(const ObjectFile& file, std::uint64_t from, std::uint64_t address);

}  // namespace fiberproof::verify
