// The name by which a person calls a mangled symbol: C++ as the Itanium ABI has it, and both
// manglings of Rust. For finding a symbol, not for printing types: of Rust's v0 names only the path
// is kept, without the arguments of generics.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Nothing for a name that is not mangled, or in a way that is not known.
std::optional<std::string> demangled(std::string_view symbol);

/// Whether somebody who types `name` can mean `demangled`: the whole, or without its parameters, or
/// without the arguments of its template, and of each the end after a `::`. A compiler's parts and
/// thunks of a function are meant by their whole names only.
bool can_mean(std::string_view name, std::string_view demangled);

/// The same of Rust's mangling v0 (RFC 2603) alone.
std::optional<std::string> demangled_rust(std::string_view symbol);

}  // namespace fiberproof::verify
