// The sites of stack_switch in a linked file. Each switch enters itself in a table of {i32 distance
// from this field to the site's first byte, u32 length in bytes}; all of them have the same bytes,
// so that a proof about one is a proof about every one.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/code_place.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Every site in the table that `section` holds, in the table's order. An error, one clear line,
/// where there is no table, where it is empty or cut short, or where a site lies outside the file's
/// code.
std::expected<std::vector<Routine>, std::string> switch_sites(const ObjectFile& file,
                                                              std::string_view section);

/// The first site, where all are alike and the table has each place in the file's code that has
/// their bytes; an error names a site that differs, or one that the table leaves out.
std::expected<Routine, std::string> proved_switch_site(const ObjectFile& file,
                                                       std::string_view section);

/// The switch at a place that was given. Without its bytes, it is a function up to where the code
/// that switches back goes on: behind its first indirect jump, and behind the traps that keep a
/// processor from running on there. An error where the function stores another place of its own
/// behind the jump, so that its extent must be given, and where control would go on at a trap.
std::expected<Routine, std::string> switch_site_at(const ObjectFile& file, const CodePlace& place);

}  // namespace fiberproof::verify
