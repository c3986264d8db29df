// Whether a function begins at an address that is called: the target of a call is checked before
// anything is claimed about it.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fiberproof::verify {

/// Why no function begins at an address (as load_address() gives them); nothing if one may begin
/// there. One may if the file has code there that nothing marks as the middle of something else, or
/// if a symbol is there that another file must define.
std::optional<std::string> why_no_function(const ObjectFile& file, std::uint64_t address);

/// Whether decoding from `from` on reaches `address` between two instructions. Undecodable bytes
/// are no contradiction. Both addresses are as the file counts.
bool is_between_instructions(const ObjectFile& file, std::uint64_t from, std::uint64_t address);

}  // namespace fiberproof::verify
