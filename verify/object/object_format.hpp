// Recognises files that are not x86-64 ELF files by their first bytes: names the format, and says
// how to get a file that can be proved. The name is a guess: a file that only begins like one of
// these formats gets its name, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fiberproof::verify {

/// The format of a file that does not begin like an ELF file; nothing if unknown.
std::optional<std::string> other_format(std::span<const std::byte> file);

/// Says why an ELF header does not belong to a 64-bit x86-64 file; nothing if it does.
std::optional<std::string> other_elf(std::span<const std::byte> file);

/// The reason for an object file that holds only the compiler's own form of its code.
extern const char* const gcc_bitcode;

}  // namespace fiberproof::verify
