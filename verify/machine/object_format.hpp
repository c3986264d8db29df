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

/// What a file is that does not begin as ELF files do; nothing where nobody knows.
std::optional<std::string> other_format(std::span<const std::byte> file);

/// Of an ELF header's first bytes, why it is none of a 64-bit x86-64 file; nothing where it is.
std::optional<std::string> other_elf(std::span<const std::byte> file);

/// What is said of an object file that holds the compiler's own form of its code and nothing else.
extern const char* const gcc_bitcode;

}  // namespace fiberproof::verify
