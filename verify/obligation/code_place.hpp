// Where a file has the code that a contract names, for files that have no symbol of that name:
//
//   NAME                  a symbol, as long as the file says
//   NAME:BYTES            from a symbol on, as many bytes as that
//   NAME+OFFSET:BYTES     part of what a symbol begins
//   0xADDRESS:BYTES       in a linked file; for what is only called, BYTES may be left out
//
// Numbers are decimal, or hexadecimal after 0x. A name that begins with 0x cannot be given. Since a
// name may hold any letter, `wasm[0]::function[3]` or `f:12` among them, a text is understood when
// the file is known: what is a symbol there as a whole, and what is one before a colon or a plus. A
// text that can be both is an error, and so is one that several functions fit. NAME is a symbol as
// the file has it, or what it is called when it is demangled, or the end of that after `::`.
#pragma once

#include "verify/object/object_archive.hpp"
#include "verify/object/object_file.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct CodePlace {
  std::string symbol;  ///< empty where `offset` is an address
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> bytes = std::nullopt;
};

/// A text, and every way in which it could be a place.
struct TypedPlace {
  std::string text;
  std::vector<CodePlace> readings;
  std::string problem = {};  ///< why what is behind a colon or a plus is no number, if so
};

/// An error says what is wrong with the text, without naming it.
std::expected<TypedPlace, std::string> parse_code_place(std::string_view text);

/// The reading that fits the symbols of a file, or of an archive's members; its symbol is then one
/// of theirs. An error is one clear line, which names functions that are nearly it.
std::expected<CodePlace, std::string> resolve(const TypedPlace& place, const ObjectFile& file);
std::expected<CodePlace, std::string> resolve(const TypedPlace& place,
                                              const ObjectArchive& archive);

std::string text_of(const CodePlace& place);

/// The code at a place that is executed; an error is one clear line.
std::expected<Routine, std::string> routine_at(const ObjectFile& file, const CodePlace& place);

/// The address of a place that is called.
std::expected<std::uint64_t, std::string> callee_at(const ObjectFile& file, const CodePlace& place);

}  // namespace fiberproof::verify
