// The name that people use for a mangled symbol: C++ (Itanium ABI) and both manglings of Rust. For
// finding symbols, not for printing types: of Rust's v0 names only the path is kept, without
// generic arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Returns nothing for a name that is not mangled, or mangled in an unknown way.
std::optional<std::string> demangled(std::string_view symbol);

/// Whether a person who types `name` can mean `demangled`: the whole, or without parameters, or
/// without template arguments, or the end of any of these after a `::`. Parts and thunks that a
/// compiler made match by their whole names only.
bool can_mean(std::string_view name, std::string_view demangled);

/// The same for Rust's v0 mangling (RFC 2603) alone.
std::optional<std::string> demangled_rust(std::string_view symbol);

}  // namespace fiberproof::verify
