#include "fuzz/generate/start_profiles.hpp"

#include "fuzz/reference/start_reference.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

constexpr std::uint32_t count_max = std::numeric_limits<std::uint32_t>::max();

// More than any program is made of: what a generator reads is bounded by the lists that it fills.
constexpr std::size_t read_bytes_max = 256;

/// The input with zeros behind it, so that no byte is compared with the end: an engine would follow
/// those comparisons, which tell it nothing.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes)
      : size_(std::min(bytes.size(), read_bytes_max)) {
    if (size_ != 0) {
      __builtin_memcpy(bytes_.data(), bytes.data(), size_);
    }
  }

  bool at_end() const { return next_ >= size_; }

  std::uint8_t byte() { return bytes_[next_++]; }

  std::uint16_t pair() {
    const std::uint16_t low = byte();
    return static_cast<std::uint16_t>(low | byte() << 8);
  }

 private:
  std::array<std::uint8_t, read_bytes_max> bytes_{};
  std::size_t size_;
  std::size_t next_ = 0;
};

std::uint32_t clamped(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, count_max));
}

/// The largest n for which `fixed_bytes` + 16 n fit, give or take one.
std::uint32_t exact_fit(std::uint64_t usable, std::uint64_t fixed_bytes, int difference) {
  const std::uint64_t fit = usable < fixed_bytes ? 0 : (usable - fixed_bytes) / spec::value_bytes;
  return clamped(difference < 0 && fit == 0 ? 0 : fit + static_cast<std::uint64_t>(difference));
}

/// A capacity n at or near one of the places where the layout changes its mind.
std::uint32_t boundary_capacity(std::uint8_t choice, std::uint8_t fine, std::uint64_t usable) {
  constexpr std::uint64_t bare = spec::return_count_below;
  constexpr std::uint64_t with_headroom = bare + spec::headroom_bytes;
  switch (choice % 16) {
    case 0: return fine % 2;
    case 1: return fine;
    case 2:
    case 3:
    case 4: return exact_fit(usable, with_headroom, choice % 16 - 3);
    case 5:
    case 6:
    case 7: return exact_fit(usable, bare, choice % 16 - 6);
    case 8: return 1u << 16;
    case 9: return (1u << 28) - 1;
    case 10: return 1u << 28;
    case 11: return count_max;
    case 12: return (1u << 28) - 4;         // 0x40 + 16 n is 2^32 exactly
    case 13: return (1u << 28) - 1 - fine;  // the headroom carries into bit 32 as well
    case 14: return exact_fit(usable, with_headroom, -1 - fine);
    default: return count_max - fine;
  }
}

/// Sets both counts so that the larger is `capacity`: which one it is, and by how much.
void set_counts(Signature& function, std::uint32_t capacity, std::uint8_t choice) {
  const std::array<std::uint32_t, 4> smaller = {capacity, 0, capacity / 2,
                                                capacity == 0 ? 0 : capacity - 1};
  const std::uint32_t other = smaller[choice / 2 % smaller.size()];
  function.params = choice % 2 == 0 ? capacity : other;
  function.returns = choice % 2 == 0 ? other : capacity;
}

constexpr std::uint64_t supplied_bytes_to_lay_out_on_min = 32;

StackShape shape_to_lay_out_on(std::uint8_t choice, std::uint16_t size) {
  constexpr std::array<std::uint64_t, 3> pages = {1, 2, 512};
  if (choice < 0x60) {
    return {StackShape::Kind::mapped, 0, pages[choice % pages.size()] * spec::page_bytes};
  }
  if (choice < 0x68) {
    // Beyond 2^32 bytes, up to what the largest n needs (L6).
    return {StackShape::Kind::mapped, 0,
            choice % 2 == 0 ? (std::uint64_t{1} << 32) + 2 * spec::page_bytes
                            : (std::uint64_t{1} << 36) + 2 * spec::page_bytes};
  }
  const std::uint64_t bytes = choice < 0xb0 ? size % 0x1400u : size;
  return {StackShape::Kind::supplied, choice % (supplied_offset_max + 1),
          std::max(bytes, supplied_bytes_to_lay_out_on_min)};
}

Step step_on(Kind kind, std::size_t function, std::size_t stack) {
  Step step;
  step.kind = kind;
  step.function = static_cast<std::uint8_t>(function);
  step.stack = static_cast<std::uint8_t>(stack);
  return step;
}

Trampoline trampoline_of(std::uint8_t byte) {
  return byte % 8 == 7 ? Trampoline::v44 : Trampoline::trap;
}

// A program of starts: a fixed number of everything, so that each has its place in the bytes.
constexpr std::size_t started_stacks = 4;
constexpr std::size_t started_functions = 6;
constexpr std::size_t steps_before_stacks = 4;  ///< a short input reaches them
constexpr std::size_t steps_behind_functions = 28;
constexpr std::uint16_t many_starts = 1000;

static_assert(3 + 3 * (steps_before_stacks + started_stacks + started_functions +
                       steps_behind_functions) <=
              read_bytes_max);
static_assert(2 + 1 + steps_before_stacks + steps_behind_functions <= program_bounds::steps);
static_assert(1 + 6 * program_bounds::stacks <= read_bytes_max);  // A program of layouts.

StackShape shape_to_run_on(std::uint8_t choice, std::uint16_t size) {
  constexpr std::array<std::uint64_t, 8> pages = {8, 8, 8, 16, 1, 2, 5, 8};
  if (choice < 0xa0) {
    return {StackShape::Kind::mapped, 0, pages[choice % pages.size()] * spec::page_bytes};
  }
  if (choice < 0xa4) {
    return {StackShape::Kind::mapped, 0, program_bounds::started_bytes};
  }
  constexpr std::uint64_t tight = spec::return_count_below + spec::headroom_bytes;
  const std::uint64_t bytes = choice < 0xd0 ? tight - 32 + size % 512 : 20 * 1024 + size % 0xa000;
  return {StackShape::Kind::supplied, choice % (supplied_offset_max + 1), bytes};
}

std::uint32_t capacity_to_run_with(std::uint8_t choice, std::uint8_t fine, std::uint64_t usable) {
  if (choice < 0xc0) {
    return fine % 12;
  }
  if (choice < 0xe0) {
    return fine;
  }
  constexpr std::uint64_t with_headroom = spec::return_count_below + spec::headroom_bytes;
  return choice < 0xf4 ? exact_fit(usable, with_headroom, choice % 3 - 1)
                       : exact_fit(usable, spec::return_count_below + start_bounds::room_for_steps,
                                   choice % 3 - 1);
}

/// A step of three bytes. The kinds below 0x40 are none, so that short inputs give short programs.
void add_step(Bytes& bytes, Program& program) {
  const std::uint8_t kind = bytes.byte();
  const std::uint8_t first = bytes.byte();
  const std::uint8_t second = bytes.byte();
  if (kind < 0x40) {
    return;
  }
  if (kind < 0x7c) {
    program.steps.push_back(
        step_on(Kind::start, first % started_functions, second % started_stacks));
  } else if (kind < 0xb8) {
    // Indices of every width.
    Step step;
    step.kind = kind % 2 == 0 ? Kind::yield : Kind::yield_apart;
    step.index = (first * 0x01010101u) >> (24 - second % 4 * 8);
    program.steps.push_back(step);
  } else if (kind < 0xbf) {
    program.steps.push_back(
        step_on(Kind::initialize, first % started_functions, second % started_stacks));
  } else {
    Step step;
    step.kind = kind < 0xec ? Kind::return_ : kind < 0xfc ? Kind::trap : Kind::throw_;
    program.steps.push_back(step);
  }
}

void add_function(Bytes& bytes, Program& program) {
  const std::uint8_t capacity = bytes.byte();
  const std::uint8_t fine = bytes.byte();
  const std::uint8_t which = bytes.byte();
  const StackShape& shape = program.stacks[which / 8 % started_stacks];
  set_counts(program.functions.grow(), capacity_to_run_with(capacity, fine, usable_bytes_of(shape)),
             which);
}

/// Rare, since one such run costs as much as a thousand others: one of 65536 random inputs, and
/// nothing that fuzzers like to repeat.
bool is_deep(std::uint8_t first, std::uint8_t which, std::uint8_t extra) {
  return first >> 4 == 0x9 && which == 0xd2 && extra >> 4 == 0x7;
}

void add_steps(Bytes& bytes, std::size_t count, Program& program) {
  for (std::size_t step = 0; step < count; ++step) {
    add_step(bytes, program);
  }
}

}  // namespace

void generate_layouts(std::span<const std::uint8_t> input, Program& program) {
  Bytes bytes(input);
  program.clear();
  program.trampoline = trampoline_of(bytes.byte());
  do {
    const std::uint8_t stack = bytes.byte();
    const std::uint16_t size = bytes.pair();
    const std::uint8_t choice = bytes.byte();
    const std::uint8_t fine = bytes.byte();
    const std::uint8_t which = bytes.byte();
    const std::size_t index = program.stacks.size();
    program.stacks.push_back(shape_to_lay_out_on(stack, size));
    set_counts(program.functions.grow(),
               boundary_capacity(choice, fine, usable_bytes_of(program.stacks.back())), which);
    program.steps.push_back(step_on(Kind::initialize, index, index));
  } while (!bytes.at_end() && !program.stacks.full());
}

void generate_starts(std::span<const std::uint8_t> input, Program& program) {
  Bytes bytes(input);
  program.clear();
  const std::uint8_t first = bytes.byte();
  const std::uint8_t which = bytes.byte();
  const std::uint8_t extra = bytes.byte();
  program.trampoline = trampoline_of(first);
  program.steps.push_back(step_on(Kind::start, which % started_functions, 0));
  if (is_deep(first, which, extra)) {
    Step again;
    again.kind = Kind::repeat;
    again.length = 1;
    again.count = static_cast<std::uint16_t>(many_starts + extra % 24);
    program.steps.push_back(again);
  }
  add_steps(bytes, steps_before_stacks, program);
  for (std::size_t stack = 0; stack < started_stacks; ++stack) {
    const std::uint8_t choice = bytes.byte();
    program.stacks.push_back(shape_to_run_on(choice, bytes.pair()));
  }
  for (std::size_t function = 0; function < started_functions; ++function) {
    add_function(bytes, program);
  }
  add_steps(bytes, steps_behind_functions, program);
}

}  // namespace fiberproof::fuzz
