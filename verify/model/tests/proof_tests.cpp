// The machine's theorems, and that they notice: each clause is broken by a mutant of the machine,
// on numbers with a trace, and in the proof.
#include "verify/model/proof.hpp"

#include "verify/model/invariant.hpp"
#include "verify/model/search.hpp"
#include "verify/model/tests/mutants.hpp"
#include "verify/model/trace_text.hpp"

#include <gtest/gtest.h>
#include <algorithm>

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
  // compiler evaluates arguments in another order, and so names terms in another, and searches.
  for (const std::string& line : searched) ADD_FAILURE() << "missing: " << line;
#endif
}

class mutants : public testing::TestWithParam<MutantCase> {};

// What a mutant breaks is shown twice: by a run from the beginning, and by a proof that fails.
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

TEST(model, every_theorem_has_a_mutant) {
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  for (const Theorem& theorem : prove_model(*solver, {}).theorems) {
    const std::string_view name = std::string_view(theorem.name).substr(sizeof "machine/" - 1);
    EXPECT_NE(std::ranges::find(mutant_cases, name, &MutantCase::theorem), std::end(mutant_cases))
        << name;
  }
}

// In the proof, without a trace: the transition that is changed does not keep the clause.
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

// A property that says less is noticed: without this clause others are not inductive.
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

}  // namespace
}  // namespace fiberproof::verify::model
