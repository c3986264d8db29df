// The bytes of a Program: the number of declarations, one code for each possible stack and
// function, then one code for each step until the bytes end. Codes have a fixed width, so that a
// change of a byte changes one thing.
#include "fuzz/generate/generate.hpp"

#include "fuzz/generate/byte_code.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Takes the next bytes off the front; those that are missing are 0.
template <class Code>
Code take(Bytes& bytes) {
  Code code{};
  const std::size_t size = std::min(code.size(), bytes.size());
  std::copy_n(bytes.begin(), size, code.begin());
  bytes = bytes.subspan(size);
  return code;
}

template <class Code>
void put(const Code& code, std::span<std::uint8_t>& room) {
  std::copy(code.begin(), code.end(), room.begin());
  room = room.subspan(code.size());
}

/// How many stacks, functions and tags are declared, two bits each, and the trampoline.
using CountsCode = std::array<std::uint8_t, 1>;
static_assert(coded_stacks == 4 && coded_functions == 4 && program_bounds::tags == 4);
constexpr std::uint8_t v44_code = 3 << 6;
/// A code follows the first byte if that has this in its upper two bits: the trampoline in its
/// first byte, then how many continuations and uses of handles came before.
constexpr std::uint8_t counted_code = 2 << 6;
using CountedCode = std::array<std::uint8_t, 1 + 2 * sizeof(std::uint64_t)>;

std::uint64_t number_at(const CountedCode& code, std::size_t place) {
  std::uint64_t number = 0;
  for (std::size_t byte = 0; byte < sizeof number; ++byte) {
    number |= std::uint64_t{code[place + byte]} << 8 * byte;
  }
  return std::min(number, program_bounds::counted_before);
}

void put_number(std::uint64_t number, CountedCode& code, std::size_t place) {
  for (std::size_t byte = 0; byte < sizeof number; ++byte) {
    code[place + byte] = static_cast<std::uint8_t>(number >> 8 * byte);
  }
}

constexpr std::size_t encoded_bytes_max =
    sizeof(CountsCode) + sizeof(CountedCode) +
    (coded_stacks + coded_functions) * sizeof(DeclarationCode) +
    program_bounds::steps * sizeof(StepCode);
static_assert(encoded_bytes_max <= program_bytes_max);

}  // namespace

void generate_program(Bytes bytes, Program& program) {
  decode_program(bytes, program, &decode_step);
}

std::size_t encode(const Program& program, std::span<std::uint8_t> bytes) {
  return encode_program(program, bytes, &encode);
}

void decode_program(Bytes bytes, Program& program, StepDecoder decode) {
  program.clear();
  const std::uint8_t counts = take<CountsCode>(bytes)[0];
  const std::size_t stacks = 1u + counts % 4;
  const std::size_t functions = 1u + counts / 4 % 4;
  program.tags = static_cast<std::uint8_t>(1 + counts / 16 % 4);
  bool is_v44 = counts >= v44_code;
  if (!is_v44 && counts >= counted_code) {
    const auto counted = take<CountedCode>(bytes);
    is_v44 = counted[0] == v44_code;
    program.numbers = number_at(counted, 1);
    program.revisions = number_at(counted, 1 + sizeof(std::uint64_t));
  }
  program.trampoline = is_v44 ? Trampoline::v44 : Trampoline::trap;
  for (std::size_t index = 0; index < coded_stacks; ++index) {
    const auto code = take<DeclarationCode>(bytes);
    if (index < stacks) {
      program.stacks.push_back(decode_stack(code));
    }
  }
  for (std::size_t index = 0; index < coded_functions; ++index) {
    const auto code = take<DeclarationCode>(bytes);
    if (index < functions) {
      program.functions.push_back(decode_function(code, program));
    }
  }
  while (!bytes.empty() && !program.steps.full()) {
    program.steps.push_back(decode(take<StepCode>(bytes), program, program.steps.size()));
  }
}

std::size_t encode_program(const Program& program, std::span<std::uint8_t> bytes,
                           StepEncoder encode_step) {
  std::span<std::uint8_t> room = bytes;
  const std::size_t stacks = std::min(program.stacks.size(), coded_stacks);
  const std::size_t functions = std::min(program.functions.size(), coded_functions);
  const bool is_counted = program.numbers != 0 || program.revisions != 0;
  const std::uint8_t trampoline = program.trampoline == Trampoline::v44 ? v44_code : 0;
  put(CountsCode{static_cast<std::uint8_t>((stacks - 1) | (functions - 1) << 2 |
                                           (program.tags - 1u) << 4 |
                                           (is_counted ? counted_code : trampoline))},
      room);
  if (is_counted) {
    CountedCode counted{trampoline};
    put_number(program.numbers, counted, 1);
    put_number(program.revisions, counted, 1 + sizeof(std::uint64_t));
    put(counted, room);
  }
  for (std::size_t index = 0; index < coded_stacks; ++index) {
    put(index < program.stacks.size() ? encode(program.stacks[index]) : DeclarationCode{}, room);
  }
  for (std::size_t index = 0; index < coded_functions; ++index) {
    put(index < program.functions.size() ? encode(program.functions[index]) : DeclarationCode{},
        room);
  }
  for (const Step& step : program.steps) {
    put(encode_step(step), room);
  }
  return bytes.size() - room.size();
}

}  // namespace fiberproof::fuzz
