#include "verify/machine/code_identity.hpp"

#include "verify/machine/instruction.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// FNV-1a (draft-eastlake-fnv), 64 bits.
class Hash {
 public:
  void add(std::byte byte) {
    value_ = (value_ ^ static_cast<std::uint64_t>(byte)) * 0x0000'0100'0000'01b3;
  }
  void add(std::string_view text) {
    for (const char letter : text) {
      add(static_cast<std::byte>(letter));
    }
    add(std::byte{0});  // so that two names in a row are not one
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf2'9ce4'8422'2325;
};

std::string describe_target(const ObjectFile& file, std::uint64_t address) {
  if (std::optional<std::string> symbol = file.symbol_at(address)) {
    return std::move(*symbol);
  }
  if (const std::optional<ObjectFile::Place> place = file.place_of(address)) {
    return fmt::format("{}+{:#x}", place->section, place->offset);
  }
  return fmt::format("{:#x}", address);
}

// The address after the last instruction is the routine's own: a switch stores it as where to go
// on.
bool is_outside(const Routine& routine, std::uint64_t address) {
  return address - routine.address > routine.bytes.size();
}

}  // namespace

std::expected<CodeIdentity, IdentityError> identify(const ObjectFile& file,
                                                    const Routine& routine) {
  const std::span<const std::byte> code = routine.bytes;
  Hash hash;
  std::size_t instructions = 0;
  std::size_t at = 0;
  while (at < code.size()) {
    const auto decoded = decode(routine.address + at, code.subspan(at));
    if (!decoded && decoded.error().length == 0) {
      return std::unexpected(IdentityError{decoded.error().address, decoded.error().instruction,
                                           decoded.error().reason});
    }
    ++instructions;
    if (!decoded) {
      const std::size_t end = at + decoded.error().length;
      while (at < end) hash.add(code[at++]);
      continue;
    }
    const auto& relative = decoded->relative;
    const bool leaves = relative && is_outside(routine, relative->target);
    for (std::size_t index = 0; index < decoded->length; ++index) {
      const bool distance = leaves && index >= relative->offset &&
                            index < std::size_t{relative->offset} + relative->bytes;
      hash.add(distance ? std::byte{0} : code[at + index]);
    }
    if (leaves) {
      hash.add(describe_target(file, relative->target));
    }
    at += decoded->length;
  }
  return CodeIdentity{instructions, code.size(), hash.value()};
}

}  // namespace fiberproof::verify
