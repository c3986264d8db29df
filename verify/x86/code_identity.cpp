#include "verify/x86/code_identity.hpp"

#include "verify/x86/instruction.hpp"
#include "verify/x86/reached_code.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    add(std::byte{0});  // so that two names in a row differ from one
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

// The address after the last instruction belongs to the routine: a switch stores it as its resume
// address.
bool is_outside(const Routine& routine, std::uint64_t address) {
  return address - routine.address > routine.bytes.size();
}

struct Piece {
  std::optional<Instruction> instruction;  // none for an instruction without a meaning, and for a
                                           // byte of data
  std::size_t bytes = 1;
  bool is_data = true;
};

// How the bytes at `address` are read: as an instruction that control reaches; else, up to the next
// of these, as a disassembler would read them.
Piece piece_at(const ReachedCode& reached, std::uint64_t address, std::span<const std::byte> rest) {
  const auto found = reached.instructions.find(address);
  if (found != reached.instructions.end()) return {found->second, found->second.length, false};
  const auto next = reached.instructions.upper_bound(address);
  if (next != reached.instructions.end()) {
    rest = rest.first(std::min<std::size_t>(rest.size(), next->first - address));
  }
  auto decoded = decode(address, rest);
  if (decoded) return {*decoded, decoded->length, false};
  const std::uint8_t length = decoded.error().length;
  return length == 0 ? Piece{} : Piece{std::nullopt, length, false};
}

}  // namespace

CodeIdentity identify(const ObjectFile& file, const Routine& routine) {
  const std::span<const std::byte> code = routine.bytes;
  const ReachedCode reached = reached_code(routine.address, code);
  Hash hash;
  std::size_t instructions = 0;
  std::size_t at = 0;
  while (at < code.size()) {
    const std::uint64_t address = routine.address + at;
    const Piece piece = piece_at(reached, address, code.subspan(at));
    const auto relative = piece.instruction ? piece.instruction->relative : std::nullopt;
    const bool leaves = relative && is_outside(routine, relative->target);
    for (std::size_t index = 0; index < piece.bytes; ++index) {
      const bool distance = leaves && index >= relative->offset &&
                            index < std::size_t{relative->offset} + relative->bytes;
      hash.add(distance ? std::byte{0} : code[at + index]);
    }
    if (leaves) {
      hash.add(describe_target(file, relative->target));
    }
    instructions += piece.is_data ? 0 : 1;
    at += piece.bytes;
  }
  return CodeIdentity{instructions, code.size(), hash.value()};
}

}  // namespace fiberproof::verify
