// The generator and the mutator of Programs are total, make valid programs only, and can
// reach every one.
#include "fuzz/generate/generate.hpp"

#include "fuzz/generate/byte_code.hpp"
#include "fuzz/program/form.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <random>
#include <vector>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint32_t rounds = 60'000;

void generate_from_random_bytes(std::mt19937& random, Program& program) {
  std::vector<std::uint8_t> bytes(random() % 1000);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(random() >> 7);
  }
  generate_program(bytes, program);
}

/// Programs from bytes, then ones that were changed many times over, crossed with each other.
template <class Check>
void for_random_programs(Check check) {
  std::mt19937 random(1);
  Program program;
  Program chain;
  Program crossed;
  generate_program({}, chain);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    generate_from_random_bytes(random, program);
    check(program);
    mutate(chain, round);
    check(chain);
    cross_over(chain, program, crossed, round);
    check(crossed);
    if (round % 256 == 0) {
      chain = crossed;
    }
  }
}

TEST(generate, programs_can_be_printed_and_parsed) {
  for_random_programs([](const Program& program) {
    Program again;
    const auto parsed = parse(print(program), again);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message << "\n" << print(program);
    ASSERT_EQ(again, program) << print(program);
  });
}

TEST(generate, encode_inverts_decode) {
  for_random_programs([](const Program& program) {
    std::array<std::uint8_t, program_bytes_max> bytes{};
    const std::size_t size = encode(program, bytes);
    ASSERT_LE(size, bytes.size());
    Program again;
    generate_program(std::span(bytes).first(size), again);
    ASSERT_EQ(again, program) << print(program) << print(again);
  });
}

TEST(generate, encode_omits_the_expectation) {
  Program program;
  generate_program({}, program);
  program.expect = {Expectation::Kind::violation, SpecId::T4};
  std::array<std::uint8_t, program_bytes_max> bytes{};
  Program again;
  generate_program(std::span(bytes).first(encode(program, bytes)), again);
  EXPECT_EQ(again.expect, Expectation{});
}

TEST(generate, old_encodings_decode_unchanged) {
  using Kind = Step::Kind;
  constexpr std::array<std::uint8_t, 20> code_of = {0,   46,  62,  116, 120, 162, 186,
                                                    210, 214, 217, 219, 227, 231, 237,
                                                    242, 246, 249, 251, 253, 254};
  for (std::size_t kind = 0; kind < code_of.size(); ++kind) {
    Step step;
    step.kind = static_cast<Kind>(kind);
    EXPECT_EQ(encode(step)[0], code_of[kind]) << kind;
  }
  // The 32nd size of supplied memory, and the first of a pooled stack.
  EXPECT_EQ(decode_stack({0xf8, 0, 0, 5}), (StackShape{StackShape::Kind::supplied, 5, 32}));
  EXPECT_EQ(decode_stack({0xf6, 1, 0, 0}), (StackShape{StackShape::Kind::mapped, 0, 4097}));
}

TEST(generate, every_impossible_stack_has_an_encoding) {
  for (std::uint32_t bits = program_bounds::beyond_bits_min;
       bits <= program_bounds::beyond_bits_max; ++bits) {
    EXPECT_EQ(decode_stack(encode(stack_beyond(bits))), stack_beyond(bits)) << bits;
  }
  for (std::uint64_t bytes = 0; bytes <= 32; ++bytes) {
    const StackShape small{StackShape::Kind::supplied, 7, bytes};
    EXPECT_EQ(decode_stack(encode(small)), small) << bytes;
  }
}

TEST(generate, steps_without_a_code_are_encoded_as_walks) {
  Program program;
  generate_program({}, program);
  for (const auto kind : {Step::Kind::resume_again, Step::Kind::trespass, Step::Kind::overflow,
                          Step::Kind::collect}) {
    Step step;
    step.kind = kind;
    EXPECT_EQ(decode_step(encode(step), program, 1).kind, Step::Kind::walk);
  }
}

// A text may say more than the code has room for: what comes of it is still a program.
TEST(generate, what_has_no_code_is_left_out) {
  Program program;
  for (std::size_t index = 0; index < program_bounds::stacks; ++index) {
    program.stacks.push_back({StackShape::Kind::mapped, 0, program_bounds::pooled_bytes});
    program.functions.push_back({0xffff'ffff, 0});
    Step step;
    step.kind = index % 2 == 0 ? Step::Kind::start : Step::Kind::yield;
    step.function = static_cast<std::uint8_t>(index);
    step.stack = static_cast<std::uint8_t>(index);
    step.index = 0x1234'5678;
    program.steps.push_back(step);
  }
  std::array<std::uint8_t, program_bytes_max> bytes{};
  Program again;
  generate_program(std::span(bytes).first(encode(program, bytes)), again);
  EXPECT_EQ(again.stacks.size(), coded_stacks);
  EXPECT_EQ(again.stacks[0].bytes, program_bounds::made_bytes);
  EXPECT_EQ(again.functions[0].params, program_bounds::wide_arity);
  ASSERT_EQ(again.steps.size(), program.steps.size());
  Program parsed;
  EXPECT_TRUE(parse(print(again), parsed).has_value()) << print(again);
}

TEST(generate, no_bytes_declare_one_of_each) {
  Program program;
  program.steps.push_back({});
  generate_program({}, program);
  Program least;
  least.stacks.push_back({StackShape::Kind::mapped, 0, 65536});
  least.functions.push_back({});
  EXPECT_EQ(program, least);
}

TEST(generate, more_bytes_decode_to_more_steps) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> bytes(2048);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
  Program program;
  std::size_t steps = 0;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    generate_program(std::span(bytes).first(size), program);
    ASSERT_TRUE(program.steps.size() == steps || program.steps.size() == steps + 1) << size;
    steps = program.steps.size();
  }
  EXPECT_EQ(steps, program_bounds::steps);
}

TEST(generate, most_steps_move_control) {
  std::mt19937 random(1);
  Program program;
  std::size_t steps = 0, moving = 0, resumes = 0, with_clauses = 0;
  for (std::uint32_t round = 0; round < 1000; ++round) {
    generate_from_random_bytes(random, program);
    for (const Step& step : program.steps) {
      using Kind = Step::Kind;
      const bool resume = step.kind == Kind::resume;
      ++steps;
      moving += resume || step.kind == Kind::new_ || step.kind == Kind::bind ||
                step.kind == Kind::suspend || step.kind == Kind::switch_ ||
                step.kind == Kind::return_;
      resumes += resume;
      with_clauses += resume && !step.suspends.empty();
    }
  }
  EXPECT_GT(moving * 4, steps * 3);
  EXPECT_GT(with_clauses * 4, resumes * 3);
}

TEST(generate, mutation_depends_on_the_seed_alone) {
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    Program first;
    generate_from_random_bytes(random, first);
    Program second = first;
    mutate(first, seed);
    mutate(second, seed);
    ASSERT_EQ(first, second) << seed;
  }
}

TEST(generate, most_mutations_change_the_program) {
  std::mt19937 random(1);
  Program program;
  std::uint32_t changed = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    generate_from_random_bytes(random, program);
    const Program before = program;
    mutate(program, seed);
    changed += program != before;
  }
  EXPECT_GT(changed, 900u);
}

TEST(generate, the_arity_that_just_fits_is_the_largest) {
  for (const std::uint64_t bytes : {2112u, 2127u, 2128u, 40000u, 65535u}) {
    const StackShape stack = {StackShape::Kind::supplied, 0, bytes};
    const std::uint32_t arity = fitting_arity(stack, 0);
    EXPECT_LE(spec::required_bytes(arity), usable_bytes_of(stack));
    EXPECT_GT(spec::required_bytes(arity + 1), usable_bytes_of(stack));
    EXPECT_EQ(fitting_arity(stack, 1), arity + 1);
  }
}

struct Reached {
  std::array<std::size_t, Step::kinds> steps_of_kind{};
  std::size_t stacks = 0, functions = 0, tags = 0, handle = 0, steps = 0, suspends = 0,
              switches = 0, arity = 0, values_in = 0, values_across = 0, room = 0, frames = 0,
              repeats = 0, length = 0, pooled = 0, supplied = 0, offset = 0, damage = 0,
              beyond_bits = 0, index_bits = 0, v44 = 0, before = 0;
  std::uint64_t numbers = 0, revisions = 0;
  std::size_t supplied_min = program_bounds::supplied_bytes;
  bool null_function = false, just_fits = false, just_does_not = false;
};

void raise(std::size_t& largest, std::size_t number) {
  largest = std::max(largest, number);
}

void look_at(const Step& step, Reached& reached) {
  ++reached.steps_of_kind[static_cast<std::size_t>(step.kind)];
  raise(reached.handle, step.handle);
  raise(reached.room, step.room);
  raise(reached.before, step.before);
  raise(reached.length, step.length);
  raise(reached.index_bits, static_cast<std::size_t>(std::bit_width(step.index)));
  raise(reached.damage, static_cast<std::size_t>(step.damage));
  raise(reached.suspends, step.suspends.size());
  raise(reached.switches, step.switches.size());
  raise(form_of(step.kind).has(StepField::room) ? reached.values_across : reached.values_in,
        step.values);
  raise(step.kind == Step::Kind::call ? reached.frames : reached.repeats, step.count);
  reached.null_function |= step.function == Step::null_function;
}

void look_at(const Program& program, Reached& reached) {
  raise(reached.stacks, program.stacks.size());
  raise(reached.functions, program.functions.size());
  raise(reached.tags, program.tags);
  reached.numbers = std::max(reached.numbers, program.numbers);
  reached.revisions = std::max(reached.revisions, program.revisions);
  reached.v44 += program.trampoline == Trampoline::v44;
  raise(reached.steps, program.steps.size());
  for (const StackShape& stack : program.stacks) {
    const bool supplied = stack.kind == StackShape::Kind::supplied;
    if (is_beyond(stack)) {
      raise(reached.beyond_bits, static_cast<std::size_t>(std::bit_width(stack.bytes)));
      continue;
    }
    raise(supplied ? reached.supplied : reached.pooled, stack.bytes);
    raise(reached.offset, stack.offset);
    if (supplied) {
      reached.supplied_min = std::min(reached.supplied_min, stack.bytes);
    }
    for (const Signature& function : program.functions) {
      raise(reached.arity, std::min(function.params, function.returns));
      const std::uint32_t capacity = spec::capacity_of(function.params, function.returns);
      const std::uint64_t usable = usable_bytes_of(stack);
      const bool fits = spec::required_bytes(capacity) <= usable;
      reached.just_fits |= fits && spec::required_bytes(capacity + 1) > usable;
      reached.just_does_not |=
          !fits && capacity > 0 && spec::required_bytes(capacity - 1) <= usable;
    }
  }
  for (const Step& step : program.steps) {
    look_at(step, reached);
  }
}

TEST(generate, every_kind_and_every_bound_is_reached) {
  Reached reached;
  for_random_programs([&](const Program& program) { look_at(program, reached); });
  for (std::size_t index = 0; index < Step::kinds; ++index) {
    const auto kind = static_cast<Step::Kind>(index);
    EXPECT_EQ(reached.steps_of_kind[index] > 0, !ends_process(kind) && kind != Step::Kind::collect)
        << form_of(kind).word;
  }
  EXPECT_EQ(reached.index_bits, 32u);
  EXPECT_GT(reached.v44, 0u);
  EXPECT_EQ(reached.damage, damages - 1);
  EXPECT_EQ(reached.beyond_bits, program_bounds::beyond_bits_max);
  EXPECT_EQ(reached.stacks, coded_stacks);
  EXPECT_EQ(reached.functions, coded_functions);
  EXPECT_EQ(reached.tags, program_bounds::tags);
  EXPECT_EQ(reached.handle, program_bounds::handles - 1);
  EXPECT_EQ(reached.steps, program_bounds::steps);
  EXPECT_EQ(reached.suspends, program_bounds::suspend_clauses);
  EXPECT_EQ(reached.switches, program_bounds::switch_clauses);
  EXPECT_EQ(reached.arity, program_bounds::arity);
  EXPECT_GE(reached.values_in, 1u << 15);
  EXPECT_GE(reached.before, 1u << 16);
  EXPECT_EQ(reached.numbers, program_bounds::counted_before);
  EXPECT_EQ(reached.revisions, program_bounds::counted_before);
  EXPECT_EQ(reached.values_across, program_bounds::values_across);
  EXPECT_EQ(reached.room, program_bounds::values_across);
  EXPECT_EQ(reached.frames, program_bounds::frames);
  EXPECT_EQ(reached.repeats, program_bounds::repeats);
  EXPECT_GE(reached.length, program_bounds::steps - 8);
  EXPECT_EQ(reached.pooled, program_bounds::made_bytes);
  EXPECT_EQ(reached.supplied, program_bounds::supplied_bytes);
  EXPECT_EQ(reached.supplied_min, 0u);
  EXPECT_EQ(reached.offset, supplied_offset_max);
  EXPECT_TRUE(reached.null_function && reached.just_fits && reached.just_does_not);
}

}  // namespace
}  // namespace fiberproof::fuzz
