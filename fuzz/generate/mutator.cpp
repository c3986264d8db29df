#include "fuzz/generate/mutator.hpp"

#include "fuzz/generate/ends_profile.hpp"
#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"

#include <algorithm>
#include <array>
#include <string_view>

// libFuzzer's own mutation of bytes. Other fuzzers, and replays, have none.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                      std::size_t size_max);

namespace fiberproof::fuzz {
namespace {

// One mutation in so many is libFuzzer's, of the bytes: without knowledge of the language it
// reaches states that the idioms do not.
constexpr std::uint32_t engine_period = 8;

// Most programs stay this short: a longer one finds no more than two of half its length, which cost
// the same.
constexpr std::size_t short_steps_max = 16;
constexpr std::uint32_t long_period = 16;

/// Drops steps at the end, or at the beginning.
void shorten(Program& program, std::uint32_t seed) {
  auto& steps = program.steps;
  if (steps.size() <= short_steps_max || seed % long_period == 0) {
    return;
  }
  if (seed / long_period % 2 == 0) {
    const std::size_t surplus = steps.size() - short_steps_max;
    std::copy(steps.begin() + surplus, steps.end(), &steps[0]);
    for (std::size_t index = 0; index < short_steps_max; ++index) {
      steps[index].length =
          static_cast<std::uint8_t>(std::min<std::size_t>(steps[index].length, index));
    }
    if (steps[0].kind == Step::Kind::repeat) {
      steps[0] = {};
    }
  }
  steps.truncate(short_steps_max);
}

/// How the inputs of a target stand for programs, and what is done to a new program.
struct InputCode {
  void (*decode)(std::span<const std::uint8_t> bytes, Program& program);
  std::size_t (*encode)(const Program& program, std::span<std::uint8_t> bytes);
  void (*finish)(Program& program, std::uint32_t seed);
};

constexpr InputCode code_of_programs{&generate_program, &encode, &shorten};
constexpr InputCode code_of_ends{&generate_ends, &encode_ends,
                                 [](Program& program, std::uint32_t seed) {
                                   shorten(program, seed);
                                   Random random(seed);
                                   end_process(program, random);
                                 }};

/// A text that cannot be parsed is decoded as bytes.
void read(std::span<const std::uint8_t> input, const InputCode& code, Program& program) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  if (!has_program_magic(text) || !parse(text, program)) {
    code.decode(input, program);
  }
}

/// Bytes that do not fit are cut off: fewer steps are a program, too.
std::size_t write(const Program& program, const InputCode& code, std::span<std::uint8_t> room) {
  std::array<std::uint8_t, program_bytes_max> bytes;
  const std::size_t size = std::min(code.encode(program, bytes), room.size());
  std::copy_n(bytes.begin(), size, room.begin());
  return size;
}

std::size_t mutate_input_of(const InputCode& code, std::span<std::uint8_t> room, std::size_t size,
                            std::uint32_t seed) {
  static Program program;
  if (seed % engine_period == 0 && LLVMFuzzerMutate != nullptr) {
    return LLVMFuzzerMutate(room.data(), size, room.size());
  }
  read(room.first(size), code, program);
  mutate(program, seed / engine_period);
  code.finish(program, seed / engine_period);
  return write(program, code, room);
}

std::size_t cross_over_inputs_of(const InputCode& code, std::span<const std::uint8_t> first,
                                 std::span<const std::uint8_t> second,
                                 std::span<std::uint8_t> child, std::uint32_t seed) {
  static Program one;
  static Program other;
  static Program made;
  read(first, code, one);
  read(second, code, other);
  cross_over(one, other, made, seed);
  code.finish(made, seed);
  return write(made, code, child);
}

}  // namespace

std::size_t mutate_input(std::uint8_t* data, std::size_t size, std::size_t size_max,
                         std::uint32_t seed) {
  return mutate_input_of(code_of_programs, {data, size_max}, size, seed);
}

std::size_t cross_over_inputs(std::span<const std::uint8_t> first,
                              std::span<const std::uint8_t> second, std::span<std::uint8_t> child,
                              std::uint32_t seed) {
  return cross_over_inputs_of(code_of_programs, first, second, child, seed);
}

std::size_t mutate_input_of_ends(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                 std::uint32_t seed) {
  return mutate_input_of(code_of_ends, {data, size_max}, size, seed);
}

std::size_t cross_over_inputs_of_ends(std::span<const std::uint8_t> first,
                                      std::span<const std::uint8_t> second,
                                      std::span<std::uint8_t> child, std::uint32_t seed) {
  return cross_over_inputs_of(code_of_ends, first, second, child, seed);
}

}  // namespace fiberproof::fuzz
