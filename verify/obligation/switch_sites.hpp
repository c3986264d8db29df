// The sites of stack_switch in a linked file. Each switch enters itself in a table of {i32 distance
// from this field to the site's first byte, u32 length in bytes}. All of them have the same bytes,
// so that a proof about one is a proof about every one.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/code_place.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Every site of the table in `section`, in the table's order. An error, one clear line, if the
/// table is missing, empty or cut short, or if a site lies outside the file's code.
[[nodiscard]] std::expected<std::vector<Routine>, std::string> switch_sites(
    const ObjectFile& file, std::string_view section);

/// The first site, if all sites are alike and the table lists each place in the file's code with
/// their bytes. An error names a site that differs, or a place that the table omits.
[[nodiscard]] std::expected<Routine, std::string> proved_switch_site(const ObjectFile& file,
                                                                     std::string_view section);

/// The switch at a given place. Without its length, it is a function up to where it resumes: behind
/// its first indirect jump, and behind the traps that keep a processor from running on there. Fails
/// if the function stores a later place of its own, so that the length must be given, and if
/// control would resume at a trap.
[[nodiscard]] std::expected<Routine, std::string> switch_site_at(const ObjectFile& file,
                                                                 const CodePlace& place);

}  // namespace fiberproof::verify
