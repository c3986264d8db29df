// What Linux would map of an ELF file: an oracle for "these are the bytes that will run". It reads
// the segment table itself, and shares no code with the reader.
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

/// Whether Linux would load the file at all, as far as its segment table says.
bool is_loadable(std::span<const std::byte> file);

/// The byte of a loadable file at `address`, before any relocation.
std::optional<MappedByte> mapped_byte(std::span<const std::byte> file, std::uint64_t address);

}  // namespace fiberproof::verify
