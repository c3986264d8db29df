// Where a file has the code that a contract names, for files without a symbol of that name:
//
//   NAME                  a symbol, as long as the file says
//   NAME:BYTES            that many bytes from a symbol on
//   NAME+OFFSET:BYTES     part of the code that a symbol begins
//   0xADDRESS:BYTES       in a linked file; a callee needs no BYTES
//
// Numbers are decimal, or hexadecimal after 0x. A name that begins with 0x cannot be given. Since a
// name may hold any letter (`wasm[0]::function[3]`, `f:12`), a text is only understood with the
// file: as a whole symbol, or as a symbol before a colon or a plus. A text that can be both is an
// error, and so is one that several functions match. NAME is a symbol as the file has it, its
// demangled name, or the end of that after `::`.
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
  std::string symbol;  ///< empty if `offset` is an address
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> bytes = std::nullopt;
};

/// A text, and every way in which it can be read as a place.
struct TypedPlace {
  std::string text;
  std::vector<CodePlace> readings;
  std::string problem = {};  ///< why the text behind a colon or a plus is not a number, if so
};

/// An error says what is wrong with the text, without quoting it.
[[nodiscard]] std::expected<TypedPlace, std::string> parse_code_place(std::string_view text);

/// The reading that matches the symbols of a file, or of an archive's members; its symbol is then
/// one of theirs. An error is one clear line that names similar functions.
[[nodiscard]] std::expected<CodePlace, std::string> resolve(const TypedPlace& place,
                                                            const ObjectFile& file);
[[nodiscard]] std::expected<CodePlace, std::string> resolve(const TypedPlace& place,
                                                            const ObjectArchive& archive);

std::string text_of(const CodePlace& place);

/// The code at a place to execute; an error is one clear line.
[[nodiscard]] std::expected<Routine, std::string> routine_at(const ObjectFile& file,
                                                             const CodePlace& place);

/// The address of a place to call.
[[nodiscard]] std::expected<std::uint64_t, std::string> callee_at(const ObjectFile& file,
                                                                  const CodePlace& place);

}  // namespace fiberproof::verify
