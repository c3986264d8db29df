// Ways in which a proof could be vacuous: each once let a false claim through, and is rejected now.
#include "verify/obligation/prover.hpp"
#include "verify/obligation/tests/fixture_contract.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

// The verdict of one theorem, or the error if there is none.
std::string verdict(const std::string& body, const std::string& name) {
  const auto contract = parse_contract(std::string(preamble) + body, "fixture.contract");
  if (!contract) return message(contract.error());
  const auto file = ObjectFile::open("/proc/self/exe");
  const auto solver = make_z3_solver(std::chrono::seconds(5));
  const auto result = prove(*contract, *file, *solver, {});
  if (!result) return result.error();
  const auto found = std::ranges::find(result->theorems, "fixture/" + name, &Theorem::name);
  return found == result->theorems.end() ? "no such theorem" : name_of(found->verdict);
}

constexpr const char* leaves = "exit\n  L1 leaves: rsp == frame + 8\n";

TEST(vacuity, a_claim_about_memory_outside_its_region_is_unknown) {
  const auto of = [](const char* claim) {
    return verdict(entering("fixture_store_into_red_zone") + "exit\n  L1 kept: " + claim + "\n",
                   "L1.kept");
  };
  EXPECT_EQ(of("[object + 300] == old [object + 300]"), "unknown");
  EXPECT_EQ(of("[object] == old [object]"), "proved");
  // The defined part decides: there is a state in which it is false.
  EXPECT_EQ(of("[object] == 7 and [object + 300] == old [object + 300]"), "refuted");
  EXPECT_EQ(of("rsi < 16 => [object + rsi] == 7"), "refuted");
}

TEST(vacuity, two_calls_are_unrelated) {
  EXPECT_EQ(verdict(entering("fixture_call_twice") +
                        "call callee = function fixture_branch\n  L2 any: rsp == frame\n"
                        "exit\n  L1 the_same: rax == rbx\n",
                    "L1.the_same"),
            "refuted");
}

TEST(vacuity, calling_twice_is_not_calling_once) {
  EXPECT_EQ(verdict(entering("fixture_call_twice") +
                        "call callee = function fixture_branch\n  L2 any: rsp == frame\n" + leaves,
                    "every_call_is_made"),
            "refuted");
}

TEST(vacuity, contradictory_guarantees_are_unknown) {
  EXPECT_EQ(verdict(entering("fixture_call") +
                        "call callee = function fixture_branch\n  L2 any: rsp == frame\n"
                        "  returns rax == 1\n  returns rax == 2\nexit\n  L1 x: rip == 12345\n",
                    "assumptions_can_be_met"),
            "unknown");
}

TEST(vacuity, assumptions_that_need_overlapping_regions_are_unknown) {
  EXPECT_EQ(verdict("assume object == frame - 64\n" + entering("fixture_return") + leaves,
                    "assumptions_can_be_met"),
            "unknown");
}

TEST(vacuity, a_range_with_swapped_bounds_allows_nothing) {
  EXPECT_EQ(verdict(entering("fixture_store_and_return") +
                        "  rdi == object\nexit\n"
                        "  L1 any: rax == 7\nmodifies\n  L4 [object + 8, object)\n",
                    "L4.modifies"),
            "refuted");
  EXPECT_NE(verdict("ghost other : word\nregion other = [other + 16, other)\n" +
                        entering("fixture_return") + leaves,
                    "L1.leaves")
                .find("bounds are swapped"),
            std::string::npos);
}

TEST(vacuity, a_bound_that_reads_memory_constrains_no_other_memory) {
  EXPECT_EQ(verdict("ghost buffer : word\nregion buffer = [buffer, buffer + [object + 8])\n"
                    "assume [object] >= 24 and [object] <= 100\n" +
                        entering("fixture_three_loads") + "  rdi == buffer\n" + leaves,
                    "every_access_is_in_its_region"),
            "refuted");
}

TEST(vacuity, names_that_would_be_reused_are_errors) {
  const std::string two_runs = entering("fixture_return") + entering("fixture_branch") + leaves;
  EXPECT_NE(verdict(two_runs, "L1.leaves").find("two runs"), std::string::npos);
  EXPECT_NE(
      verdict(entering("fixture_return") + "exit\n  L1 a: rsp == frame + 8\n  L1 a: rsp == 1\n",
              "L1.a")
          .find("two clauses"),
      std::string::npos);
  EXPECT_EQ(verdict(entering("fixture_return") + "run entry = function fixture_return\n"
                                                 "  rsp == frame\nexit\n  L1 x: rbx == old rbx\n",
                    "L1.x"),
            "refuted");
}

TEST(vacuity, an_empty_case_is_an_error) {
  const std::string rest = entering("fixture_return") + leaves;
  EXPECT_NE(verdict("alias nothing = object\n" + rest, "L1.leaves").find("not a ghost"),
            std::string::npos);
  EXPECT_NE(
      verdict("ghost flag : truth\nalias flag = object\n" + rest, "L1.leaves").find("not a ghost"),
      std::string::npos);
}

TEST(vacuity, an_aliased_region_stays_read_only_and_has_no_gap) {
  const std::string other = "ghost other : word\nregion other = [other, other + 16) read_only\n";
  const std::string rest = entering("fixture_store_and_return") +
                           "  rdi == object\nexit\n"
                           "  L1 a: rax == 7\n";
  EXPECT_EQ(verdict(other + "alias other = object\n" + rest, "every_access_is_in_its_region"),
            "refuted");
  EXPECT_NE(verdict(other + "alias other = object + 64\n" + rest, "L1.a").find("gap"),
            std::string::npos);
}

TEST(vacuity, an_alignment_that_is_no_power_of_two_is_an_error) {
  EXPECT_NE(verdict(entering("fixture_return") + "exit\n  L1 a: rsp aligned 24\n", "L1.a")
                .find("power of two"),
            std::string::npos);
}

TEST(vacuity, a_site_outside_executable_code_is_an_error) {
  EXPECT_NE(verdict("run it = sites fixture_data_sites\n  rsp == frame\nexit\n"
                    "  L1 a: rax == old rdi\n",
                    "L1.a")
                .find("fiberproof: "),
            std::string::npos);
}

TEST(vacuity, a_site_missing_from_the_table_is_an_error) {
  EXPECT_NE(verdict("run it = sites fixture_half_a_table\n  rsp == frame\nexit\n"
                    "  L1 a: rdx == old rdx\n",
                    "L1.a")
                .find("is not in the table"),
            std::string::npos);
}

TEST(vacuity, a_loop_of_forks_ends_as_unknown) {
  EXPECT_EQ(verdict(entering("fixture_spin") + leaves, "every_path_leaves"), "unknown");
}

TEST(vacuity, a_word_that_occurs_2_to_the_64_times_in_a_sum_is_one_atom) {
  EXPECT_EQ(
      verdict(entering("fixture_double_64_times") + "exit\n  L1 wraps: rax == 0\n", "L1.wraps"),
      "proved");
}

}  // namespace
}  // namespace fiberproof::verify
