// The comparison can fail: it reports a mutant of the model, an error of the reference and an error
// of core, each with the step, the field and the three values.
#include "verify/refinement/comparison.hpp"

#include "fuzz/generate/exhaustive.hpp"
#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/random.hpp"
#include "fuzz/run/run.hpp"
#include "verify/model/chain_walk.hpp"
#include "verify/model/transition.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace fiberproof::verify::refinement {
namespace {

using fuzz::Program;
using fuzz::RunLog;

// The log of the latest run.
RunLog latest;

void keep(const Program& /*program*/, const RunLog& log, fuzz::FindingHandler* /*handler*/) {
  latest = RunLog();
  if (log.transitions().size() > 300) return;  // One that repeats: too expensive to keep many of.
  latest = log;
  latest.entries().resize(log.transitions().size());
}

void fail(const fuzz::Finding& finding) {
  ADD_FAILURE() << report_text(finding);
  std::_Exit(1);
}

struct Kept {
  Program program;
  RunLog log;
};

Kept run_and_keep(const Program& program) {
  fuzz::observe_runs(&keep);
  run(program, &fail);
  fuzz::observe_runs(nullptr);
  return {program, latest};
}

Program program_of(const std::string& steps) {
  Program program;
  const auto parsed = parse(
      "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 1 returns 2\n"
      "tags 2\nsteps\n" +
          steps + "\nend\n",
      program);
  EXPECT_TRUE(parsed.has_value());
  return program;
}

// Every transition, refusals, an entry inside a body, a chain of two stacks, tags, exceptions.
const char* const everything =
    "new h0 f0 on s0\n"
    "bind h0 2 to h1\n"
    "resume h1 0 to h2 suspends t1 switches t0\n"
    "enter\n"
    "new h5 f0 on s0\n"
    "resume h5 1 to h6 suspends t0\n"
    "suspend t0 1 room 2\n"
    "leave\n"
    "new h3 f0 on s0\n"
    "resume h3 0 to h4 suspends t0\n"
    "suspend t1 1 room 3\n"
    "resume h2 2 to h2 suspends t1 switches t0\n"
    "suspend t1 0 room 3\n"
    "drop h0\n"
    "bind h2 1 to h2\n"
    "new h0 f0 on s0\n"
    "resume h0 0 to h7 suspends t0 switches t0\n"
    "switch h2 t0 1 room 2 to h3\n"
    "resume h3 0 to h3\n"
    "trap\n"
    "suspend t0 0 room 0\n"
    "return\n"
    "return\n"
    "drop h6\n"
    "new h0 f0 on s0\n"
    "resume h0 0 to h0\n"
    "return\n"
    "new h0 f0 on s0\n"
    "try\n"
    "resume h0 1 to h0\n"
    "throw\n"
    "new h0 f0 on s0\n"
    "throw-into h0 to h0";

TEST(refinement, one_program_with_every_transition_agrees) {
  const Kept kept = run_and_keep(program_of(everything));
  Comparison comparison;
  const auto difference = comparison.compare(kept.program, kept.log);
  ASSERT_FALSE(difference.has_value()) << text(*difference);
  const Tally& tally = comparison.tally();
  EXPECT_GE(tally.transitions, 30u);
  EXPECT_EQ(tally.too_large, 0u);
  for (std::size_t kind = 0; kind < static_cast<std::size_t>(model::Kind::close); ++kind) {
    EXPECT_GT(tally.done[kind], 0u) << model::kind_names[kind];
  }
}

TEST(refinement, a_collect_is_nothing_to_the_model) {
  std::string steps = "collect\n" + std::string(everything);
  steps.insert(steps.find("suspend t1"), "collect\n");
  const Kept kept = run_and_keep(program_of(steps));
  Comparison comparison;
  const auto difference = comparison.compare(kept.program, kept.log);
  ASSERT_FALSE(difference.has_value()) << text(*difference);
  EXPECT_EQ(comparison.tally().unmodelled[static_cast<std::size_t>(fuzz::Step::Kind::collect)], 2u);
  EXPECT_GE(comparison.tally().transitions, 30u);
}

// The difference after `spoil` has changed an opinion; nothing if it is missed.
std::string found(const std::function<bool(fuzz::LoggedTransition&)>& spoil) {
  Kept kept = run_and_keep(program_of(everything));
  bool is_spoilt = false;
  for (std::size_t at = 0; at < kept.log.transitions().size() && !is_spoilt; ++at) {
    is_spoilt = spoil(kept.log.entries()[at]);
  }
  EXPECT_TRUE(is_spoilt);
  Comparison comparison;
  const auto difference = comparison.compare(kept.program, kept.log);
  return difference ? text(*difference) : std::string();
}

// The first record of the log for which `is_wanted` holds.
std::string found_of_core(const std::function<bool(const fuzz::LoggedRecord&)>& is_wanted,
                          const std::function<void(fuzz::LoggedRecord&)>& change) {
  return found([&](fuzz::LoggedTransition& logged) {
    const auto record = std::ranges::find_if(logged.records, is_wanted);
    if (record == logged.records.end()) return false;
    change(*record);
    return true;
  });
}

bool is_suspended(const fuzz::LoggedRecord& record) {
  return record.state == 3;
}
bool is_parent_body(const fuzz::LoggedRecord& record) {
  return record.state == 2 && !record.initial;
}

TEST(refinement, an_error_of_core_is_told_by_field) {
  using Record = fuzz::LoggedRecord;
  const auto expect = [](const std::string& got, const char* field) {
    EXPECT_NE(got.find(field), std::string::npos) << field << ":\n" << got;
  };
  expect(found_of_core(is_suspended, [](Record& at) { at.state = 1; }), "state");
  expect(found_of_core(is_suspended, [](Record& at) { at.parent = at.address; }), "parent");
  expect(found_of_core(is_suspended, [](Record& at) { at.last_ancestor = 0; }), "last ancestor");
  expect(found_of_core(is_suspended, [](Record& at) { ++at.revision; }), "uses");
  expect(found_of_core(is_suspended, [](Record& at) { ++at.values_length; }), "length");
  expect(found_of_core(is_suspended, [](Record& at) { ++at.values_capacity; }), "capacity");
  expect(found_of_core(is_suspended, [](Record& at) { at.stack_limit += 16; }), "stack");
  expect(found_of_core(is_suspended, [](Record& at) { at.reraised = true; }), "re-raised");
  expect(found_of_core(is_suspended, [](Record& at) { at.limits[0] += 16; }), "stack limit");
  expect(found_of_core(is_suspended, [](Record& at) { at.limits[1] = 0; }), "entry frame pointer");
  expect(found_of_core(is_suspended, [](Record& at) { at.limits[2] += 8; }), "entry stack pointer");
  expect(found_of_core(is_suspended, [](Record& at) { at.limits[3] = 0; }), "trap handler");
  expect(found_of_core(is_parent_body, [](Record& at) { at.limits[0] = 1; }), "stack limit");
  expect(found_of_core([](const Record& at) { return at.watched.has_value(); },
                       [](Record& at) { ++*at.watched; }),
         "value at the watched place");
  const auto of_store = [](auto change) {
    return [change](fuzz::LoggedTransition& logged) {
      if (!logged.store || logged.running != 1) return false;
      change(*logged.store);
      return true;
    };
  };
  using Store = fuzz::LoggedStore;
  expect(found(of_store([](Store& store) { store.active = store.entry; })), "active record");
  expect(found(of_store([](Store& store) { store.entry = store.active; })), "innermost entry");
  expect(found(of_store([](Store& store) { ++store.live; })), "live continuations");
  for (const std::size_t word : {0u, 1u, 2u, 3u}) {
    expect(found(of_store([word](Store& store) { store.limits[word] ^= 8; })), "the active");
  }
  expect(found(of_store([](Store& store) { ++store.slots[1].revision; })),
         "revision of the handle");
  expect(found(of_store([](Store& store) { store.slots[1].record = nullptr; })),
         "record of the handle");
}

TEST(refinement, an_error_of_the_reference_is_told_by_field) {
  using Stack = fuzz::LoggedStack;
  const auto of = [](fuzz::ReferenceStack::State state, auto change) {
    return found([state, change](fuzz::LoggedTransition& logged) {
      for (Stack& stack : logged.stacks) {
        if (stack.initial || stack.state != state) continue;
        change(stack);
        return true;
      }
      return false;
    });
  };
  const auto expect = [](const std::string& got, const char* field) {
    EXPECT_NE(got.find(field), std::string::npos) << field << ":\n" << got;
  };
  using enum fuzz::ReferenceStack::State;
  expect(of(suspended, [](Stack& stack) { stack.state = running; }), "state");
  expect(of(running, [](Stack& stack) { stack.parent = fuzz::no_stack; }), "parent");
  expect(of(suspended, [](Stack& stack) { stack.last_ancestor = 0; }), "last ancestor");
  expect(of(suspended, [](Stack& stack) { ++stack.uses; }), "uses");
  expect(of(fresh, [](Stack& stack) { ++stack.args_length; }), "length");
  expect(of(suspended, [](Stack& stack) { ++stack.values_capacity; }), "capacity");
  expect(of(running, [](Stack& stack) { stack.reraised = true; }), "re-raised");
  expect(found([](fuzz::LoggedTransition& logged) {
           logged.good[1] = !logged.good[1];
           return logged.slots[1].stack != fuzz::no_stack;
         }),
         "whether a handle is good");
  expect(found([](fuzz::LoggedTransition& logged) {
           const bool is_refused = logged.arrival == fuzz::Arrival::Kind::refused;
           if (is_refused) logged.arrival = fuzz::Arrival::Kind::went_on;
           return is_refused;
         }),
         "refused");
}

// Runs in which mutants can differ: all of three steps in a tiny world, random ones, and
// `everything`.
std::vector<Kept> some_runs() {
  std::vector<Kept> runs{run_and_keep(program_of(everything))};
  fuzz::Random random(7);
  Program program;
  for (std::size_t count = 0; count < 150; ++count) {
    if (count % 24 == 0) {
      std::array<std::uint8_t, 256> bytes;
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
      generate_program(bytes, program);
    }
    mutate(program, static_cast<std::uint32_t>(random.next()));
    if (!program.ends_process()) runs.push_back(run_and_keep(program));
  }
  return runs;
}

// Each write and each condition of each transition, dropped.
std::vector<model::Mutant> all_mutants() {
  using model::Mutant;
  std::vector<Mutant> all;
  for (std::size_t kind = 0; kind < static_cast<std::size_t>(model::Kind::close); ++kind) {
    const auto which = static_cast<model::Kind>(kind);
    const model::ConcreteState state(sizes);
    const model::ConcreteOperation operation = model::operation(which);
    model::Transition<std::uint64_t, bool, model::ConcreteState> transition(state, operation);
    const auto& effect = transition.take();
    std::map<std::string, std::size_t> count;
    for (const auto& write : effect.writes) {
      const std::string name(facts(write.field).name);
      all.push_back({which, Mutant::Dropped::write, name, count[name]++});
    }
    for (const auto& condition : effect.accepted) {
      all.push_back({which, Mutant::Dropped::condition, std::string(condition.name), 0});
    }
  }
  return all;
}

// Fields that only the model has: its ghosts, and words that are overwritten before they are read.
TEST(refinement, mutants_of_the_model_differ_from_runs) {
  const std::vector<Kept> runs = some_runs();
  std::size_t caught = 0;
  std::size_t ghosts = 0;
  std::vector<std::string> missed;
  const auto mutants = all_mutants();
  for (const model::Mutant& mutant : mutants) {
    const auto field = std::ranges::find(model::field_table, mutant.what, &model::FieldFacts::name);
    const bool is_ghost = field != model::field_table.end() && field->is_ghost;
    Comparison comparison(mutant);
    const bool is_caught = std::ranges::any_of(runs, [&](const Kept& kept) {
      return comparison.compare(kept.program, kept.log).has_value();
    });
    if (is_ghost) {
      ++ghosts;
    } else if (is_caught) {
      ++caught;
    } else {
      missed.push_back(describe(mutant));
    }
  }
  RecordProperty("caught", static_cast<int>(caught));
  RecordProperty("ghosts", static_cast<int>(ghosts));
  std::string list;
  for (const std::string& each : missed) list += each + "\n";
  fmt::print("{} mutants: {} of ghosts; {} of the others differ, {} do not:\n{}", mutants.size(),
             ghosts, caught, missed.size(), list);
  EXPECT_GE(caught, 100u);
}

// SOUNDNESS.md, D3: the ghosts equal the result of a walk, and the walk notices if they do not.
TEST(refinement, a_walk_finds_a_wrong_ghost) {
  model::ConcreteState state(sizes);
  state.write(model::Field::state, 1, model::states::parent);
  state.write(model::Field::state, 5, model::states::running);
  state.write(model::Field::parent, 5, 1);
  state.write(model::Field::depth, 5, 1);
  for (const std::uint64_t record : {1u, 5u}) {
    state.write(model::Field::chain, record, 5);
    state.write(model::Field::end, record, 1);
  }
  EXPECT_EQ(walk_against_ghosts(state), std::nullopt);
  const auto with = [&state](model::Field field, std::uint64_t of, std::uint64_t value) {
    model::ConcreteState wrong = state;
    wrong.write(field, of, value);
    return walk_against_ghosts(wrong).has_value();
  };
  EXPECT_TRUE(with(model::Field::depth, 1, 1));
  EXPECT_TRUE(with(model::Field::chain, 1, 1));
  EXPECT_TRUE(with(model::Field::end, 5, 5));
  EXPECT_TRUE(with(model::Field::parent, 1, 5)) << "a circle";
  EXPECT_TRUE(with(model::Field::state, 1, model::states::returned));
}

}  // namespace
}  // namespace fiberproof::verify::refinement
