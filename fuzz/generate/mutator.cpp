#include "fuzz/generate/mutator.hpp"

#include "fuzz/generate/generate.hpp"
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

/// A text that cannot be parsed is decoded as bytes.
void read(std::span<const std::uint8_t> input, Program& program) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  if (!has_program_magic(text) || !parse(text, program)) {
    generate_program(input, program);
  }
}

/// Bytes that do not fit are cut off: fewer steps are a program, too.
std::size_t write(const Program& program, std::span<std::uint8_t> room) {
  std::array<std::uint8_t, program_bytes_max> bytes;
  const std::size_t size = std::min(encode(program, bytes), room.size());
  std::copy_n(bytes.begin(), size, room.begin());
  return size;
}

}  // namespace

std::size_t mutate_input(std::uint8_t* data, std::size_t size, std::size_t size_max,
                         std::uint32_t seed) {
  static Program program;
  if (seed % engine_period == 0 && LLVMFuzzerMutate != nullptr) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  read({data, size}, program);
  mutate(program, seed / engine_period);
  shorten(program, seed / engine_period);
  return write(program, {data, size_max});
}

std::size_t cross_over_inputs(std::span<const std::uint8_t> first,
                              std::span<const std::uint8_t> second, std::span<std::uint8_t> child,
                              std::uint32_t seed) {
  static Program one;
  static Program other;
  static Program made;
  read(first, one);
  read(second, other);
  cross_over(one, other, made, seed);
  shorten(made, seed);
  return write(made, child);
}

}  // namespace fiberproof::fuzz
