// The machine's theorems are proved, and they are strong enough: a mutant of the machine breaks
// each clause, on numbers with a trace, and in the proof.
#include "verify/model/proof.hpp"

#include "verify/model/invariant.hpp"
#include "verify/model/refutation.hpp"
#include "verify/model/search.hpp"
#include "verify/model/symbolic_state.hpp"
#include "verify/model/tests/mutants.hpp"
#include "verify/model/tests/weakenings.hpp"
#include "verify/model/trace_text.hpp"
#include "verify/smt/instances.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <array>

namespace fiberproof::verify::model {
namespace {

TEST(model, every_theorem_is_proved_and_none_needs_a_search) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  std::vector<std::string> searched;
  ModelOptions options;
  options.on_selection = [&searched](const std::string& line) { searched.push_back(line); };
  const ContractResult result = prove_model(*solver, options);
  EXPECT_GT(result.theorems.size(), 50u);
  for (const Theorem& theorem : result.theorems) {
    EXPECT_EQ(theorem.verdict, Verdict::proved) << theorem.name << ": " << theorem.reason;
    EXPECT_GE(theorem.obligations, 11u) << theorem.name;
  }
#ifdef __clang__
  // Not a failure of a proof: instances.inc is out of date, and these lines belong in it. Another
  // compiler evaluates arguments in another order, therefore names terms in another order, and
  // searches.
  for (const std::string& line : searched) ADD_FAILURE() << "missing: " << line;
#endif
}

class mutants : public testing::TestWithParam<MutantCase> {};

// A mutant's error is shown twice: by a run from the initial state, and by a proof that fails.
TEST_P(mutants, is_refuted_by_the_theorem_that_it_breaks) {
  const MutantCase& broken = GetParam();
  SearchOptions options;
  options.sizes = {.records = 3, .handles = 6, .stacks = 2};
  options.operations = broken.operations;
  options.mutant = broken.mutant;
  options.theorem = broken.theorem;
  const SearchResult found = search(options);
  ASSERT_TRUE(found.trace.has_value())
      << describe(broken.mutant) << " after " << found.transitions << " transitions";
  EXPECT_TRUE(program_text(*found.trace).has_value()) << story(*found.trace);

  options.mutant.reset();
  Machine machine(options.sizes);
  for (const TraceStep& step : *found.trace) {
    machine.take(step.operation);
    EXPECT_TRUE(machine.broken().empty()) << "the machine itself\n" << story(*found.trace);
  }
}

INSTANTIATE_TEST_SUITE_P(all, mutants, testing::ValuesIn(mutant_cases), [](const auto& named) {
  std::string name(named.param.theorem);
  std::ranges::replace(name, '.', '_');
  return name;
});

TEST(model, a_refutation_is_told_as_a_run_and_a_program) {
  const MutantCase& broken = mutant_cases[0];
  const Refutation told = refutation_of(broken.theorem, broken.mutant);
  EXPECT_EQ(told.claim, broken.theorem);
  EXPECT_NE(told.where.find("broken by a run of"), std::string::npos) << told.where;
  EXPECT_GE(told.listing.size(), 3u);
  EXPECT_TRUE(told.program.starts_with("fiberproof program 2\n")) << told.program;
  const Refutation none = refutation_of(broken.theorem);
  EXPECT_NE(none.where.find("no run of up to"), std::string::npos) << none.where;
  EXPECT_TRUE(none.program.empty() && none.listing.empty());
}

TEST(model, every_theorem_has_a_mutant) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  for (const Theorem& theorem : prove_model(*solver, {}).theorems) {
    const std::string_view name = std::string_view(theorem.name).substr(sizeof "machine/" - 1);
    EXPECT_NE(std::ranges::find(mutant_cases, name, &MutantCase::theorem), std::end(mutant_cases))
        << name;
  }
}

// In the proof, without a trace: the changed transition does not preserve the clause.
TEST(model, a_mutant_fails_the_proof_of_the_clause_that_it_breaks) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  for (const MutantCase& broken : mutant_cases) {
    if (!broken.is_proof_asked) continue;
    ModelOptions options;
    options.mutant = broken.mutant;
    options.only_kind = broken.mutant.kind;
    options.only_theorem = std::string(broken.theorem);
    const ContractResult result = prove_model(*solver, options);
    bool is_proved = true;
    for (const Theorem& theorem : result.theorems) {
      if (theorem.name == "machine/" + *options.only_theorem) {
        is_proved = theorem.verdict == Verdict::proved;
      }
    }
    EXPECT_FALSE(is_proved) << describe(broken.mutant) << ": " << broken.theorem;
  }
}

// Removing a property is noticed: without this clause others are not inductive.
TEST(model, a_missing_clause_is_missed) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  struct Missing {
    const char* clause;
    Kind kind;
    const char* missed_by;
  };
  for (const Missing& missing : {
           Missing{"C1.a_good_handle_names_what_waits", Kind::resume,
                   "C2.every_entry_has_a_running_stack"},
           Missing{"C3.the_last_ancestor_ends_the_chain", Kind::resume,
                   "C3.what_is_linked_had_no_parent"},
           Missing{"C4.what_waits_keeps_its_limits", Kind::return_,
                   "C4.limits_are_the_running_stacks"},
           Missing{"C7.a_live_continuation_has_its_stack", Kind::return_,
                   "C7.what_is_freed_was_held"},
       }) {
    ModelOptions options;
    options.without_clause = missing.clause;
    options.only_kind = missing.kind;
    options.only_theorem = missing.missed_by;
    const ContractResult result = prove_model(*solver, options);
    bool is_proved = true;
    for (const Theorem& theorem : result.theorems) {
      if (theorem.name == std::string("machine/") + missing.missed_by) {
        is_proved = theorem.verdict == Verdict::proved;
      }
    }
    EXPECT_FALSE(is_proved) << missing.clause << " is not needed for " << missing.missed_by;
  }
}

// Weakening a property by one conjunct is noticed, too, or the reason is listed.
TEST(model, a_weakened_clause_is_missed) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  for (const NoticedWeakening& weakening : noticed_weakenings) {
    ModelOptions options;
    options.weakened = Weakened{std::string(weakening.clause), weakening.conjunct};
    options.only_kind = weakening.kind;
    options.only_theorem = std::string(weakening.missed_by);
    bool is_proved = true;
    for (const Theorem& theorem : prove_model(*solver, options).theorems) {
      if (theorem.name == fmt::format("machine/{}", weakening.missed_by)) {
        is_proved = theorem.verdict == Verdict::proved;
      }
    }
    EXPECT_FALSE(is_proved) << weakening.clause << ", " << weakening.conjunct;
  }
}

// Whether the invariant with a weakened clause implies the full clause, from the other clauses, for
// the objects that the clause mentions.
bool is_implied(const UnnoticedWeakening& weakening, Solver& solver) {
  using AnyState = Invariant<Term, Formula, SymbolicState>;
  const SymbolicState state;
  const View<Term, Formula, SymbolicState> view(state);
  const auto clauses = AnyState::clauses();
  const auto clause =
      std::ranges::find(clauses, weakening.clause, &Clause<Term, Formula, SymbolicState>::name);
  const Term x = clause->sort == Sort::store ? word(0) : variable("x");
  const Formula goal = clause->holds(view, x, variable("y"));
  std::vector<Formula> instances;
  const Weakened less{std::string(weakening.clause), weakening.conjunct};
  const auto assume = [&](const auto& of, const Term& one, const Term& other) {
    const Formula holds = of.holds(view, one, other);
    instances.push_back(of.name == less.clause ? weakened(holds, less) : holds);
  };
  std::array<std::vector<Term>, sorts> objects;
  for (std::size_t sort = 0; sort < sorts; ++sort) {
    objects[sort] = state.objects(static_cast<Sort>(sort));
  }
  objects[static_cast<std::size_t>(Sort::store)] = {word(0)};
  // And for the heads and ends of their chains.
  std::vector<Term>& records = objects[static_cast<std::size_t>(Sort::record)];
  for (const Term record : std::vector<Term>(records)) {
    records.push_back(state.read(Field::chain, record));
    records.push_back(state.read(Field::end, record));
  }
  for (const auto& of : clauses) {
    const auto& all = objects[static_cast<std::size_t>(of.sort)];
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!of.is_of_two) assume(of, all[i], all[i]);
      for (std::size_t j = 0; of.is_of_two && j < i; ++j) assume(of, all[i], all[j]);
    }
  }
  for (const auto& same_object : state.congruence()) instances.push_back(same_object.holds());
  const Query query = with_instances({{}, goal}, instances, std::chrono::seconds(10));
  return solver.prove(query).verdict == Verdict::proved;
}

TEST(model, a_weakening_that_nobody_misses_is_none_or_has_a_reason) {
  const auto solver = make_z3_solver(std::chrono::seconds(10));
  for (const UnnoticedWeakening& weakening : unnoticed_weakenings) {
    EXPECT_EQ(is_implied(weakening, *solver), weakening.reason.empty())
        << weakening.clause << ", " << weakening.conjunct;
  }
}

TEST(model, every_conjunct_of_a_clause_has_its_weakening) {
  const auto is_of = [](std::string_view clause, std::size_t conjunct) {
    return [=](const auto& weakening) {
      return weakening.clause == clause && weakening.conjunct == conjunct;
    };
  };
  const SymbolicState state;
  const View<Term, Formula, SymbolicState> view(state);
  std::size_t count = 0;
  for (const auto& clause : Invariant<Term, Formula, SymbolicState>::clauses()) {
    const Term x = clause.sort == Sort::store ? word(0) : variable("x");
    const std::size_t parts = conjuncts(clause.holds(view, x, variable("y"))).size();
    for (std::size_t part = 0; parts > 1 && part < parts; ++part, ++count) {
      EXPECT_EQ(std::ranges::count_if(noticed_weakenings, is_of(clause.name, part)) +
                    std::ranges::count_if(unnoticed_weakenings, is_of(clause.name, part)),
                1)
          << clause.name << ", " << part;
    }
  }
  EXPECT_EQ(count, std::size(noticed_weakenings) + std::size(unnoticed_weakenings));
}

TEST(model, a_clause_is_split_into_what_it_says) {
  const Formula p = truth_variable("p");
  const Formula q = truth_variable("q");
  const Formula r = truth_variable("r");
  EXPECT_EQ(conjuncts(p).size(), 1u);
  EXPECT_EQ(conjuncts(logical_not(logical_and(p, q))).size(), 1u);
  const Formula both = implies(p, logical_and(q, r));
  ASSERT_EQ(conjuncts(both).size(), 2u);
  EXPECT_TRUE(same(weakened(both, {"", 0}), implies(p, r)));
  EXPECT_TRUE(same(weakened(both, {"", 1}), implies(p, q)));
  EXPECT_TRUE(same(weakened(p, {"", 0}), truth(true)));
}

}  // namespace
}  // namespace fiberproof::verify::model
