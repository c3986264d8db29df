// The decoder's oracles: an instruction needs exactly its own bytes, and each distance from RIP
// equals the one computed here from those bytes.
#include "fuzz/oracle/hex.hpp"
#include "verify/x86/fuzz/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <variant>

namespace fiberproof::verify {
namespace {

// SDM vol. 2, section 2.3.11.
constexpr std::size_t instruction_bytes_max = 15;

std::string describe(const Operand& operand) {
  if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
    return fmt::format(" {}:{}{}", name(reg->name), reg->bytes, reg->is_high_byte ? "h" : "");
  }
  if (const auto* const immediate = std::get_if<Immediate>(&operand)) {
    return fmt::format(" {:#x}", immediate->value);
  }
  const auto& memory = std::get<MemoryOperand>(operand);
  return fmt::format(" [{}+{}*{}+{:#x}]:{}{}", memory.base ? name(*memory.base) : "",
                     memory.index ? name(*memory.index) : "", memory.scale, memory.displacement,
                     memory.bytes, memory.is_32_bit ? " of 32 bits" : "");
}

std::string hex(std::span<const std::byte> code) {
  return fuzz::hex(code.first(std::min(code.size(), instruction_bytes_max)));
}

// Two's complement, little-endian.
std::uint64_t distance(std::span<const std::byte> field) {
  std::uint64_t value = std::to_integer<unsigned>(field.back()) >= 0x80 ? ~std::uint64_t{0} : 0;
  for (std::size_t index = field.size(); index-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(field[index]);
  }
  return value;
}

void check_instruction(const Instruction& made, std::uint64_t address,
                       std::span<const std::byte> code) {
  const auto require = [&](bool holds, std::string_view oracle) {
    if (!holds) {
      report_violation(oracle, fmt::format("{} is decoded as {}", hex(code), describe(made)));
    }
  };
  require(made.address == address, "an instruction has the address that was given");
  require(made.length >= 1 && made.length <= instruction_bytes_max && made.length <= code.size(),
          "an instruction ends within the code and has at most 15 bytes");
  require(made.next_address() == address + made.length, "the next instruction follows this one");
  require(made.bytes == 1 || made.bytes == 2 || made.bytes == 4 || made.bytes == 8,
          "a width is 1, 2, 4 or 8 bytes");
  require(!made.text.empty() && is_one_line(made.text), "an instruction is one line of text");
  require(describe(made) == describe(decode(address, code.first(made.length))),
          "only an instruction's own bytes decide what it is");
  require(made.length == 1 || !decode(address, code.first(made.length - 1u)),
          "an instruction needs every byte of its length");
  if (made.relative) {
    const auto [offset, bytes, target] = *made.relative;
    require(offset >= 1 && bytes >= 1 && offset + bytes <= made.length,
            "a distance from RIP lies within its instruction");
    require(target == made.next_address() + distance(code.subspan(offset, bytes)),
            "a distance from RIP counts from the next instruction");
  }
}

}  // namespace

void report_violation(std::string_view oracle, const std::string& detail) {
  fmt::print(stderr, "\n== violated: {}\n   {:?}\n", oracle, detail);
  std::fflush(stderr);
  std::abort();
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  });
}

std::string describe(const std::expected<Instruction, DecodeError>& decoded) {
  if (!decoded) {
    return message(decoded.error());
  }
  std::string text = fmt::format("{:#x}+{} {}{} {} '{}'", decoded->address, decoded->length,
                                 name(decoded->operation), decoded->bytes,
                                 static_cast<unsigned>(decoded->condition), decoded->text);
  for (const Operand& operand : decoded->operands) {
    text += describe(operand);
  }
  if (decoded->relative) {
    text += fmt::format(" {}+{} to {:#x}", decoded->relative->offset, decoded->relative->bytes,
                        decoded->relative->target);
  }
  return text;
}

std::expected<Instruction, DecodeError> decode_checked(std::uint64_t address,
                                                       std::span<const std::byte> code) {
  const auto decoded = decode(address, code);
  if (decoded) {
    check_instruction(*decoded, address, code);
    return decoded;
  }
  const DecodeError& error = decoded.error();
  if (error.address != address || error.instruction.empty() || error.reason.empty() ||
      !is_one_line(message(error))) {
    report_violation("a decoding error says in one line where, what and why",
                     fmt::format("{} at {:#x}: '{}'", hex(code), address, message(error)));
  }
  return decoded;
}

void check_decoder(std::span<const std::byte> input) {
  constexpr std::size_t bytes_max = 128;
  // The second one wraps around within the code: distances are modulo 2^64.
  constexpr std::uint64_t first_addresses[] = {0x40'1000, ~std::uint64_t{0} - 20};
  const std::span<const std::byte> code = input.first(std::min(input.size(), bytes_max));
  for (const std::uint64_t first : first_addresses) {
    for (std::size_t at = 0; at < code.size(); ++at) {
      (void)decode_checked(first + at, code.subspan(at));
    }
  }
}

}  // namespace fiberproof::verify
