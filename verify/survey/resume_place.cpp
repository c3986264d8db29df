#include "verify/survey/resume_place.hpp"

#include <algorithm>
#include <variant>

namespace fiberproof::verify {

bool is_trap(const Instruction& instruction) {
  return instruction.operation == Operation::int3 || instruction.operation == Operation::ud2;
}

std::vector<std::uint64_t> places_behind(std::uint64_t address, std::span<const std::byte> code,
                                         std::uint64_t behind_jump) {
  std::vector<std::uint64_t> places{behind_jump};
  std::uint64_t at = behind_jump;
  while (at < address + code.size()) {
    const auto decoded = decode(at, code.subspan(at - address));
    if (!decoded || (!is_trap(*decoded) && decoded->operation != Operation::nop)) break;
    at = decoded->next_address();
    if (is_trap(*decoded)) places.clear();
    places.push_back(at);
  }
  return places;
}

std::vector<std::uint64_t> addresses_made_by(const Instruction& instruction) {
  std::vector<std::uint64_t> made;
  if (instruction.operation == Operation::lea && instruction.relative) {
    made.push_back(instruction.relative->target);
  }
  for (const Operand& operand : instruction.operands) {
    const auto* const number = std::get_if<Immediate>(&operand);
    if (number != nullptr) made.push_back(number->value);
  }
  return made;
}

std::uint64_t resume_place(const std::vector<std::uint64_t>& places,
                           const std::vector<std::uint64_t>& made) {
  std::uint64_t place = places.front();
  for (const std::uint64_t address : made) {
    if (std::ranges::find(places, address) != places.end()) place = address;
  }
  return place;
}

}  // namespace fiberproof::verify
