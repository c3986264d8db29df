#include "verify/mutation/bytes/mutation.hpp"

#include "verify/x86/instruction.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

namespace fiberproof::verify {
namespace {

// An instruction as Zydis decodes and encodes it. A distance is a number there like any other.
struct Encodable {
  ZydisDecodedInstruction decoded{};
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands{};
  ZydisEncoderRequest request{};
};

std::optional<Encodable> encodable(const std::vector<std::byte>& bytes) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  Encodable made;
  const bool done =
      ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &made.decoded,
                                          made.operands.data())) &&
      ZYAN_SUCCESS(ZydisEncoderDecodedInstructionToEncoderRequest(
          &made.decoded, made.operands.data(), made.decoded.operand_count_visible, &made.request));
  return done ? std::optional(made) : std::nullopt;
}

std::vector<std::byte> encoded(const ZydisEncoderRequest& request) {
  std::array<std::byte, ZYDIS_MAX_INSTRUCTION_LENGTH> buffer{};
  ZyanUSize length = buffer.size();
  if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, buffer.data(), &length))) {
    return {};
  }
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(length)};
}

// Every register of the same width, in the order of their encoding.
std::vector<ZydisRegister> alike(ZydisRegister reg) {
  const auto range = [](ZydisRegister first, std::size_t count) {
    std::vector<ZydisRegister> registers;
    for (std::size_t number = 0; number < count; ++number) {
      registers.push_back(static_cast<ZydisRegister>(first + static_cast<int>(number)));
    }
    return registers;
  };
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR64: return range(ZYDIS_REGISTER_RAX, 16);
    case ZYDIS_REGCLASS_GPR32: return range(ZYDIS_REGISTER_EAX, 16);
    case ZYDIS_REGCLASS_GPR8: {  // without AH to BH, which lie in between
      std::vector<ZydisRegister> registers = range(ZYDIS_REGISTER_AL, 4);
      const auto others = range(ZYDIS_REGISTER_SPL, 12);
      registers.insert(registers.end(), others.begin(), others.end());
      return registers;
    }
    default: return {};
  }
}

class Mutator {
 public:
  explicit Mutator(const MovableRoutine& routine) : routine_(routine) {}

  std::vector<Mutation> run() {
    for (std::size_t at = 0; at < routine_.instructions.size(); ++at) {
      drop(at);
      change_displacement(at);
      change_registers(at);
      if (at + 1 < routine_.instructions.size()) swap(at);
      set_modes(at);
    }
    return std::move(made_);
  }

 private:
  void add(MutationKind kind, std::string description, MovableRoutine changed) {
    made_.push_back({kind, std::move(description), std::move(changed)});
  }

  void drop(std::size_t at) {
    MovableRoutine changed = routine_;
    changed.instructions.erase(changed.instructions.begin() + static_cast<std::ptrdiff_t>(at));
    add(MutationKind::dropped, routine_.instructions[at].text + " -> dropped", std::move(changed));
  }

  void swap(std::size_t at) {
    MovableRoutine changed = routine_;
    std::swap(changed.instructions[at], changed.instructions[at + 1]);
    add(MutationKind::swapped,
        fmt::format("{} <-> {}", routine_.instructions[at].text,
                    routine_.instructions[at + 1].text),
        std::move(changed));
  }

  // The address that a distance from RIP leads to.
  void change_displacement(std::size_t at) {
    const MovableInstruction& original = routine_.instructions[at];
    for (const std::int64_t change : {-8, 8}) {
      if (original.field_bytes != 0) {
        MovableRoutine changed = routine_;
        changed.instructions[at].target.addend += change;
        add(MutationKind::displacement, fmt::format("{} -> target {:+}", original.text, change),
            std::move(changed));
        continue;
      }
      auto made = encodable(original.bytes);
      if (!made) continue;
      for (unsigned index = 0; index < made->request.operand_count; ++index) {
        ZydisEncoderOperand& operand = made->request.operands[index];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        operand.mem.displacement += change;
        replace(at, MutationKind::displacement, made->request);
      }
    }
  }

  // Before the instruction: the direction flag, and where it reads memory the other modes from
  // there.
  void set_modes(std::size_t at) {
    ZydisEncoderRequest request{};
    request.machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
    request.mnemonic = ZYDIS_MNEMONIC_STD;
    insert(at, request);
    const auto made = encodable(routine_.instructions[at].bytes);
    if (!made || routine_.instructions[at].field_bytes != 0) return;
    request.operand_count = 1;
    ZydisEncoderOperand& operand = request.operands[0];
    for (unsigned index = 0; index < made->request.operand_count; ++index) {
      if (made->request.operands[index].type == ZYDIS_OPERAND_TYPE_MEMORY) {
        operand = made->request.operands[index];
      }
    }
    if (made->decoded.mnemonic == ZYDIS_MNEMONIC_POP) {
      operand.type = ZYDIS_OPERAND_TYPE_MEMORY;
      operand.mem.base = ZYDIS_REGISTER_RSP;
    }
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) return;
    for (const auto& [mnemonic, bytes] :
         {std::pair{ZYDIS_MNEMONIC_LDMXCSR, 4}, std::pair{ZYDIS_MNEMONIC_FLDCW, 2}}) {
      request.mnemonic = mnemonic;
      operand.mem.size = static_cast<ZyanU16>(bytes);
      insert(at, request);
    }
  }

  void insert(std::size_t at, const ZydisEncoderRequest& request) {
    const MovableInstruction& original = routine_.instructions[at];
    const std::vector<std::byte> bytes = encoded(request);
    const auto decoded = decode(0, bytes);
    if (!decoded) return;
    MovableRoutine changed = routine_;
    changed.instructions.insert(changed.instructions.begin() + static_cast<std::ptrdiff_t>(at),
                                {original.number, decoded->text, bytes, 0, 0, {}});
    add(MutationKind::mode, fmt::format("{} before {}", decoded->text, original.text),
        std::move(changed));
  }

  void change_registers(std::size_t at) {
    const auto made = encodable(routine_.instructions[at].bytes);
    if (!made) return;
    for (unsigned index = 0; index < made->request.operand_count; ++index) {
      for (const auto place : {0, 1, 2}) {
        const ZydisRegister original = register_at(made->request.operands[index], place);
        for (const ZydisRegister other : alike(original)) {
          if (other == original) continue;
          ZydisEncoderRequest request = made->request;
          register_at(request.operands[index], place) = other;
          replace(at, MutationKind::register_operand, request);
        }
      }
    }
  }

  // The register itself, the base or the index; none where the operand has no such.
  static ZydisRegister& register_at(ZydisEncoderOperand& operand, int place) {
    static ZydisRegister none;
    none = ZYDIS_REGISTER_NONE;
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && place == 0) return operand.reg.value;
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || place == 0) return none;
    return place == 1 ? operand.mem.base : operand.mem.index;
  }
  static ZydisRegister register_at(const ZydisEncoderOperand& operand, int place) {
    ZydisEncoderOperand copy = operand;
    return register_at(copy, place);
  }

  void replace(std::size_t at, MutationKind kind, const ZydisEncoderRequest& request) {
    const MovableInstruction& original = routine_.instructions[at];
    const std::vector<std::byte> bytes = encoded(request);
    const auto decoded = decode(0, bytes);
    if (!decoded || decoded->text == original.text) return;
    if (!seen_.insert(fmt::format("{} {}", at, decoded->text)).second) return;
    MovableRoutine changed = routine_;
    MovableInstruction& instruction = changed.instructions[at];
    instruction.bytes = bytes;
    instruction.text = decoded->text;
    if (decoded->relative) {
      instruction.field_offset = decoded->relative->offset;
      instruction.field_bytes = decoded->relative->bytes;
    }
    add(kind, fmt::format("{} -> {}", original.text, decoded->text), std::move(changed));
  }

  const MovableRoutine& routine_;
  std::vector<Mutation> made_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<std::byte> MovableRoutine::assemble(
    std::uint64_t address, const std::function<std::uint64_t(std::uint64_t)>& outside) const {
  // Where each instruction of the unchanged routine is now: a dropped one where the next is.
  std::uint64_t end = address;
  std::vector<std::optional<std::uint64_t>> places(original_count);
  for (const MovableInstruction& instruction : instructions) {
    places[instruction.number] = end;
    end += instruction.bytes.size();
  }
  places.emplace_back(end);
  for (std::size_t number = original_count; number-- > 0;) {
    if (!places[number]) places[number] = places[number + 1];
  }

  std::vector<std::byte> all;
  for (const MovableInstruction& instruction : instructions) {
    std::vector<std::byte> bytes = instruction.bytes;
    if (instruction.field_bytes != 0) {
      const Target& target = instruction.target;
      const std::uint64_t to =
          (target.instruction ? *places[*target.instruction] : outside(target.address)) +
          static_cast<std::uint64_t>(target.addend);
      const std::uint64_t distance = to - (address + all.size() + bytes.size());
      std::memcpy(bytes.data() + instruction.field_offset, &distance, instruction.field_bytes);
    }
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

std::expected<MovableRoutine, std::string> movable(const Routine& routine) {
  MovableRoutine made;
  std::vector<std::uint64_t> addresses;
  std::vector<std::uint64_t> targets;
  for (std::size_t offset = 0; offset < routine.bytes.size();) {
    const auto decoded = decode(routine.address + offset, std::span(routine.bytes).subspan(offset));
    if (!decoded) return std::unexpected(message(decoded.error()));
    const auto first = routine.bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    MovableInstruction instruction{
        made.instructions.size(), decoded->text, {first, first + decoded->length}, 0, 0, {}};
    if (decoded->relative) {
      instruction.field_offset = decoded->relative->offset;
      instruction.field_bytes = decoded->relative->bytes;
      instruction.target.address = decoded->relative->target;
    }
    made.instructions.push_back(std::move(instruction));
    addresses.push_back(decoded->address);
    offset += decoded->length;
  }
  addresses.push_back(routine.address + routine.bytes.size());
  made.original_count = made.instructions.size();
  for (MovableInstruction& instruction : made.instructions) {
    const auto inside = std::ranges::find(addresses, instruction.target.address);
    if (instruction.field_bytes != 0 && inside != addresses.end()) {
      instruction.target.instruction = static_cast<std::size_t>(inside - addresses.begin());
    }
  }
  return made;
}

std::vector<Mutation> mutations(const MovableRoutine& routine) {
  return Mutator(routine).run();
}

}  // namespace fiberproof::verify
