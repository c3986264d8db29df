#include "verify/object/frame_extent.hpp"

#include <dwarf.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string_view>

namespace fiberproof::verify {
namespace {

// Reads forward from a position; `is_good` is false once a read does not fit.
struct Reader {
  std::span<const std::byte> bytes;
  std::size_t at = 0;
  bool is_good = true;

  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    if (!is_good || count > bytes.size() - at) {
      is_good = false;
      return 0;
    }
    std::memcpy(&value, bytes.data() + at, count);  // little-endian, as the file is
    at += count;
    return value;
  }
  void skip_leb128() {
    while ((number(1) & 0x80) != 0 && is_good) {
    }
  }
  std::string_view text() {
    const std::size_t begin = at;
    while (number(1) != 0 && is_good) {
    }
    return is_good ? std::string_view(reinterpret_cast<const char*>(bytes.data()) + begin,
                                      at - begin - 1)
                   : std::string_view();
  }
};

// DWARF 5, 6.4.1 and LSB 5, 10.6.1.1: how an entry of this kind encodes addresses.
std::optional<std::uint8_t> encoding_of(Reader cie) {
  const auto version = cie.number(1);
  const std::string_view augmentation = cie.text();
  if (!cie.is_good) return std::nullopt;
  if (augmentation.empty()) return std::uint8_t{DW_EH_PE_absptr};
  if (augmentation.front() != 'z') return std::nullopt;
  cie.skip_leb128();  // code alignment
  cie.skip_leb128();  // data alignment
  if (version == 1) {
    cie.number(1);  // the return-address register
  } else {
    cie.skip_leb128();
  }
  cie.skip_leb128();  // size of the augmentation data
  for (const char letter : augmentation.substr(1)) {
    if (letter == 'R') {
      const auto encoding = static_cast<std::uint8_t>(cie.number(1));
      return cie.is_good ? std::optional(encoding) : std::nullopt;
    }
    if (letter == 'L') cie.number(1);
    if (letter == 'P') {
      const auto pointer = static_cast<std::uint8_t>(cie.number(1)) & 0x0f;
      const bool is_short = pointer == DW_EH_PE_sdata4 || pointer == DW_EH_PE_udata4;
      cie.number(is_short ? 4 : 8);
    } else if (letter != 'L' && letter != 'S' && letter != 'B') {
      return std::nullopt;
    }
  }
  return std::uint8_t{DW_EH_PE_absptr};
}

std::optional<FrameExtent> extent_of(Reader fde, std::uint8_t encoding, std::uint64_t section) {
  std::size_t bytes = 8;
  const unsigned format = encoding & 0x0fu;
  if (format == DW_EH_PE_sdata4 || format == DW_EH_PE_udata4) bytes = 4;
  const bool is_known = bytes == 4 || format == DW_EH_PE_absptr || format == DW_EH_PE_sdata8 ||
                        format == DW_EH_PE_udata8;
  const unsigned relative_to = encoding & 0xf0u;
  if (!is_known || (relative_to != DW_EH_PE_absptr && relative_to != DW_EH_PE_pcrel)) {
    return std::nullopt;
  }
  const std::uint64_t place = section + fde.at;
  std::uint64_t begin = fde.number(bytes);
  if (format == DW_EH_PE_sdata4) {
    begin = static_cast<std::uint64_t>(
        std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(begin))});
  }
  if (relative_to == DW_EH_PE_pcrel) begin += place;
  const std::uint64_t length = fde.number(bytes);
  return fde.is_good ? std::optional(FrameExtent{begin, length}) : std::nullopt;
}

}  // namespace

std::vector<FrameExtent> frame_extents(const ObjectFile& file) {
  std::vector<FrameExtent> extents;
  const auto section = file.section(".eh_frame");
  if (!section) return extents;
  std::map<std::size_t, std::optional<std::uint8_t>> encodings;  // by where the CIE begins
  Reader entries{section->bytes};
  while (entries.at < entries.bytes.size()) {
    const std::size_t begin = entries.at;
    const std::uint64_t length = entries.number(4);
    // Length 0 ends the table; no linker writes a 64-bit length.
    if (!entries.is_good || length < 4 || length == 0xffff'ffff) break;
    const std::size_t body = entries.at;
    if (length > entries.bytes.size() - body) break;
    const std::uint64_t back = entries.number(4);
    const Reader rest{entries.bytes.first(body + length), entries.at};
    entries.at = body + length;
    if (back == 0) {
      encodings.emplace(begin, encoding_of(rest));
      continue;
    }
    const auto cie = encodings.find(body - back);
    if (cie == encodings.end() || !cie->second) continue;
    const auto extent = extent_of(rest, *cie->second, section->address);
    if (extent) extents.push_back(*extent);
  }
  return extents;
}

std::optional<FrameExtent> frame_extent(const ObjectFile& file, std::uint64_t address) {
  for (const FrameExtent& extent : frame_extents(file)) {
    if (address - extent.begin < extent.bytes) return extent;
  }
  return std::nullopt;
}

}  // namespace fiberproof::verify
