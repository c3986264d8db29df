#include "verify/x86/reached_code.hpp"

#include <utility>
#include <variant>
#include <vector>

namespace fiberproof::verify {
namespace {

bool goes_on(Operation operation) {
  return operation != Operation::jmp && operation != Operation::ret &&
         operation != Operation::ud2 && operation != Operation::int3;
}

bool jumps(Operation operation) {
  return operation == Operation::jmp || operation == Operation::jcc;
}

}  // namespace

ReachedCode reached_code(std::uint64_t address, std::span<const std::byte> bytes) {
  ReachedCode reached;
  std::vector<std::uint64_t> open{address};
  while (!open.empty()) {
    const std::uint64_t at = open.back();
    open.pop_back();
    const bool is_inside = at - address < bytes.size();
    if (!is_inside || reached.instructions.contains(at) || reached.refused.contains(at)) continue;
    auto decoded = decode(at, bytes.subspan(at - address));
    if (!decoded) {
      const std::uint8_t length = decoded.error().length;
      reached.refused.emplace(at, std::move(decoded.error()));
      // Bytes behind it are decoded all the same, as long as its length is known.
      if (length != 0) open.push_back(at + length);
      continue;
    }
    const Instruction& instruction =
        reached.instructions.emplace(at, std::move(*decoded)).first->second;
    if (goes_on(instruction.operation)) open.push_back(instruction.next_address());
    const auto* const target =
        jumps(instruction.operation) ? std::get_if<Immediate>(&instruction.operands[0]) : nullptr;
    if (target != nullptr) open.push_back(target->value);
  }
  return reached;
}

}  // namespace fiberproof::verify
