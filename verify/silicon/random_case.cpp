// Cases of known forms: Zydis encodes what is chosen here.
#include "verify/silicon/random_case.hpp"

#include "verify/silicon/case_state.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = OperandForm::Kind;

ZydisRegister register_name(unsigned number, unsigned bytes) {
  switch (bytes) {
    case 8: return static_cast<ZydisRegister>(ZYDIS_REGISTER_RAX + static_cast<int>(number));
    case 4: return static_cast<ZydisRegister>(ZYDIS_REGISTER_EAX + static_cast<int>(number));
    case 2: return static_cast<ZydisRegister>(ZYDIS_REGISTER_AX + static_cast<int>(number));
    default:  // AL, CL, DL, BL; then, after AH to BH, SPL and on
      return number < 4
                 ? static_cast<ZydisRegister>(ZYDIS_REGISTER_AL + static_cast<int>(number))
                 : static_cast<ZydisRegister>(ZYDIS_REGISTER_SPL + static_cast<int>(number - 4));
  }
}

class CaseMaker {
 public:
  CaseMaker(const Form& form, const Surroundings& surroundings, Random& operands, Random& state)
      : form_(form), surroundings_(surroundings), random_(operands), state_(state) {}

  std::expected<RandomCase, std::string> make() {
    made_.form = form_.name;
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
    if (!encode() && !(replace_high_bytes() && encode())) {
      return std::unexpected(fmt::format("cannot be encoded: {}", form_.name));
    }
    return std::move(made_);
  }

 private:
  void fill() {
    favourite_ = fill_randomly(made_, state_);
    if (form_.uses_stack) {
      // Among these only leave finds its frame by RBP; for the others it is one more value.
      const std::uint64_t stack = window_place();
      registers()[form_.mnemonic == ZYDIS_MNEMONIC_LEAVE ? rbp : rsp] = stack;
      if (form_.returns) {
        put(stack, landing());
      }
    }
  }

  // Behind the form's own prefixes.
  bool encode() {
    std::array<std::byte, ZYDIS_MAX_INSTRUCTION_LENGTH> buffer{};
    ZyanUSize length = buffer.size() - form_.prefixes.size();
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstructionAbsolute(
            &request_, buffer.data(), &length,
            surroundings_.instruction_address + form_.prefixes.size()))) {
      return false;
    }
    std::vector<std::byte> made(buffer.begin(),
                                buffer.begin() + static_cast<std::ptrdiff_t>(length));
    if (!has_short_address_) {
      replace_address_size_prefix(made);
    }
    made_.code.clear();
    for (const std::uint8_t prefix : form_.prefixes) {
      made_.code.push_back(static_cast<std::byte>(prefix));
    }
    made_.code.insert(made_.code.end(), made.begin(), made.end());
    return true;
  }

  // AH to BH cannot be encoded beside a register that needs REX. Whether there were any.
  bool replace_high_bytes() {
    bool has_any = false;
    for (ZydisEncoderOperand& operand : request_.operands) {
      const ZydisRegister reg = operand.reg.value;
      if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && reg >= ZYDIS_REGISTER_AH &&
          reg <= ZYDIS_REGISTER_BH) {
        operand.reg.value = register_name(static_cast<unsigned>(reg - ZYDIS_REGISTER_AH), 1);
        has_any = true;
      }
    }
    return has_any;
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
      case Kind::landing_memory:
      case Kind::mxcsr_memory:
      case Kind::short_memory:
      case Kind::short_landing_memory: {
        const std::uint64_t address = window_place();
        const bool leads =
            operand.kind == Kind::landing_memory || operand.kind == Kind::short_landing_memory;
        put(address, leads ? landing() : memory_value());
        if (operand.kind == Kind::short_memory || operand.kind == Kind::short_landing_memory) {
          return choose_short_memory(address, operand.bytes, into);
        }
        if (operand.kind == Kind::mxcsr_memory && !random_.one_in(8)) {
          put(address, random_.next() & mxcsr_bits);
        }
        return choose_memory(address, operand.bytes, into);
      }
      case Kind::fs_memory: {
        const std::uint64_t address = window_place();
        put(address, memory_value());
        return choose_fs_memory(address, operand.bytes, into);
      }
      case Kind::address:
        // As for an access, but shifted to anywhere near, and past 32 bits.
        choose_memory(window_place(), 8, into);  // the encoder wants the width of the address
        if (into.mem.base == ZYDIS_REGISTER_NONE && into.mem.index == ZYDIS_REGISTER_NONE) {
          into.mem.displacement = static_cast<std::int32_t>(random_.value());
        }
        if (random_.one_in(2)) {
          registers()[random_.below(register_count)] = random_.value();
        }
        return;
      case Kind::short_address:
        choose_short_memory(window_place(), 4, into);  // the width of the address
        registers()[random_.below(register_count)] = random_.value();
        return;
      case Kind::cl: return choose_count_in_cl(into);
      case Kind::near_target:
      case Kind::far_target: return choose_target(operand.kind == Kind::near_target, into);
      case Kind::immediate:
      case Kind::immediate64:
      case Kind::count: return choose_immediate(operand, into);
    }
  }

  std::uint64_t memory_value() { return random_.one_in(3) ? favourite_ : random_.value(); }

  void choose_register(unsigned number, unsigned bytes, ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_REGISTER;
    const bool is_high_byte = bytes == 1 && random_.one_in(6);
    into.reg.value =
        is_high_byte ? static_cast<ZydisRegister>(ZYDIS_REGISTER_AH + static_cast<int>(number & 3))
                     : register_name(number, bytes);
  }

  // Where RCX is no part of an operand's address, any count.
  void choose_count_in_cl(ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_REGISTER;
    into.reg.value = ZYDIS_REGISTER_CL;
    const auto& memory = request_.operands[0].mem;
    const bool is_free = request_.operands[0].type != ZYDIS_OPERAND_TYPE_MEMORY ||
                         (memory.base != ZYDIS_REGISTER_RCX && memory.index != ZYDIS_REGISTER_RCX);
    if (is_free) {
      registers()[rcx] = (registers()[rcx] & ~std::uint64_t{0xff}) | shift_count();
    }
  }

  std::uint64_t shift_count() {
    const std::array<std::uint64_t, 13> counts = {0, 1, 4, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64};
    return random_.one_in(2) ? counts[random_.below(counts.size())] : random_.value() & 0xff;
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
      into.imm.u = shift_count() & 0x7f;
    } else if (operand.kind == Kind::immediate64) {
      into.imm.u = value;
    } else if (operand.bytes == 1) {
      into.imm.s = static_cast<std::int8_t>(value);
    } else if (operand.bytes == 2) {
      into.imm.s =
          random_.one_in(2) ? static_cast<std::int16_t>(value) : static_cast<std::int8_t>(value);
    } else {
      into.imm.s =
          random_.one_in(2) ? static_cast<std::int32_t>(value) : static_cast<std::int8_t>(value);
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

  // The same by the lower halves of the registers; what their upper halves hold must not matter.
  void choose_short_memory(std::uint64_t address, unsigned bytes, ZydisEncoderOperand& into) {
    has_short_address_ = true;
    into.type = ZYDIS_OPERAND_TYPE_MEMORY;
    into.mem.size = static_cast<ZyanU16>(bytes);
    const bool with_index = random_.one_in(2);
    choose_registers_of(address, true, with_index, into);
    for (ZydisRegister* const reg : {&into.mem.base, &into.mem.index}) {
      if (*reg == ZYDIS_REGISTER_NONE) {
        continue;
      }
      const auto number = static_cast<unsigned>(*reg - ZYDIS_REGISTER_RAX);
      if (!(form_.uses_stack && number == rsp)) {
        registers()[number] ^= random_.next() << 32;
      }
      *reg = register_name(number, 4);
    }
  }

  // The base of FS is the process's own: a register makes up for it.
  void choose_fs_memory(std::uint64_t address, unsigned bytes, ZydisEncoderOperand& into) {
    into.type = ZYDIS_OPERAND_TYPE_MEMORY;
    into.mem.size = static_cast<ZyanU16>(bytes);
    auto base = static_cast<unsigned>(random_.below(register_count));
    base = base == rsp && form_.uses_stack ? rbp : base;
    const auto displacement = static_cast<std::int32_t>(random_.next());
    registers()[base] =
        address - surroundings_.fs_base - static_cast<std::uint64_t>(std::int64_t{displacement});
    into.mem.base = register_name(base, 8);
    into.mem.displacement = displacement;
  }

  void choose_registers_of(std::uint64_t address, bool with_base, bool with_index,
                           ZydisEncoderOperand& into) {
    const auto base = static_cast<unsigned>(random_.below(register_count));
    auto index = static_cast<unsigned>(random_.below(register_count));
    index = index == rsp ? rbp : index;  // has no encoding
    const auto scale = static_cast<std::uint64_t>(1) << random_.below(4);
    // The displacement, of 32 bits, makes up for a base that is not free.
    const bool base_is_free =
        with_base && !(form_.uses_stack && base == rsp) && !(with_index && base == index);

    std::uint64_t displacement =
        random_.one_in(3)   ? 0
        : random_.one_in(2) ? static_cast<std::uint64_t>(static_cast<std::int8_t>(random_.next()))
                            : static_cast<std::uint64_t>(static_cast<std::int32_t>(random_.next()));
    if (with_index) {
      into.mem.index = register_name(index, 8);
      into.mem.scale = static_cast<ZyanU8>(scale);
    }
    if (base_is_free) {
      const std::uint64_t offset = with_index ? (registers()[index] = random_.value()) * scale : 0;
      registers()[base] = address - offset - displacement;
    } else if (with_index) {
      const bool is_both = with_base && base == index;
      const std::uint64_t fixed = with_base && !is_both ? registers()[base] : 0;
      displacement += solve_index(address - fixed - displacement, is_both ? scale + 1 : scale,
                                  registers()[index]);
    } else {
      displacement = address - registers()[base];
    }
    if (with_base) {
      into.mem.base = register_name(base, 8);
    }
    into.mem.displacement = static_cast<std::int64_t>(displacement);
  }

  // Finds an index with index * factor + rest == sum, modulo 2^64, and says the rest: 0 to 7. As
  // many of its upper bits as the factor shifts out are random.
  std::uint64_t solve_index(std::uint64_t sum, std::uint64_t factor, std::uint64_t& index) {
    const auto shift = static_cast<unsigned>(std::countr_zero(factor));
    const std::uint64_t odd = factor >> shift;
    std::uint64_t inverse = odd;  // Newton: each round doubles the bits that are right, from three
    for (unsigned round = 0; round < 5; ++round) {
      inverse *= 2 - odd * inverse;
    }
    index = (sum >> shift) * inverse;
    if (shift != 0) {
      index ^= random_.next() << (64 - shift);
    }
    return sum & ((std::uint64_t{1} << shift) - 1);
  }

  // For the accumulator and an absolute address the encoder takes a form with an address-size
  // prefix (67, REX, A0 to A3, address). This is the one with ModRM and SIB (8A, 8B, 88, 89 and 04
  // 25), as compilers make it; the others are cases of random bytes.
  static void replace_address_size_prefix(std::vector<std::byte>& code) {
    if (code[0] != std::byte{0x67}) {
      return;
    }
    constexpr auto with_modrm = std::to_array<std::uint8_t>({0x8a, 0x8b, 0x88, 0x89});
    code.erase(code.begin());
    const std::size_t at = (std::to_integer<unsigned>(code[0]) & 0xf0) == 0x40 ? 1 : 0;
    code[at] = static_cast<std::byte>(with_modrm[std::to_integer<unsigned>(code[at]) & 3]);
    constexpr auto absolute = std::to_array<std::byte>({std::byte{0x04}, std::byte{0x25}});
    code.insert(code.begin() + static_cast<std::ptrdiff_t>(at) + 1, absolute.begin(),
                absolute.end());
  }

  const Form& form_;
  const Surroundings& surroundings_;
  Random& random_;
  Random& state_;
  std::uint64_t favourite_ = 0;
  ZydisEncoderRequest request_{};
  bool has_short_address_ = false;
  RandomCase made_{};
};

}  // namespace

std::expected<RandomCase, std::string> make_case(const Form& form, const Surroundings& surroundings,
                                                 std::uint64_t seed, std::uint64_t index) {
  Random random(Random(seed ^ (index * 0xd134'2543'de82'ef95)).next());
  return make_case(form, surroundings, random, random);
}

std::expected<RandomCase, std::string> make_case(const Form& form, const Surroundings& surroundings,
                                                 Random& operands, Random& state) {
  return CaseMaker(form, surroundings, operands, state).make();
}

}  // namespace fiberproof::verify
