#include "verify/cli/tests/libraries/byte_mutant.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <variant>

namespace fiberproof::verify {
namespace {

std::vector<std::byte> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(text.size());
  std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

bool is_register(const Instruction& instruction, std::size_t index, Register name) {
  const auto* const operand = index < instruction.operands.size()
                                  ? std::get_if<RegisterOperand>(&instruction.operands[index])
                                  : nullptr;
  return operand != nullptr && operand->name == name;
}

bool is_memory(const Instruction& instruction, std::size_t index) {
  return index < instruction.operands.size() &&
         std::holds_alternative<MemoryOperand>(instruction.operands[index]);
}

// Index of ModRM (SDM vol. 2, 2.1.3), behind prefixes and an opcode of one or two bytes.
std::size_t modrm_of(std::span<const std::byte> code) {
  std::size_t at = 0;
  const auto value = [&] { return std::to_integer<unsigned>(code[at]); };
  while (value() == 0x64 || value() == 0x66 || (value() & 0xf0) == 0x40) ++at;
  return value() == 0x0f ? at + 2 : at + 1;
}

bool add_8(std::span<std::byte> code) {
  const std::size_t modrm = modrm_of(code);
  const unsigned mod = std::to_integer<unsigned>(code[modrm]) >> 6;
  const bool has_sib = (std::to_integer<unsigned>(code[modrm]) & 7) == 4;
  if (mod != 1 && mod != 2) return false;
  std::byte& low = code[modrm + (has_sib ? 2 : 1)];
  low = static_cast<std::byte>(std::to_integer<unsigned>(low) + 8);
  return true;
}

// In ModRM, or in the opcode of push and pop (SDM vol. 2, table 3-1).
void take_other_register(const Instruction& instruction, std::span<std::byte> code) {
  const bool is_in_opcode =
      instruction.operation == Operation::push || instruction.operation == Operation::pop;
  if (is_in_opcode) {
    code.back() ^= std::byte{1};
  } else {
    code[modrm_of(code)] ^= std::byte{0x08};
  }
}

bool change(const Instruction& instruction, ByteChange how, std::span<std::byte> code) {
  switch (how) {
    case ByteChange::leave_out: std::ranges::fill(code, std::byte{0x90}); return true;
    case ByteChange::add_8: return add_8(code);
    case ByteChange::other_register: take_other_register(instruction, code); return true;
    case ByteChange::add_1:
      code.back() = static_cast<std::byte>(std::to_integer<unsigned>(code.back()) + 1);
      return true;
  }
  return false;
}

}  // namespace

IsInstruction is_of(Operation operation) {
  return [=](const Instruction& instruction) { return instruction.operation == operation; };
}

IsInstruction stores(Register name) {
  return [=](const Instruction& instruction) {
    return instruction.operation == Operation::mov && is_memory(instruction, 0) &&
           is_register(instruction, 1, name);
  };
}

IsInstruction loads(Register name) {
  return [=](const Instruction& instruction) {
    return instruction.operation == Operation::mov && is_memory(instruction, 1) &&
           is_register(instruction, 0, name);
  };
}

IsInstruction is_of(Operation operation, Register name) {
  return [=](const Instruction& instruction) {
    const bool has_number = instruction.operands.size() == 2 &&
                            std::holds_alternative<Immediate>(instruction.operands[1]);
    return instruction.operation == operation && is_register(instruction, 0, name) &&
           (instruction.operands.size() == 1 || has_number);
  };
}

IsInstruction moves(Register to, Register from) {
  return [=](const Instruction& instruction) {
    return instruction.operation == Operation::mov && is_register(instruction, 0, to) &&
           is_register(instruction, 1, from);
  };
}

std::expected<RoutineBytes, std::string> routine_bytes(const std::string& path,
                                                       const Routine& routine) {
  const std::vector<std::byte> file = contents(path);
  // A relocation fills these in when the file is read.
  std::vector<bool> is_relocated(routine.bytes.size());
  for (const RelocatedField& field : routine.relocated) {
    std::fill_n(is_relocated.begin() + static_cast<std::ptrdiff_t>(field.offset), field.bytes,
                true);
  }
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at + routine.bytes.size() <= file.size(); ++at) {
    std::size_t same = 0;
    while (same < routine.bytes.size() &&
           (is_relocated[same] || file[at + same] == routine.bytes[same])) {
      ++same;
    }
    if (same == routine.bytes.size()) found.push_back(at);
  }
  if (found.size() == 1) return RoutineBytes{path, found.front(), routine.bytes};
  return std::unexpected(
      fmt::format("{}: has the bytes of {} {} times", path, routine.symbol, found.size()));
}

std::expected<void, std::string> write_mutant(const RoutineBytes& routine, const ByteMutant& mutant,
                                              const std::string& path) {
  std::vector<std::byte> file = contents(routine.path);
  for (std::size_t at = 0; at < routine.bytes.size();) {
    const auto instruction = decode(0x1000 + at, std::span(routine.bytes).subspan(at));
    if (!instruction) return std::unexpected(message(instruction.error()));
    if (!mutant.is_changed(*instruction)) {
      at += instruction->length;
      continue;
    }
    const auto code = std::span(file).subspan(routine.offset + at, instruction->length);
    if (!change(*instruction, mutant.change, code)) {
      return std::unexpected(instruction->text + " has no such part");
    }
    std::ofstream out(path, std::ios::binary);
    for (const std::byte byte : file) out.put(static_cast<char>(byte));
    out.close();
    return out.good() ? std::expected<void, std::string>()
                      : std::unexpected(path + ": cannot be written");
  }
  return std::unexpected("no instruction of the routine is the one to change");
}

}  // namespace fiberproof::verify
