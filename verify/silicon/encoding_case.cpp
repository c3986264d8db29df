// Cases of bytes that nobody encoded: random ones, or those that a fuzzer gives. What decode()
// accepts of them gets a state in which its accesses lie in the window and its jumps land; see
// make_encoding_case() in random_case.hpp.
#include "verify/silicon/case_state.hpp"
#include "verify/x86/instruction.hpp"

#include <Zydis/Zydis.h>

#include <cstring>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

// Prefixes, an opcode of one or two bytes or behind VEX, and whatever follows: mostly operands in
// registers.
std::vector<std::byte> random_bytes(Random& random) {
  constexpr auto prefixes = std::to_array<std::uint8_t>(
      {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65});
  std::vector<std::byte> bytes;
  const auto add = [&](std::uint64_t value) { bytes.push_back(static_cast<std::byte>(value)); };
  for (std::uint64_t count = random.one_in(3) ? random.below(4) : 0; count > 0; --count) {
    add(prefixes[random.below(prefixes.size())]);
  }
  const bool has_vex = random.one_in(16);
  if (has_vex) {  // SDM vol. 2, 2.3.5: R, X, B and the map; W, the other source, L and pp
    add(0xc4);
    add((random.next() & 0xe0) | (1 + random.below(3)));
    add(random.next() & (random.one_in(4) ? 0xff : 0xfb));
  }
  for (std::uint64_t count = has_vex ? 0 : random.below(3); count > 0; --count) {
    add(0x40 + random.below(16));  // of several REX only the last counts
  }
  if (!has_vex && random.one_in(2)) {
    add(0x0f);
    if (random.one_in(8)) {
      add(0x38);
    }
  }
  add(has_vex && random.one_in(2) ? 0xf0 + random.below(8) : random.next());
  add(random.next() | (random.one_in(3) ? 0 : 0xc0));
  while (bytes.size() < ZYDIS_MAX_INSTRUCTION_LENGTH) {
    add(random.next());
  }
  return bytes;
}

bool transfers_control(Operation operation) {
  return operation == Operation::jmp || operation == Operation::jcc ||
         operation == Operation::call || operation == Operation::ret;
}

bool moves_rsp(Operation operation) {
  return operation == Operation::push || operation == Operation::pop ||
         operation == Operation::leave || operation == Operation::call ||
         operation == Operation::ret;
}

void put_in_window(const Surroundings& surroundings, std::uint64_t address, std::uint64_t value,
                   RandomCase& made) {
  std::memcpy(made.window.data() + (address - surroundings.window_address), &value, sizeof(value));
}

// Sets the base so that the operand lies at `address`, if the base is free for that.
bool aim(const MemoryOperand& memory, bool rsp_is_taken, std::uint64_t address, CpuState& state) {
  if (!memory.base || memory.base == memory.index ||
      (rsp_is_taken && memory.base == Register::rsp)) {
    return false;
  }
  const auto value = [&](Register reg) -> std::uint64_t& {
    return state.registers[static_cast<std::size_t>(reg)];
  };
  const std::uint64_t offset = memory.index ? value(*memory.index) * memory.scale : 0;
  value(*memory.base) = address - offset - memory.displacement;
  return true;
}

// MOV by an absolute address (A0 to A3): the address is what its encoding ends in.
bool aim_absolute(const Instruction& instruction, const MemoryOperand& memory,
                  std::uint64_t address, RandomCase& made) {
  const std::size_t bytes = memory.is_32_bit ? 4 : 8;
  const bool is_absolute =
      instruction.operation == Operation::mov && !memory.base && !memory.index &&
      made.code.size() > bytes &&
      (made.code[made.code.size() - bytes - 1] & std::byte{0xfc}) == std::byte{0xa0} &&
      !std::holds_alternative<Immediate>(instruction.operands[1]);
  if (is_absolute) {
    std::memcpy(made.code.data() + made.code.size() - bytes, &address, bytes);
  }
  return is_absolute;
}

// Changes the distance in the encoding so that it leads to `target`.
void redirect(const Instruction& instruction, std::uint64_t target, RandomCase& made) {
  const std::uint64_t distance = target - instruction.next_address();
  std::memcpy(made.code.data() + instruction.relative->offset, &distance,
              instruction.relative->bytes);
}

// Makes control land that goes by a distance or by a register.
bool lead_to_landing(const Instruction& instruction, std::uint64_t landing, RandomCase& made) {
  const Operand& by = instruction.operands[0];
  if (std::holds_alternative<Immediate>(by)) {
    redirect(instruction, landing, made);
  } else if (const auto* const reg = std::get_if<RegisterOperand>(&by)) {
    made.state.registers[static_cast<std::size_t>(reg->name)] = landing;
    return reg->name != Register::rsp || instruction.operation != Operation::call;
  }
  return true;
}

}  // namespace

std::optional<RandomCase> make_encoding_case(const Surroundings& surroundings, std::uint64_t seed,
                                             std::uint64_t index) {
  Random random(Random(seed ^ (index * 0xd134'2543'de82'ef95)).next());
  const std::vector<std::byte> code = random_bytes(random);
  return make_encoding_case(surroundings, code, random, random);
}

std::optional<RandomCase> make_encoding_case(const Surroundings& surroundings,
                                             std::span<const std::byte> code, Random& operands,
                                             Random& state) {
  const auto instruction = decode(surroundings.instruction_address, code);
  if (!instruction) {
    return std::nullopt;
  }
  const Operation operation = instruction->operation;
  if (operation == Operation::syscall) {
    return std::nullopt;  // the operating system would do whatever RAX says
  }
  RandomCase made;
  made.form = "given bytes";
  made.code.assign(code.begin(), code.begin() + instruction->length);
  fill_randomly(made, state);
  const std::uint64_t landing = surroundings.landings[operands.below(2)];
  const bool stack = moves_rsp(operation);
  if (stack) {
    const std::uint64_t place = place_in_window(surroundings, operands);
    made.state.registers[operation == Operation::leave ? rbp : rsp] = place;
    if (operation == Operation::ret) {
      put_in_window(surroundings, place, landing, made);
    }
  }
  for (const Operand& operand : instruction->operands) {
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    if (memory == nullptr || operation == Operation::lea) {
      continue;
    }
    const std::uint64_t place = place_in_window(surroundings, operands);
    if (transfers_control(operation)) {
      put_in_window(surroundings, place, landing, made);
    }
    const std::uint64_t aimed = place - (memory->is_by_fs ? surroundings.fs_base : 0);
    if (memory->is_by_fs && (memory->is_32_bit || instruction->relative)) {
      return std::nullopt;  // out of reach
    }
    if (instruction->relative) {
      redirect(*instruction, place, made);
    } else if (!aim(*memory, stack, aimed, made.state) &&
               !aim_absolute(*instruction, *memory, aimed, made)) {
      return std::nullopt;
    }
  }
  const bool is_led = !transfers_control(operation) || operation == Operation::ret ||
                      lead_to_landing(*instruction, landing, made);
  return is_led ? std::optional(std::move(made)) : std::nullopt;
}

}  // namespace fiberproof::verify
