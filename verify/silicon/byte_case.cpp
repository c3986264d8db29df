#include "verify/silicon/byte_case.hpp"

#include "verify/x86/instruction.hpp"

#include <algorithm>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::size_t instruction_bytes_max = 15;  // SDM vol. 2, 2.3.11
constexpr std::size_t operand_bytes_max = 32;      // more than any form takes

struct Choices {
  Random operands;
  Random state;
};

Choices choices(std::span<const std::byte> bytes) {
  const std::size_t of_operands = std::min(bytes.size(), operand_bytes_max);
  return {Random(bytes.first(of_operands)), Random(bytes.subspan(of_operands))};
}

std::optional<RandomCase> make_given(const Surroundings& surroundings,
                                     std::span<const std::byte> bytes) {
  const auto code = bytes.first(std::min(bytes.size(), instruction_bytes_max));
  const auto instruction = decode(surroundings.instruction_address, code);
  if (!instruction) {
    return std::nullopt;
  }
  auto [operands, state] = choices(bytes.subspan(instruction->length));
  return make_encoding_case(surroundings, code, operands, state);
}

}  // namespace

std::expected<RandomCase, std::string> make_case_of_bytes(const Surroundings& surroundings,
                                                          std::span<const std::byte> bytes) {
  const bool is_given = !bytes.empty() && (bytes[0] & std::byte{1}) != std::byte{0};
  bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), 1));
  if (is_given) {
    if (auto made = make_given(surroundings, bytes)) {
      return std::move(*made);
    }
  }
  std::size_t number = 0;
  for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 2))) {
    number = number * 0x100 + std::to_integer<std::size_t>(byte);
  }
  auto [operands, state] = choices(bytes.subspan(std::min<std::size_t>(bytes.size(), 2)));
  return make_case(all_forms()[number % all_forms().size()], surroundings, operands, state);
}

}  // namespace fiberproof::verify
