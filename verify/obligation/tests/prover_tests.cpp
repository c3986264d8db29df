// The prover on small routines: it proves true claims, and refutes or rejects the others.
#include "verify/obligation/tests/prover_fixture.hpp"
#include "verify/x86/place_name.hpp"

namespace fiberproof::verify {
namespace {

TEST_F(prover, proves_a_store_and_a_return) {
  const std::string body = entering("fixture_store_and_return") +
                           "  rdi == object\nexit\n  L1 stored: [object + 8] == old rsi\n"
                           "  L2 left_alone: [object] == old [object]\n"
                           "  L3 result: rax == 7 and rip == old [frame] and rsp == frame + 8\n"
                           "modifies\n  L4 [object + 8, object + 16)\n";
  for (const char* name : {"L1.stored", "L2.left_alone", "L3.result", "L4.modifies",
                           "every_access_is_in_its_region", "assumptions_can_be_met"}) {
    EXPECT_EQ(theorem(body, name).verdict, Verdict::proved) << name;
  }
}

TEST_F(prover, refutes_a_false_clause_with_both_values) {
  const Theorem& wrong = theorem(entering("fixture_store_and_return") +
                                     "  rdi == object\nexit\n  L1 stored: [object] == old rsi\n",
                                 "L1.stored");
  ASSERT_EQ(wrong.verdict, Verdict::refuted);
  ASSERT_TRUE(wrong.refutation.has_value());
  EXPECT_TRUE(wrong.refutation->found.starts_with("found 0x")) << wrong.refutation->found;
  EXPECT_EQ(wrong.refutation->listing.size(), 3u);
  EXPECT_EQ(wrong.refutation->listing.front().symbol, "fixture_store_and_return");
  EXPECT_EQ(wrong.refutation->listing.front().offset, 0u);
}

// Also the wrong word of an implication, and of the false part of a conjunction.
TEST_F(prover, names_and_marks_the_wrong_word_in_memory) {
  for (const char* const claim :
       {"[object + 8] == 5", "object != 0 => [object + 8] == 5",
        "object == object and (object != 0 => [object + 8] == 5 and rax == 7)"}) {
    const Theorem& wrong = theorem("slot object.second = object + 8\nassume object != 0\n" +
                                       entering("fixture_store_and_return") +
                                       "  rdi == object\nexit\n  L1 stored: " + claim + "\n",
                                   "L1.stored");
    ASSERT_TRUE(wrong.refutation.has_value()) << claim;
    const auto& rows = wrong.refutation->memory;
    EXPECT_TRUE(std::ranges::any_of(rows, [](const MemoryRow& row) {
      return row.slot == "object.second" && row.is_wrong;
    })) << claim;
  }
}

TEST_F(prover, refutes_a_store_outside_what_may_be_modified) {
  EXPECT_EQ(theorem(entering("fixture_store_and_return") +
                        "  rdi == object\nexit\n  L1 any: rax == 7\nmodifies\n"
                        "  L4 [object, object + 8)\n",
                    "L4.modifies")
                .verdict,
            Verdict::refuted);
}

TEST_F(prover, refutes_an_access_past_the_end_of_its_region) {
  EXPECT_EQ(theorem(entering("fixture_store_and_return") +
                        "  rdi == object + 1\nexit\n  L1 a: rax == 7\n",
                    "every_access_is_in_its_region")
                .verdict,
            Verdict::refuted);
}

TEST_F(prover, refutes_a_store_below_the_red_zone) {
  EXPECT_EQ(theorem(entering("fixture_store_below_red_zone") + "exit\n  L1 a: rsp == frame + 8\n",
                    "every_access_is_in_its_region")
                .verdict,
            Verdict::refuted);
}

TEST_F(prover, follows_both_sides_of_a_branch) {
  const Theorem& maximum =
      theorem(entering("fixture_branch") + "exit\n  L1 maximum: rax == max(old rdi, old rsi)\n",
              "L1.maximum");
  EXPECT_EQ(maximum.verdict, Verdict::proved);
  EXPECT_EQ(maximum.obligations, 2u);
}

TEST_F(prover, refutes_a_path_to_a_trap_unless_it_is_impossible) {
  const std::string exit = "exit\n  L1 a: rsp == frame + 8\n";
  EXPECT_EQ(theorem(entering("fixture_trap_if_zero") + exit, "every_path_leaves").verdict,
            Verdict::refuted);
  EXPECT_EQ(theorem("ghost p : word\nassume p != 0\n" + entering("fixture_trap_if_zero") +
                        "  rdi == p\n" + exit,
                    "every_path_leaves")
                .verdict,
            Verdict::proved);
}

TEST_F(prover, a_loop_without_a_bound_is_unknown) {
  const std::string body = entering("fixture_loop") + "exit\n  L1 a: rsp == frame\n";
  EXPECT_EQ(theorem(body, "every_path_leaves").verdict, Verdict::unknown);
  EXPECT_EQ(theorem(body, "L1.a").verdict, Verdict::unknown) << "no path reaches it";
}

TEST_F(prover, refutes_a_load_from_nowhere) {
  EXPECT_EQ(
      theorem(entering("fixture_wild_load") + "  rdi == object\nexit\n  L1 a: rsp == frame + 8\n",
              "every_access_is_in_its_region")
          .verdict,
      Verdict::refuted);
}

// With a contract, only the contract is known of the callee.
// Equals a call with the stack as it was before the return address was pushed.
TEST_F(prover, between_two_runs_any_code_may_have_run) {
  const auto verdict = [this](const std::string& havoc, const std::string& name) {
    return theorem(entering("fixture_store_and_return") + "  rdi == object\n" +
                       "run again = function fixture_store_and_return\n  L1 arrived: rip == old "
                       "[frame] and [object + 8] == old rsi\n" +
                       havoc +
                       "  rsp == frame\n  rdi == object\nexit\n  L2 kept: [object] == old "
                       "[object]\n  L3 unknown: rsi == old rsi\n",
                   name)
        .verdict;
  };
  const std::string keeps = "  havoc keeps [object, object + 8)\n";
  for (const char* name : {"L1.arrived", "L2.kept"}) {
    EXPECT_EQ(verdict(keeps, name), Verdict::proved) << name;
  }
  EXPECT_EQ(verdict(keeps, "L3.unknown"), Verdict::refuted);
  EXPECT_EQ(verdict("  havoc\n", "L2.kept"), Verdict::refuted);
  EXPECT_EQ(verdict("  havoc keeps [object + 8, object + 16)\n", "L2.kept"), Verdict::refuted);
}

TEST_F(prover, assumptions_that_cannot_be_met_are_unknown) {
  EXPECT_EQ(theorem("assume frame < object and object < frame\n" + entering("fixture_branch") +
                        "exit\n  L1 nonsense: rax == 12345\n",
                    "assumptions_can_be_met")
                .verdict,
            Verdict::unknown);
}

TEST_F(prover, an_instruction_outside_the_allow_list_is_an_error_with_its_address) {
  const auto result = run(entering("fixture_vector") + "exit\n  L1 a: rsp == frame + 8\n");
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().find("movaps"), std::string::npos) << result.error();
}

TEST_F(prover, an_unreached_instruction_may_be_anything) {
  EXPECT_EQ(
      theorem(entering("fixture_vector_behind_a_jump") + "exit\n  L1 a: rsp == frame + 8\n", "L1.a")
          .verdict,
      Verdict::proved);
}

TEST_F(prover, a_missing_symbol_is_an_error_that_names_it) {
  const auto result = run(entering("fixture_nowhere") + "exit\n  L1 a: rsp == frame\n");
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().find("fixture_nowhere"), std::string::npos) << result.error();
}

TEST_F(prover, a_case_of_an_alias_is_proved_too) {
  const std::string body = "ghost other : word\nregion other = [other, other + 16)\n" +
                           entering("fixture_store_and_return") +
                           "  rdi == object\nexit\n  L2 kept: [other] == old [other]\n";
  EXPECT_EQ(theorem(body, "L2.kept").verdict, Verdict::proved);
  EXPECT_EQ(theorem("ghost other : word\nregion other = [other, other + 16)\n"
                    "alias other = object + 8\n" +
                        entering("fixture_store_and_return") +
                        "  rdi == object\nexit\n  L2 kept: [other] == old [other]\n",
                    "L2.kept")
                .verdict,
            Verdict::refuted);
}

// A word that a callee guarantees may be an address, which is then followed.
// A state with overlapping regions does not belong to the contract.
TEST_F(prover, a_state_with_overlapping_regions_refutes_nothing) {
  const std::string body = entering("fixture_return") +
                           "exit\n  L1 apart: frame - 256 != object\n"
                           "  L2 somewhere: frame + 8 != object\n";
  EXPECT_EQ(theorem(body, "L1.apart").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body, "L2.somewhere").verdict, Verdict::refuted);
}

TEST_F(prover, a_refuted_trap_shows_the_register_that_leads_there) {
  const Theorem& leaves = theorem(entering("fixture_trap_if_zero") + exits, "every_path_leaves");
  ASSERT_TRUE(leaves.refutation.has_value());
  EXPECT_TRUE(std::ranges::find(leaves.refutation->values, "rdi at the entry = 0x0") !=
              leaves.refutation->values.end())
      << testing::PrintToString(leaves.refutation->values);
}

TEST_F(prover, a_refutation_holds_beside_unreadable_code) {
  const std::string wrong = "exit\n  L1 a: rsp == frame\n";
  const Theorem& clause = theorem(entering("fixture_vector_where_zero") + wrong, "L1.a");
  EXPECT_EQ(clause.verdict, Verdict::refuted);
  const Theorem& leaves =
      theorem(entering("fixture_vector_where_zero") + wrong, "every_path_leaves");
  EXPECT_EQ(leaves.verdict, Verdict::unknown);
  EXPECT_NE(leaves.reason.find("movaps"), std::string::npos) << leaves.reason;
  EXPECT_FALSE(run(entering("fixture_vector_where_zero") + exits).has_value());
}

TEST_F(prover, a_clause_behind_a_refutation_is_not_reached) {
  const std::string body = entering("fixture_wild_load") + "  rdi == object\n" + exits;
  const Theorem& clause = theorem(body, "L1.a");
  EXPECT_EQ(clause.verdict, Verdict::unknown);
  EXPECT_TRUE(clause.is_not_reached);
  EXPECT_EQ(clause.reason,
            "not reached: fixture/every_access_is_in_its_region is refuted before it");
  EXPECT_EQ(theorem(entering("fixture_loop") + exits, "L1.a").reason,
            "not reached: fixture/every_path_leaves is unknown before it");
}

TEST_F(prover, reports_how_a_theorem_was_decided) {
  const std::string body = entering("fixture_return") +
                           "exit\n  L1 folded: rbx == old rbx\n  L2 asked: rax != rax + 1\n";
  EXPECT_EQ(decided_by(theorem(body, "L1.folded")), "by execution");
  EXPECT_TRUE(decided_by(theorem(body, "L2.asked")).ends_with(" ms"));
  EXPECT_EQ(decided_by(theorem(entering("fixture_loop") + exits, "L1.a")), "not reached");
}

// RSP is 8 below a multiple of 16 at the entry.
TEST_F(prover, follows_a_frame_that_aligns_the_stack) {
  const std::string aligned = "assume (frame + 8) aligned 16\n";
  const std::string kept = "exit\n  L1 a: rsp == frame + 8 and rbp == old rbp\n";
  for (const char* const routine : {"fixture_aligned_frame", "fixture_aligned_by_shifts"}) {
    const std::string body = aligned + entering(routine) + kept;
    EXPECT_EQ(theorem(body, "every_access_is_in_its_region").verdict, Verdict::proved) << routine;
    EXPECT_EQ(theorem(body, "L1.a").verdict, Verdict::proved) << routine;
    EXPECT_EQ(theorem(entering(routine) + kept, "every_access_is_in_its_region").verdict,
              Verdict::unknown)
        << routine << " on any frame";
  }
}

// The red zone is relative to RSP even if RSP is undecided.
TEST_F(prover, an_access_below_an_undecided_rsp_is_not_proved) {
  EXPECT_NE(theorem(entering("fixture_store_below_an_aligned_rsp") + exits,
                    "every_access_is_in_its_region")
                .verdict,
            Verdict::proved);
}

// An address that a contract fixes belongs to a region.
TEST_F(prover, a_variable_with_a_region_is_known) {
  const auto file = ObjectFile::open("/proc/self/exe");
  ASSERT_TRUE(file.has_value());
  const auto symbol = std::ranges::find(file->symbols(), "fixture_variable", &Symbol::name);
  ASSERT_NE(symbol, file->symbols().end());
  const std::string pinned =
      "ghost counter : word\nregion counter = [counter, counter + 8)\nassume counter == " +
      std::to_string(load_address(*file, symbol->address)) + "\nassume [counter] == 5\n";
  const std::string exit = "exit\n  L1 five: rax == 5\n";
  EXPECT_EQ(theorem(pinned + entering("fixture_read_variable") + exit, "L1.five").verdict,
            Verdict::proved);
  const Theorem& unnamed =
      theorem(entering("fixture_read_variable") + exit, "every_access_is_in_its_region");
  EXPECT_EQ(unnamed.verdict, Verdict::unknown);
  EXPECT_NE(unnamed.reason.find("fixture_variable"), std::string::npos) << unnamed.reason;
}

// A timeout is reported as a timeout, not as an impossible assumption.
TEST_F(prover, a_timeout_is_not_an_impossible_assumption) {
  class Slow final : public Solver {
   public:
    Answer prove(const Query&) override {
      Answer answer;
      answer.reason = no_answer("the solver", std::chrono::milliseconds(7));
      return answer;
    }
  };
  const auto contract = parse_contract(std::string(preamble) + entering("fixture_return") + exits,
                                       "fixture.contract");
  const auto file = ObjectFile::open("/proc/self/exe");
  ASSERT_TRUE(contract && file);
  Slow slow;
  const auto result = prove(*contract, *file, slow, {});
  ASSERT_TRUE(result.has_value());
  for (const Theorem& theorem : result->theorems) {
    if (theorem.name != "fixture/assumptions_can_be_met") continue;
    EXPECT_EQ(theorem.verdict, Verdict::unknown);
    EXPECT_EQ(theorem.reason, "the solver did not answer in 7 ms: try a longer --timeout");
  }
}

}  // namespace
}  // namespace fiberproof::verify
