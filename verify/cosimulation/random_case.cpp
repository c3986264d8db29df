#include "verify/cosimulation/random_case.hpp"

#include "verify/cosimulation/random.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = OperandForm::Kind;

ZydisRegister register_name(unsigned number, unsigned bytes) {
  switch (bytes) {
    case 8:
      return static_cast<ZydisRegister>(ZYDIS_REGISTER_RAX + static_cast<int>(number));
    case 4:
      return static_cast<ZydisRegister>(ZYDIS_REGISTER_EAX + static_cast<int>(number));
    default:  // AL, CL, DL, BL; then, after AH to BH, SPL and on
      return number < 4
                 ? static_cast<ZydisRegister>(ZYDIS_REGISTER_AL + static_cast<int>(number))
                 : static_cast<ZydisRegister>(ZYDIS_REGISTER_SPL + static_cast<int>(number - 4));
  }
}

constexpr unsigned rsp = static_cast<unsigned>(Register::rsp);
constexpr unsigned rbp = static_cast<unsigned>(Register::rbp);

// Operands stay away from the ends: a push, a pop and a moved RSP need the room.
std::uint64_t place_in_window(const Surroundings& surroundings, Random& random) {
  constexpr std::uint64_t margin_bytes = 64;
  return surroundings.window_address + margin_bytes + random.below(window_bytes - 2 * margin_bytes);
}

// Registers, flags and memory; the value that occurs more often than others.
std::uint64_t fill_randomly(RandomCase& made, Random& random) {
  const std::uint64_t favourite = random.value();
  const bool alike = random.one_in(3);
  for (std::uint64_t& value : made.state.registers) {
    value = alike && random.one_in(2) ? favourite : random.value();
  }
  const std::uint64_t bits = random.next();
  const auto bit = [&](unsigned number) { return ((bits >> number) & 1) != 0; };
  made.state.flags = {bit(0), bit(1), bit(2), bit(3), bit(4), bit(5)};
  for (std::size_t at = 0; at < window_bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t value = random.next();
    std::memcpy(made.window.data() + at, &value, sizeof(value));
  }
  return favourite;
}

class CaseMaker {
 public:
  CaseMaker(const Form& form, const Surroundings& surroundings, std::uint64_t seed)
      : form_(form), surroundings_(surroundings), random_(seed) {}

  std::expected<RandomCase, std::string> make() {
    fill();
    request_.machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
    request_.mnemonic = static_cast<ZydisMnemonic>(form_.mnemonic);
    request_.operand_count = static_cast<ZyanU8>(form_.operands.size());
    for (std::size_t index = 0; index < form_.operands.size(); ++index) {
      choose(form_.operands[index], request_.operands[index]);
    }
    if (!form_.encoding.empty()) {
      for (const std::uint8_t byte : form_.encoding) {
        made_.code.push_back(static_cast<std::byte>(byte));
      }
      return std::move(made_);
    }
    std::array<std::byte, ZYDIS_MAX_INSTRUCTION_LENGTH> buffer{};
    ZyanUSize length = buffer.size();
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstructionAbsolute(&request_, buffer.data(), &length,
                                                            surroundings_.instruction_address))) {
      return std::unexpected(fmt::format("cannot be encoded: {}", form_.name));
    }
    made_.code.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(length));
    return std::move(made_);
  }

 private:
  void fill() {
    favourite_ = fill_randomly(made_, random_);
    if (form_.uses_stack) {
      // Of these only leave finds its frame by RBP; for the others it is one more value.
      const std::uint64_t stack = window_place();
      registers()[form_.mnemonic == ZYDIS_MNEMONIC_LEAVE ? rbp : rsp] = stack;
      if (form_.returns) {
        put(stack, landing());
      }
    }
  }

  std::array<std::uint64_t, register_count>& registers() { return made_.state.registers; }

  std::uint64_t window_place() { return place_in_window(surroundings_, random_); }
  std::uint64_t landing() { return surroundings_.landings[random_.below(2)]; }
  void put(std::uint64_t address, std::uint64_t value) {
    std::memcpy(made_.window.data() + (address - surroundings_.window_address), &value,
                sizeof(value));
  }

  void choose(const OperandForm& operand, ZydisEncoderOperand& into) {
    switch (operand.kind) {
      case Kind::reg:
        return choose_register(static_cast<unsigned>(random_.below(register_count)), operand.bytes,
                               into);
      case Kind::landing_reg: {
        // With its target in RSP, a call would push onto the page of code.
        auto number = static_cast<unsigned>(random_.below(register_count));
        number = number == rsp && form_.uses_stack ? rbp : number;
        registers()[number] = landing();
        return choose_register(number, operand.bytes, into);
      }
      case Kind::memory:
      case Kind::landing_memory: {
        const std::uint64_t address = window_place();
        put(address, operand.kind == Kind::landing_memory ? landing()
                     : random_.one_in(3)                  ? favourite_
                                                          : random_.value());
        return choose_memory(address, operand.bytes, into);
      }
      case Kind::address:
        // As for an access, but shifted to anywhere near, and past 32 bits.
        choose_memory(window_place(), 8, into);  // the encoder wants the width of the address
        if (random_.one_in(2)) {
          registers()[random_.below(register_count)] = random_.value();
        }
        return;
      case Kind::near_target:
      case Kind::far_target:
        return choose_target(operand.kind == Kind::near_target, into);
      case Kind::immediate:
      case Kind::immediate64:
      case Kind::count:
        return choose_immediate(operand, into);
    }
  }

  void choose_register(unsigned number, unsigned bytes, ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_REGISTER;
    into.reg.value = register_name(number, bytes);
  }

  void choose_target(bool near, ZydisEncoderOperand& into) {
    request_.branch_type = near ? ZYDIS_BRANCH_TYPE_SHORT : ZYDIS_BRANCH_TYPE_NEAR;
    request_.branch_width = near ? ZYDIS_BRANCH_WIDTH_8 : ZYDIS_BRANCH_WIDTH_32;
    into.type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
    into.imm.u = landing();
  }

  void choose_immediate(const OperandForm& operand, ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
    const std::uint64_t value = random_.one_in(3) ? favourite_ : random_.value();
    if (operand.kind == Kind::count) {
      const std::array<std::uint64_t, 10> counts = {0, 1, 4, 7, 8, 31, 32, 33, 63, 64};
      into.imm.u = random_.one_in(2) ? counts[random_.below(counts.size())] : value & 0x7f;
    } else if (operand.kind == Kind::immediate64) {
      into.imm.u = value;
    } else if (operand.bytes == 1) {
      into.imm.s = static_cast<std::int8_t>(value);
    } else {
      into.imm.s = random_.one_in(2) ? static_cast<std::int32_t>(value)
                                     : static_cast<std::int8_t>(value);
    }
  }

  // Every way to address a place, with what the registers must hold for it.
  void choose_memory(std::uint64_t address, unsigned bytes, ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_MEMORY;
    into.mem.size = static_cast<ZyanU16>(bytes);
    const std::uint64_t shape = random_.below(8);
    if (shape == 0) {
      into.mem.base = ZYDIS_REGISTER_RIP;
      into.mem.displacement = static_cast<std::int64_t>(address);
    } else if (shape == 1) {
      into.mem.displacement = static_cast<std::int64_t>(address);
    } else {
      const bool with_base = shape != 2;
      const bool with_index = shape == 2 || shape >= 5;
      choose_registers_of(address, with_base, with_index, into);
    }
  }

  void choose_registers_of(std::uint64_t address, bool with_base, bool with_index,
                           ZydisEncoderOperand& into) {
    const auto base = static_cast<unsigned>(random_.below(register_count));
    auto index = static_cast<unsigned>(random_.below(register_count));
    index = index == rsp ? rbp : index;  // has no encoding
    const auto scale = static_cast<std::uint64_t>(1) << random_.below(4);
    // Where the base is not free, the displacement makes up for it, which must fit 32 bits.
    const bool base_is_free =
        with_base && !(form_.uses_stack && base == rsp) && !(with_index && base == index);

    std::uint64_t offset = 0;
    if (with_index) {
      registers()[index] = base_is_free ? random_.value() : random_.below(64) - 32;
      offset = registers()[index] * scale;
      into.mem.index = register_name(index, 8);
      into.mem.scale = static_cast<ZyanU8>(scale);
    }
    std::uint64_t displacement = 0;
    if (base_is_free) {
      displacement = random_.one_in(3) ? 0
                     : random_.one_in(2)
                         ? static_cast<std::uint64_t>(static_cast<std::int8_t>(random_.next()))
                         : static_cast<std::uint64_t>(static_cast<std::int32_t>(random_.next()));
      registers()[base] = address - offset - displacement;
    } else {
      displacement = address - offset - (with_base ? registers()[base] : 0);
    }
    if (with_base) {
      into.mem.base = register_name(base, 8);
    }
    into.mem.displacement = static_cast<std::int64_t>(displacement);
  }

  const Form& form_;
  const Surroundings& surroundings_;
  Random random_;
  std::uint64_t favourite_ = 0;
  ZydisEncoderRequest request_{};
  RandomCase made_{};
};

// For the accumulator and an absolute address the encoder takes a form with an address-size prefix
// (A0 to A3 after 67), which decode() rightly refuses.
bool has_address_size_prefix(const RandomCase& made) { return made.code[0] == std::byte{0x67}; }

}  // namespace

std::expected<RandomCase, std::string> make_case(const Form& form, const Surroundings& surroundings,
                                                 std::uint64_t seed, std::uint64_t index) {
  Random seeds(seed ^ (index * 0xd134'2543'de82'ef95));
  while (true) {
    auto made = CaseMaker(form, surroundings, seeds.next()).make();
    if (!made || !has_address_size_prefix(*made)) {
      return made;
    }
  }
}

namespace {

// Prefixes, an opcode of one or two bytes, and whatever follows: mostly operands in registers.
std::vector<std::byte> random_bytes(Random& random) {
  constexpr auto prefixes = std::to_array<std::uint8_t>(
      {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65});
  std::vector<std::byte> bytes;
  const auto add = [&](std::uint64_t value) { bytes.push_back(static_cast<std::byte>(value)); };
  if (random.one_in(4)) {
    add(prefixes[random.below(prefixes.size())]);
  }
  for (std::uint64_t count = random.below(3); count > 0; --count) {
    add(0x40 + random.below(16));  // of several REX only the last counts
  }
  if (random.one_in(2)) {
    add(0x0f);
  }
  add(random.next());
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
         operation == Operation::leave;
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

}  // namespace

std::optional<RandomCase> make_encoding_case(const Surroundings& surroundings, std::uint64_t seed,
                                             std::uint64_t index) {
  Random random(Random(seed ^ (index * 0xd134'2543'de82'ef95)).next());
  RandomCase made;
  made.code = random_bytes(random);
  const auto instruction = decode(surroundings.instruction_address, made.code);
  if (!instruction || transfers_control(instruction->operation)) {
    return std::nullopt;
  }
  made.code.resize(instruction->length);
  fill_randomly(made, random);
  const bool stack = moves_rsp(instruction->operation);
  if (stack) {
    const bool by_rbp = instruction->operation == Operation::leave;
    made.state.registers[by_rbp ? rbp : rsp] = place_in_window(surroundings, random);
  }
  for (const Operand& operand : instruction->operands) {
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    if (memory != nullptr && instruction->operation != Operation::lea &&
        !aim(*memory, stack, place_in_window(surroundings, random), made.state)) {
      return std::nullopt;
    }
  }
  return made;
}

}  // namespace fiberproof::verify
