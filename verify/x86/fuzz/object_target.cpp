// Fuzz target `object`: the verifier's reading of untrusted files, and its decoding of untrusted
// bytes. An input is a file; one that is not an ELF file is decoded as code.
#include "verify/x86/fuzz/oracle.hpp"

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace {

// Depends on the input alone, so that a replay does the same.
bool is_one_in_eight(std::span<const std::byte> input) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const std::byte byte : input) {
    hash = (hash ^ std::to_integer<std::uint32_t>(byte)) * 16777619;
  }
  return (hash >> 16) % 8 == 0;
}

bool is_elf(std::span<const std::byte> input) {
  return input.size() >= SELFMAG && std::memcmp(input.data(), ELFMAG, SELFMAG) == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  fiberproof::verify::check_object_file(input);
  if (is_one_in_eight(input)) {
    fiberproof::verify::check_determinism(input);
  }
  if (!is_elf(input)) {
    fiberproof::verify::check_decoder(input);
  }
  return 0;
}
