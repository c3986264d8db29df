// Where a file has the code that a contract names, for files that have no symbol of that name:
//
//   NAME                  a symbol, as long as the file says
//   NAME:BYTES            from a symbol on, as many bytes as that
//   NAME+OFFSET:BYTES     part of what a symbol begins
//   0xADDRESS:BYTES       in a linked file; for what is only called, BYTES may be left out
//
// Numbers are decimal, or hexadecimal after 0x. A name that begins with 0x cannot be given.
#pragma once

#include "verify/machine/object_file.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

struct CodePlace {
  std::string symbol;  ///< empty where `offset` is an address
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> bytes = std::nullopt;
};

/// An error says what is wrong with the text, without naming it.
std::expected<CodePlace, std::string> parse_code_place(std::string_view text);

std::string text_of(const CodePlace& place);

/// The code at a place that is executed; an error is one clear line.
std::expected<Routine, std::string> routine_at(const ObjectFile& file, const CodePlace& place);

/// The address of a place that is called.
std::expected<std::uint64_t, std::string> callee_at(const ObjectFile& file, const CodePlace& place);

}  // namespace fiberproof::verify
