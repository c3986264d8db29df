// What Linux would map of an ELF file: the oracle of "these are the bytes that will run". It reads
// the table of segments by itself, and shares nothing with the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fiberproof::verify {

struct MappedByte {
  std::byte value;
  bool executable;
  bool writable;
};

/// Whether Linux would load the file at all, as far as its table of segments says.
bool is_loadable(std::span<const std::byte> file);

/// What a loadable file has at `address` before any relocation.
std::optional<MappedByte> mapped_byte(std::span<const std::byte> file, std::uint64_t address);

}  // namespace fiberproof::verify
