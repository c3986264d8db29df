// Every single-instruction mutant of both trampolines and of stack_switch is refuted by its
// contract and violates a claim natively, or is proved to do the same and violates none.
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/bytes/clauses.hpp"
#include "verify/mutation/bytes/judge.hpp"
#include "verify/mutation/bytes/native_probe.hpp"
#include "verify/mutation/bytes/subjects.hpp"
#include "verify/x86/paths.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::verify {
namespace {

class mutants : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [path, text] : embedded_contracts()) {
      contracts_.push_back(parse_contract(text, std::string(path)).value());
    }
    const auto made = mutated_routines(file_, contracts_);
    ASSERT_TRUE(made) << made.error();
    routines_ = *made;
  }

  void expect_all_decided(ProbedRoutine routine, std::size_t mutants_min) {
    const MutatedRoutine& subject = routines_.at(static_cast<std::size_t>(routine));
    const auto solver = make_z3_solver(std::chrono::seconds(5));
    const auto judged = judge_mutants(subject, file_, *solver);
    ASSERT_TRUE(judged) << judged.error();
    for (const std::string& line : summary(subject.routine.symbol, judged->mutants)) {
      fmt::print("{}\n", line);
    }
    EXPECT_GE(judged->mutants.size(), mutants_min);
    // Two mutants change the target of the one call, by 8 up and down.
    EXPECT_EQ(std::ranges::count(judged->mutants, MutantVerdict::astray, &JudgedMutant::verdict),
              subject.callee.empty() ? 0 : 2);
    expect_clauses_broken_or_listed(*judged);
    for (const JudgedMutant& mutant : judged->mutants) {
      EXPECT_TRUE(all_decided({mutant})) << mutant.description << ": " << mutant.theorem << "; "
                                         << mutant.native << "; " << mutant.reason;
    }
  }

  static void expect_clauses_broken_or_listed(const JudgedRoutine& judged) {
    const auto [path, text] = embedded_unbroken();
    const auto listed = parse_reasons(text, path);
    ASSERT_TRUE(listed) << listed.error();
    const auto clauses = broken_clauses(judged);
    EXPECT_GE(clauses.size(), 10u);
    for (const std::string& line : clause_table(clauses, *listed)) fmt::print("{}\n", line);
    for (const std::string& fault : clause_faults(clauses, *listed)) ADD_FAILURE() << fault;
  }

  ObjectFile file_ = *ObjectFile::open(FIBERPROOF_SUBJECT);
  std::vector<Contract> contracts_;
  std::vector<MutatedRoutine> routines_;
};

TEST_F(mutants, of_continuation_start_are_refuted_and_confirmed_or_equivalent) {
  expect_all_decided(ProbedRoutine::continuation_start, 300);
}

TEST_F(mutants, of_continuation_start_v44_are_refuted_and_confirmed_or_equivalent) {
  expect_all_decided(ProbedRoutine::continuation_start_v44, 200);
}

TEST_F(mutants, of_stack_switch_are_refuted_and_confirmed_or_equivalent) {
  expect_all_decided(ProbedRoutine::stack_switch, 200);
}

TEST_F(mutants, a_clause_that_none_breaks_must_be_listed_and_no_other) {
  const std::vector<BrokenClause> clauses{{"c/S1.broken", 2}, {"c/S2.unbroken", 0}};
  const auto faults = [&](const ListedReasons& listed) { return clause_faults(clauses, listed); };
  const ListedReason why{1, "why"};
  EXPECT_TRUE(faults({{"c/S2.unbroken", why}}).empty());
  EXPECT_TRUE(faults({{"c/S2.unbroken", why}, {"other/S1.broken", why}}).empty());
  EXPECT_EQ(faults({}).front(), "c/S2.unbroken: no mutant breaks it, and it is not listed");
  EXPECT_EQ(faults({{"c/S2.unbroken", why}, {"c/S1.broken", why}}).front(),
            "c/S1.broken: listed as unbroken, and 2 mutants break it");
  EXPECT_EQ(faults({{"c/S2.unbroken", why}, {"c/S9.gone", why}}).front(),
            "c/S9.gone: listed, and the contract has no such clause");
}

// A mutant that is only refuted, or only confirmed, breaks no clause.
TEST_F(mutants, only_confirmed_ones_count) {
  JudgedRoutine judged{{}, {"c/S1.a"}};
  for (const MutantVerdict verdict : {MutantVerdict::refuted, MutantVerdict::not_confirmed}) {
    judged.mutants.push_back({"", MutationKind::dropped, verdict, "c/S1.a", "", "", {"c/S1.a"}});
  }
  EXPECT_EQ(broken_clauses(judged).front().mutants, 1u);
}

TEST_F(mutants, that_are_refuted_but_not_confirmed_are_a_failure) {
  for (const MutantVerdict bad : {MutantVerdict::not_confirmed, MutantVerdict::contradicted,
                                  MutantVerdict::refused, MutantVerdict::unknown}) {
    EXPECT_FALSE(all_decided({{"", MutationKind::dropped, bad, "", "", "", {}}}));
  }
}

// A mutant of another length still calls its callee, and a switch stores the address after itself.
TEST_F(mutants, keep_what_their_distances_lead_to) {
  constexpr std::uint64_t address = 0x40'0000;
  constexpr std::uint64_t callee = 0x50'0000;
  for (const MutatedRoutine& subject : routines_) {
    const auto routine = movable(subject.routine);
    ASSERT_TRUE(routine) << routine.error();
    for (const Mutation& mutation : mutations(*routine)) {
      const auto bytes = mutation.routine.assemble(address, [](std::uint64_t) { return callee; });
      const Code code = decode_all("mutant", address, bytes);
      ASSERT_TRUE(code.refused.empty()) << mutation.description;
      std::size_t changed = 0;
      for (const auto& [at, instruction] : code.instructions) {
        if (!instruction.relative) continue;
        const std::uint64_t target = instruction.relative->target;
        changed += target != callee && target != code.end ? 1 : 0;
      }
      const bool is_change =
          mutation.kind == MutationKind::displacement && mutation.description.contains("-> target");
      EXPECT_EQ(changed, is_change ? 1u : 0u) << mutation.description;
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
