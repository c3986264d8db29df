// Applies the relocations of a relocatable file to a routine's bytes. Applied are only those that
// change nothing but their field (psABI, 4.4.1), or that a linker may rewrite to an equivalent: a
// load of a word of the GOT, or a call through it. Any other may have any effect.
#include "verify/object/object_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace fiberproof::verify {
namespace {

template <typename Narrow>
bool fits(std::uint64_t value) {
  const auto narrow = static_cast<Narrow>(value);
  return static_cast<std::uint64_t>(narrow) == value;
}

}  // namespace

std::expected<RelocatedField, std::string> ObjectFile::fill_in(const Relocation& relocation,
                                                               const Symbol& symbol,
                                                               std::span<std::byte> code) const {
  const std::uint64_t place = sections_[symbol.section].address + relocation.offset;
  std::uint64_t value = relocation.value;
  bool is_relative = false;
  bool is_representable = true;
  switch (relocation.type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
      value -= place;
      is_relative = true;
      is_representable = fits<std::int32_t>(value);
      break;
    case R_X86_64_32: is_representable = fits<std::uint32_t>(value); break;
    case R_X86_64_32S: is_representable = fits<std::int32_t>(value); break;
    case R_X86_64_64: break;
    default: return std::unexpected("is not modelled");
  }
  if (!relocation.is_known) return std::unexpected("has a symbol that is not modelled");
  if (!is_representable) return std::unexpected("overflows its field");
  if (place < symbol.address || place - symbol.address > code.size() ||
      relocation.bytes > code.size() - (place - symbol.address)) {
    return std::unexpected("is only partly inside it");
  }
  const std::uint64_t offset = place - symbol.address;
  std::memcpy(code.data() + offset, &value, relocation.bytes);  // little-endian, as the file is
  return RelocatedField{offset, relocation.bytes, is_relative, relocation.target_first,
                        relocation.target_last};
}

std::expected<void, ObjectError> ObjectFile::relocate(const Symbol& symbol,
                                                      Routine& routine) const {
  const std::uint64_t begin = symbol.address - sections_[symbol.section].address;
  std::uint64_t filled_to = 0;
  for (const Relocation& relocation : relocations_) {
    if (relocation.section != symbol.section || relocation.bytes == 0 ||
        relocation.offset >= begin + symbol.size || relocation.offset + relocation.bytes <= begin) {
      continue;
    }
    auto field = fill_in(relocation, symbol, routine.bytes);
    if (field && field->offset < filled_to) field = std::unexpected("overlaps another one");
    if (!field) {
      return fail(ObjectError::Kind::relocated,
                  fmt::format("a relocation of type {} changes its bytes and {}: link it first",
                              relocation.type, field.error()),
                  fmt::format("symbol {} at byte {:#x}", symbol.name, relocation.offset - begin));
    }
    filled_to = field->offset + field->bytes;
    routine.relocated.push_back(*field);
  }
  return {};
}

}  // namespace fiberproof::verify
