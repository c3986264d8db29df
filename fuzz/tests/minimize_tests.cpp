// Minimising: what comes out shows the same, and nothing of it can be left out.
#include "fuzz/minimize/minimize.hpp"

#include "fuzz/minimize/edits.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

Program program_of(std::string_view text) {
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return program;
}

std::string minimized(std::string_view text, const StillShows& still_shows) {
  Program program = program_of(text);
  EXPECT_TRUE(still_shows(program));
  const Minimized result = minimize(program, still_shows);
  EXPECT_TRUE(result.complete);
  EXPECT_TRUE(still_shows(program));
  return print(program);
}

/// Stands for a failure: a suspend that comes after a throw.
bool suspends_after_a_throw(const Program& program) {
  const auto& steps = program.steps;
  const auto is = [](Kind kind) { return [kind](const Step& step) { return step.kind == kind; }; };
  const auto thrown = std::find_if(steps.begin(), steps.end(), is(Kind::throw_));
  return std::find_if(thrown, steps.end(), is(Kind::suspend)) != steps.end();
}

constexpr std::string_view long_program = R"(fiberproof program 2
expect pass
stack s0 supplied 40000 offset 3
stack s1 pooled 131072
function f0 params 2 returns 1
function f1 params 700 returns 30
tags 3
steps
  new h0 f1 on s1
  bind h0 1 to h1
  resume h1 1 to h2 suspends t0 t2 switches t1
  try
  call 9
  throw
  suspend t2 2 room 3
  back
  repeat 4 999
  suspend t1 15 room 15
  return
end
)";

TEST(minimize, a_program_keeps_what_shows_it_and_nothing_else) {
  EXPECT_EQ(minimized(long_program, suspends_after_a_throw), R"(fiberproof program 2
expect pass
stack s0 pooled 65536
function f0 params 0 returns 0
tags 1
steps
  throw
  suspend t0 0 room 0
end
)");
}

TEST(minimize, no_single_step_of_the_result_can_be_left_out) {
  const auto shows = [](const Program& program) {
    std::uint64_t values = 0;
    for (const Step& step : program.steps) {
      values += step.values;
    }
    return values >= 17;
  };
  Program program = program_of(long_program);
  ASSERT_TRUE(minimize(program, shows).complete);
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    Program shorter = program;
    remove_steps(shorter, index, index + 1);
    EXPECT_FALSE(shows(shorter)) << print(shorter);
  }
}

TEST(minimize, a_level_of_nesting_goes_with_both_its_steps) {
  const auto shows = [](const Program& program) {
    int open = 0;
    bool walks = false;
    for (const Step& step : program.steps) {
      open += step.kind == Kind::enter ? 1 : step.kind == Kind::leave ? -1 : 0;
      walks = walks || step.kind == Kind::walk;
    }
    return open == 0 && walks;
  };
  const std::string text = minimized(
      "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 0 returns 0\n"
      "tags 1\nsteps\n  enter\n  enter\n  walk\n  leave\n  leave\nend\n",
      shows);
  EXPECT_TRUE(text.ends_with("steps\n  walk\nend\n")) << text;
}

TEST(minimize, a_repeat_loses_the_steps_that_go) {
  Program program = program_of(long_program);
  auto& store_program = program;
  remove_steps(store_program, 4, 6);
  EXPECT_EQ(print(store_program.steps[6]), "repeat 2 999");
  remove_steps(store_program, 4, 6);
  EXPECT_EQ(print(store_program.steps[4]), "suspend t1 15 room 15");
}

TEST(minimize, numbers_come_as_near_to_the_plain_ones_as_they_can) {
  const auto shows = [](const Program& program) {
    const auto& store_program = program;
    return store_program.functions[0].params >= 129 && store_program.stacks[0].bytes >= 70000;
  };
  const std::string text = minimized(
      "fiberproof program 2\nstack s0 pooled 1048576\nfunction f0 params 4095 returns 9\n"
      "tags 4\nsteps\n  trap\nend\n",
      shows);
  EXPECT_NE(text.find("stack s0 pooled 73728\n"), std::string::npos) << text;
  EXPECT_NE(text.find("function f0 params 129 returns 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tags 1\nsteps\nend\n"), std::string::npos) << text;
}

TEST(minimize, a_program_loses_functions_stacks_and_nesting) {
  // Stands for a failure: a started body of three parameters or more that throws.
  const auto shows = [](const Program& program) {
    for (std::size_t index = 1; index < program.steps.size(); ++index) {
      const Step& start = program.steps[index - 1];
      if (start.kind == Kind::start && program.steps[index].kind == Kind::throw_ &&
          program.functions[start.function].params >= 3) {
        return true;
      }
    }
    return false;
  };
  EXPECT_EQ(minimized(R"(fiberproof program 2
expect pass
trampoline v44
stack s0 pooled 32768
stack s1 supplied 8200 offset 3
function f0 params 3 returns 2
function f1 params 600 returns 0
tags 1
steps
  initialize f1 on s1
  start f0 on s0
  start f1 on s1
  start f0 on s0
  yield 7
  trap
  start f1 on s0
  throw
  yield 8 apart
  repeat 4 20
  trap
end
)",
                      shows),
            R"(fiberproof program 2
expect pass
stack s0 pooled 65536
function f0 params 3 returns 0
tags 1
steps
  start f0 on s0
  throw
end
)");
}

TEST(minimize, attempts_are_bounded) {
  Program program = program_of(long_program);
  unsigned asked = 0;
  const Minimized result =
      minimize(program, [&asked](const Program&) { return ++asked, false; }, 5);
  EXPECT_EQ(asked, 5u);
  EXPECT_EQ(result.attempts, 5u);
  EXPECT_FALSE(result.complete);
}

TEST(minimize, endings_are_told_apart_by_rule_and_by_signal) {
  const auto violated = [](SpecId id) {
    return Ending{Expectation{Expectation::Kind::violation, id}, 0, {}, {}};
  };
  const auto died = [](int status) { return Ending{std::nullopt, status, {}, {}}; };
  EXPECT_TRUE(is_same_ending(violated(SpecId::C5), violated(SpecId::C5)));
  EXPECT_FALSE(is_same_ending(violated(SpecId::C5), violated(SpecId::C1)));
  EXPECT_TRUE(is_same_ending(died(6), died(6)));
  EXPECT_FALSE(is_same_ending(died(6), died(11)));
  EXPECT_FALSE(is_same_ending(violated(SpecId::C5), died(6)));
}

}  // namespace
}  // namespace fiberproof::fuzz
