// Files that are no x86-64 ELF files, by their first bytes: what they are called, and what their
// owner can do to have something that can be proved. Nothing is promised beyond the name: a file
// that only begins like one of these is called so, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fiberproof::verify {

/// The format of a file that does not begin as ELF files do; nothing where it is not known.
std::optional<std::string> other_format(std::span<const std::byte> file);

/// Says why an ELF header is not that of a 64-bit x86-64 file; nothing where it is.
std::optional<std::string> other_elf(std::span<const std::byte> file);

/// Said of an object file that holds the compiler's own form of its code and nothing else.
extern const char* const gcc_bitcode;

}  // namespace fiberproof::verify
