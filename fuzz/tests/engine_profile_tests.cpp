// Programs for engines: what they are about, in shares; that their steps mean something; and that
// core runs them without a finding.
#include "fuzz/generate/engine_profile.hpp"

#include "fuzz/program/form.hpp"
#include "fuzz/reference/names.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
using Trap = ExpectedTrap::Kind;

constexpr std::size_t programs_looked_at = 2000;
constexpr std::size_t programs_run = 500;

template <class Visit>
void for_programs(std::size_t count, Visit visit) {
  const auto program = std::make_unique<Program>();
  for (std::size_t seed = 0; seed < count; ++seed) {
    Random random(seed);
    generate_for_engines(random, *program);
    visit(static_cast<const Program&>(*program), seed);
  }
}

/// The events of a run of one program.
struct Seen {
  bool switched, bound, threw, collected, enters, leads_across;
  bool references, many_values, abandons, throws_into_fresh, throws_into_suspended, rethrew;
  bool uncaught, refused_at_end, trapped_at_end, refused_on_the_way, refused_elsewhere, drops;
  std::uint32_t depth;
  std::size_t taken, skipped, turns;
};

/// Whether one of the `count` values of a list of function `shift` has a reference type.
bool has_reference(const Program& program, std::size_t count, std::size_t shift) {
  for (std::size_t place = 0; place < count && place < program.values.size(); ++place) {
    if (is_reference(program.values[(place + shift) % program.values.size()])) {
      return true;
    }
  }
  return false;
}

class Look {
 public:
  explicit Look(const Program& program) : program_(program) { reference_.begin(program); }

  Seen all() {
    std::size_t last_refusal = 0;
    while (const Step* const step = reference_.next()) {
      const StackIndex taker = reference_.running();
      before(*step);
      reference_.take();
      ++seen_.taken;
      seen_.skipped += reference_.skipped();
      after(*step, taker);
      if (reference_.arrival().kind == Arrival::Kind::refused) {
        last_refusal = seen_.taken;
        seen_.refused_on_the_way |= taker == 0;
      }
      refusals_ += reference_.arrival().kind == Arrival::Kind::refused;
    }
    seen_.refused_at_end = refusals_ > 0 && last_refusal == seen_.taken;
    seen_.trapped_at_end = reference_.arrival().kind == Arrival::Kind::trapped;
    seen_.abandons = std::ranges::any_of(reference_.live(), [this](StackIndex index) {
      return reference_.stack(index).state == ReferenceStack::State::suspended;
    });
    return seen_;
  }

 private:
  void before(const Step& step) {
    if (step.kind != Kind::throw_into || !reference_.is_good(reference_.slot(step.handle))) {
      return;
    }
    const auto state = reference_.stack(reference_.slot(step.handle).stack).state;
    (state == ReferenceStack::State::fresh ? seen_.throws_into_fresh
                                           : seen_.throws_into_suspended) = true;
  }

  void after(const Step& step, StackIndex taker) {
    const Arrival& arrival = reference_.arrival();
    const bool refused = arrival.kind == Arrival::Kind::refused || reference_.skipped();
    seen_.depth = std::max(seen_.depth, reference_.depth());
    seen_.switched |= step.kind == Kind::switch_ && !refused;
    seen_.bound |= step.kind == Kind::bind && !refused;
    seen_.collected |= step.kind == Kind::collect;
    seen_.enters |= step.kind == Kind::enter && !refused;
    seen_.drops |= step.kind == Kind::drop && !refused;
    seen_.many_values |= arrival.values.size() >= 100;
    seen_.rethrew |= step.kind == Kind::rethrow && !refused;
    if (arrival.kind == Arrival::Kind::suspended) {
      seen_.leads_across |= reference_.stack(arrival.handle).last_ancestor != arrival.handle;
      seen_.references |= has_reference(program_, arrival.values.size(), step.tag);
    }
    if (arrival.kind == Arrival::Kind::started || arrival.kind == Arrival::Kind::returned) {
      const StackIndex of = arrival.kind == Arrival::Kind::started ? arrival.stack : taker;
      seen_.references |=
          has_reference(program_, arrival.values.size(), reference_.stack(of).function);
    }
    if (arrival.kind == Arrival::Kind::caught) {
      seen_.threw = true;
      const auto& frames = reference_.stack(reference_.running()).frames;
      seen_.uncaught |= reference_.running() == 0 &&
                        (frames.empty() || frames.back().exception != arrival.exception ||
                         frames.back().kind != ReferenceStack::Frame::Kind::handler);
    }
  }

  const Program& program_;
  Reference reference_;
  Seen seen_{};
  std::size_t refusals_ = 0;
};

struct Shares {
  std::size_t of = 0;

  void expect(std::string_view what, std::size_t count, std::size_t least, std::size_t most = 100) {
    fmt::print("{:36} {:5.1f} %\n", what,
               100.0 * static_cast<double>(count) / static_cast<double>(of));
    EXPECT_GE(count * 100, least * of) << what;
    EXPECT_LE(count * 100, most * of) << what;
  }
};

std::size_t count_of(const std::vector<Seen>& all, bool Seen::* what) {
  return static_cast<std::size_t>(std::ranges::count(all, true, what));
}

TEST(engine_profile, programs_are_about_what_engines_may_do_wrong) {
  std::vector<Seen> all;
  std::array<std::size_t, handle_places> places{};
  std::size_t instances = 0, repeats = 0, short_ones = 0, full = 0, overflows = 0, clauses = 0;
  for_programs(programs_looked_at, [&](const Program& program, std::size_t) {
    all.push_back(Look(program).all());
    ++places[static_cast<std::size_t>(program.handles)];
    const auto& steps = program.steps;
    instances += program.instances > 1;
    repeats += std::ranges::any_of(steps, [](const Step& s) { return s.kind == Kind::repeat; });
    clauses += std::ranges::any_of(steps, [](const Step& s) { return s.suspends.size() > 1; });
    overflows += program.ends_process();
    short_ones += steps.size() <= 16;
    full += steps.size() >= 48;
  });
  Shares shares{all.size()};
  shares.expect("a switch is taken", count_of(all, &Seen::switched), 25);
  shares.expect("a bind is taken", count_of(all, &Seen::bound), 30);
  shares.expect("an exception", count_of(all, &Seen::threw), 20);
  shares.expect("thrown into a fresh one", count_of(all, &Seen::throws_into_fresh), 3);
  shares.expect("thrown into a suspended one", count_of(all, &Seen::throws_into_suspended), 5);
  shares.expect("rethrown", count_of(all, &Seen::rethrew), 1);
  shares.expect("a reference is passed", count_of(all, &Seen::references), 50);
  shares.expect("a collect", count_of(all, &Seen::collected), 15);
  shares.expect("a repeat", repeats, 15);
  shares.expect("several clauses", clauses, 25);
  shares.expect("a suspension of several stacks", count_of(all, &Seen::leads_across), 8);
  shares.expect("abandoned at the end", count_of(all, &Seen::abandons), 30);
  shares.expect("100 values and more", count_of(all, &Seen::many_values), 1, 10);
  shares.expect("an entry", count_of(all, &Seen::enters), 4, 12);
  shares.expect("a drop", count_of(all, &Seen::drops), 1, 4);
  shares.expect("instances", instances, 15, 25);
  for (std::size_t place = 0; place < handle_places; ++place) {
    shares.expect(word_of(static_cast<HandlePlace>(place)), places[place], 28, 39);
  }
  shares.expect("refused at the end", count_of(all, &Seen::refused_at_end), 12, 25);
  shares.expect("trapped at the end", count_of(all, &Seen::trapped_at_end), 3, 10);
  shares.expect("refused on the initial stack", count_of(all, &Seen::refused_on_the_way), 3, 15);
  shares.expect("an uncaught exception", count_of(all, &Seen::uncaught), 3, 9);
  shares.expect("an overflow", overflows, 0, 3);
  EXPECT_GT(overflows, 0u);
  shares.expect("at most 16 steps", short_ones, 30, 70);
  shares.expect("at least 48 steps", full, 3, 20);
  const auto deep = [&](std::uint32_t depth) {
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [=](const Seen& seen) { return seen.depth >= depth; }));
  };
  shares.expect("depth 3", deep(3), 15);
  shares.expect("depth 100", deep(100), 0, 5);
  EXPECT_GT(deep(500), 0u);
}

TEST(engine_profile, few_steps_are_skipped) {
  std::size_t taken = 0, skipped = 0;
  for_programs(programs_looked_at, [&](const Program& program, std::size_t) {
    const Seen seen = Look(program).all();
    taken += seen.taken;
    skipped += seen.skipped;
    EXPECT_LE(seen.skipped * 5, seen.taken) << print(program);
  });
  fmt::print("{} of {} steps are skipped\n", skipped, taken);
  EXPECT_GT(taken, programs_looked_at * 10);
  EXPECT_LT(skipped * 10, taken);
}

// A step that is refused or traps is the last, or one of the initial stack.
TEST(engine_profile, nothing_follows_what_ends_a_continuation_on_an_engine) {
  const auto reference = std::make_unique<Reference>();
  std::array<std::size_t, static_cast<std::size_t>(Trap::no_stack) + 1> refusals{};
  for_programs(programs_looked_at, [&](const Program& program, std::size_t seed) {
    reference->begin(program);
    bool is_over = false;
    while (reference->next() != nullptr) {
      if (is_over) {
        ADD_FAILURE() << "seed " << seed << "\n" << print(program);
        return;
      }
      const bool is_initial = reference->running() == 0;
      reference->take();
      const auto kind = reference->arrival().kind;
      if (kind == Arrival::Kind::refused) {
        ++refusals[static_cast<std::size_t>(reference->arrival().trap.kind)];
      }
      is_over |= kind == Arrival::Kind::trapped || (kind == Arrival::Kind::refused && !is_initial);
    }
  });
  // Other reasons have no counterpart on an engine.
  std::size_t all = 0;
  for (const Trap trap : {Trap::null_function, Trap::null_handle, Trap::consumed_handle,
                          Trap::unhandled_suspend, Trap::unhandled_switch}) {
    const std::size_t count = refusals[static_cast<std::size_t>(trap)];
    fmt::print("{:36} {}\n", name_of(trap), count);
    EXPECT_GE(count, programs_looked_at / 100) << name_of(trap);
    all += count;
  }
  EXPECT_EQ(std::accumulate(refusals.begin(), refusals.end(), std::size_t{0}), all);
}

TEST(engine_profile, lists_and_stacks_are_those_that_an_engine_takes) {
  for_programs(programs_looked_at, [](const Program& program, std::size_t) {
    ASSERT_EQ(program.stacks.size(), 1u);
    for (const Signature& function : program.functions) {
      EXPECT_LE(std::max(function.params, function.returns), 1000u);
      EXPECT_LE(spec::required_bytes(spec::capacity_of(function.params, function.returns)) +
                    run_bounds::room_for_steps,
                usable_bytes_of(program.stacks[0]));
    }
    for (const Step& step : program.steps) {
      const StepForm& form = form_of(step.kind);
      EXPECT_FALSE(form.word == "walk" || form.has(StepField::body) || form.has(StepField::index) ||
                   step.kind == Kind::overrun || step.kind == Kind::resume_again ||
                   step.kind == Kind::trespass)
          << form.word;
      EXPECT_TRUE(step.kind != Kind::overflow || &step == &program.steps.back());
    }
  });
}

TEST(engine_profile, the_text_of_a_program_is_the_program) {
  const auto again = std::make_unique<Program>();
  for_programs(programs_looked_at, [&](const Program& program, std::size_t seed) {
    const auto parsed = parse(print(program), *again);
    ASSERT_TRUE(parsed.has_value()) << seed << ": " << parsed.error().message << "\n"
                                    << print(program);
    EXPECT_EQ(*again, program) << seed;
  });
}

TEST(engine_profile, core_runs_the_programs_without_a_finding) {
  std::size_t run_to_the_end = 0;
  for_programs(programs_run, [&](const Program& program, std::size_t) {
    if (!program.ends_process()) {
      EXPECT_GT(run(program, &report_and_abort).steps, 0u);
      ++run_to_the_end;
    }
  });
  EXPECT_GE(run_to_the_end, programs_run * 9 / 10);
}

TEST(engine_profile, a_program_depends_on_the_seed_alone) {
  std::vector<std::string> texts;
  for_programs(200, [&](const Program& program, std::size_t) { texts.push_back(print(program)); });
  Program other;
  for (std::size_t seed = texts.size(); seed-- > 0;) {
    Random random(seed);
    generate_for_engines(random, other);
    EXPECT_EQ(print(other), texts[seed]) << seed;
  }
  EXPECT_NE(texts[0], texts[1]);
}

/// FNV-1a, which no library decides.
std::uint32_t hash_of(std::string_view text, std::uint32_t hash) {
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x01000193;
  }
  return hash;
}

// The number changes with the generator. Here it must be the same with every compiler, whatever the
// order in which that evaluates arguments.
TEST(engine_profile, a_seed_means_the_same_with_every_compiler) {
  std::uint32_t hash = 0x811c9dc5;
  for_programs(200,
               [&](const Program& program, std::size_t) { hash = hash_of(print(program), hash); });
  EXPECT_EQ(hash, 4'290'045'427u);
}

}  // namespace
}  // namespace fiberproof::fuzz
