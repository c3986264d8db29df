// The enumeration of a tiny world has as many programs as counted by hand, each valid and only
// once, and the interesting ones are among them.
#include "fuzz/generate/exhaustive.hpp"

#include "fuzz/run/run.hpp"
#include "fuzz/tests/arrivals.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

std::uint64_t programs_of(std::size_t steps, TinyWorld world = {}) {
  Exhaustive exhaustive(world);
  return exhaustive.programs_of(steps, [](const Program&) { return true; }).programs;
}

/// A program of the world that Exhaustive has, of these steps.
std::string in_tiny_world(std::string_view steps, unsigned tags = 1) {
  Program program;
  const auto parsed = parse(fmt::format("fiberproof program 2\nstack s0 pooled 65536\n"
                                        "function f0 params 0 returns 0\n"
                                        "function f1 params 1 returns 2\n"
                                        "tags {}\nsteps\n{}\nend\n",
                                        tags, steps),
                            program);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  return print(program);
}

/// How often the enumeration of `world` has the program of `steps`, which are `count`.
unsigned times(std::string_view steps, std::size_t count, TinyWorld world) {
  const std::string wanted = in_tiny_world(steps, world.tags);
  Program program;
  EXPECT_TRUE(parse(wanted, program).has_value());
  Exhaustive exhaustive(world);
  unsigned found = 0;
  exhaustive.programs_of(count, [&](const Program& visited) {
    found += visited == program ? 1 : 0;
    return true;
  });
  return found;
}

TEST(exhaustive, one_step_has_64_programs) {
  // In the order of first use, the handle is h0 and `to` is h0 or h1. new: null and two functions,
  // 3. bind: three counts of values, two slots, 6. resume: three counts, and a table of no suspend
  // clause, 2, or of one and two slots, 4: 18. throw-into: 6. suspend: three counts, three
  // rooms, 9. switch: and two slots, 18. return, trap, throw, 3. drop, 1.
  EXPECT_EQ(3 + 6 + 18 + 6 + 9 + 18 + 3 + 1, 64);
  EXPECT_EQ(programs_of(1), 64u);
}

TEST(exhaustive, two_steps_have_232_programs) {
  // After the new of either function, since nothing else changes anything on the embedder's stack
  // with no continuation. Then both slots can be named: new 6, bind 12, resume 36, throw-into 12,
  // suspend 9, switch 36, return, trap and throw 3, drop 2.
  EXPECT_EQ(2 * (6 + 12 + 36 + 12 + 9 + 36 + 3 + 2), 232);
  EXPECT_EQ(programs_of(2), 232u);
}

TEST(exhaustive, three_steps_have_6264_programs) {
  // What changes something after `new h0 f0`, which takes no value: new 4, bind 2 (to either slot),
  // resume 6, throw-into 6, drop 1; and after `new h0 f1`, which takes two: new 4, bind 6,
  // resume 18, throw-into 6, drop 1. Then all that two steps have after their first, 116.
  EXPECT_EQ((19 + 35) * 116, 6264);
  EXPECT_EQ(programs_of(3), 6264u);
}

TEST(exhaustive, a_world_without_values_is_smaller) {
  // new 3, bind 2, resume 6, throw-into 6, suspend 1, switch 2, return, trap and throw 3, drop 1.
  EXPECT_EQ(programs_of(1, {.values = 0}), 24u);
}

TEST(exhaustive, tags_are_named_in_order) {
  // With two tags a resume of n values has tables of t0 alone or with t1: of suspend clauses none,
  // t0, or both, and of switch clauses the same; where t1 is, t0 comes before it. In order are
  // {} x {none, t0, t0 t1}, {t0} x {none, t0, t1, t0 t1} and {t0 t1} x {none, t0, t1, t0 t1}, the
  // last eight of which have two slots: 3 + 16, in place of 6. Likewise of throw-into.
  EXPECT_EQ(programs_of(1, {.tags = 2, .values = 0}), 24u + 2 * (19 - 6));
}

TEST(exhaustive, every_program_is_valid_and_visited_once) {
  for (const TinyWorld world : {TinyWorld{}, TinyWorld{3, 2, 1}}) {
    Exhaustive exhaustive(world);
    std::set<std::string> seen;
    for (std::size_t steps = 1; steps <= 2; ++steps) {
      exhaustive.programs_of(steps, [&](const Program& program) {
        Program again;
        const std::string text = print(program);
        EXPECT_TRUE(parse(text, again).has_value()) << text;
        EXPECT_EQ(program.steps.size(), steps);
        EXPECT_TRUE(seen.insert(text).second) << text;
        return true;
      });
    }
  }
}

TEST(exhaustive, interesting_programs_are_visited) {
  EXPECT_EQ(times("new h0 f0 on s0\nresume h0 0 to h0 suspends t0\nsuspend t0 0 room 0\n"
                  "resume h0 0 to h0\nreturn",
                  5, {.slots = 1, .values = 0}),
            1u);
  EXPECT_EQ(times("new h0 f1 on s0\nresume h0 1 to h1 suspends t0\nsuspend t0 1 room 1\n"
                  "resume h1 1 to h1",
                  4, {.values = 1}),
            1u);
  EXPECT_EQ(times("new h0 f0 on s0\nnew h1 f1 on s0\nresume h0 0 to h0 switches t0\n"
                  "switch h1 t0 0 room 1 to h1",
                  4, {.values = 1}),
            1u);
  EXPECT_EQ(times("new h0 f0 on s0\nresume h0 0 to h0\nresume h0 0 to h0\ntrap", 4,
                  {.slots = 1, .values = 0}),
            1u);
}

TEST(exhaustive, renamed_programs_are_not_visited) {
  EXPECT_EQ(times("new h1 f0 on s0\ndrop h1", 2, {}), 0u);
  EXPECT_EQ(times("new h0 f0 on s0\nresume h0 0 to h1 switches t0", 2, {}), 0u);
  EXPECT_EQ(times("suspend t1 0 room 0", 1, {.tags = 2}), 0u);
}

TEST(exhaustive, a_program_that_changed_nothing_is_not_extended) {
  EXPECT_EQ(times("return\nnew h0 f0 on s0", 2, {}), 0u);
  EXPECT_EQ(times("drop h0\nnew h0 f0 on s0", 2, {}), 0u);
  EXPECT_EQ(times("throw\nnew h0 f0 on s0", 2, {}), 0u);
}

TEST(exhaustive, programs_can_share_a_beginning) {
  // A suspended chain of two stacks, and a third one that can switch to it: its last ancestor is
  // not the one that resumes.
  constexpr const char* beginning =
      "new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h0 suspends t0\nresume h1 0 to h1\n"
      "suspend t0 0 room 2\nnew h1 f1 on s0\nresume h1 0 to h1 suspends t0 switches t0\n";
  Program first;
  Program wanted;
  ASSERT_TRUE(parse(in_tiny_world(beginning), first).has_value());
  ASSERT_TRUE(parse(in_tiny_world(beginning + std::string("switch h0 t0 1 room 0 to h1")), wanted)
                  .has_value());
  Exhaustive exhaustive(TinyWorld{});
  exhaustive.begin_with({first.steps.begin(), first.steps.end()});
  unsigned found = 0;
  const auto count = exhaustive.programs_of(1, [&](const Program& program) {
    found += program == wanted ? 1 : 0;
    return true;
  });
  EXPECT_EQ(found, 1u);
  EXPECT_EQ(count.programs, 116u);  // both slots and the tag have names
}

TEST(exhaustive, a_visitor_can_end_an_enumeration) {
  Exhaustive exhaustive(TinyWorld{});
  std::uint64_t wanted = 100;
  const auto count = exhaustive.programs_of(2, [&](const Program&) { return --wanted > 0; });
  EXPECT_EQ(count.programs, 100u);
  EXPECT_FALSE(count.all);
}

/// A rule that does not hold, to see that the enumeration finds where: that no suspension crosses
/// a stack.
TEST(exhaustive, a_wrong_rule_is_refuted) {
  Exhaustive exhaustive({.slots = 2, .tags = 1, .values = 0});
  Reference reference;
  std::string refuting;
  for (std::size_t steps = 1; steps <= 5 && refuting.empty(); ++steps) {
    exhaustive.programs_of(steps, [&](const Program& program) {
      reference.begin(program);
      while (reference.next() != nullptr) {
        reference.take();
      }
      const Arrival& arrival = reference.arrival();
      const bool crosses = arrival.kind == Arrival::Kind::suspended &&
                           reference.stack(arrival.handle).last_ancestor != arrival.handle;
      refuting = crosses ? print(program) : "";
      return !crosses;
    });
  }
  EXPECT_EQ(refuting, in_tiny_world("new h0 f0 on s0\nnew h1 f0 on s0\n"
                                    "resume h0 0 to h0 suspends t0\nresume h1 0 to h1\n"
                                    "suspend t0 0 room 0"));
}

}  // namespace
}  // namespace fiberproof::fuzz
