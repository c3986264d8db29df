// Frame conditions: a part of the state that no clause claims is found by the solver, and only
// that.
#include "verify/obligation/frame_conditions.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <chrono>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

// Registers and modes are out of the way.
constexpr std::string_view everything_else = R"(
exit
  T4 registers: rip == old [frame] and rsp == frame + 8 and rbp == old rbp and rbx == old rbx and
    r12 == old r12 and r13 == old r13 and r14 == old r14 and r15 == old r15
preserves
  T4 mxcsr_control, x87_control, df
)";

std::string contract_of(std::string_view statements) {
  return fmt::format(R"(contract fixture
ghost frame, object, value : word
ghost count : u32
ghost accepted : truth
region frame = [frame, frame + 8) read_only
region object = [object, object + 16)
run it = function some_function
  rsp == frame
  rdi == object
{}{})",
                     everything_else, statements);
}

std::expected<FrameConditions, std::string> found_in(const std::string& text) {
  const auto contract = parse_contract(text, "fixture.contract");
  if (!contract) return std::unexpected(message(contract.error()));
  const auto solver = make_z3_solver(std::chrono::seconds(10));
  return frame_conditions(*contract, *solver);
}

using Lines = std::vector<std::string>;

// `POINT: PART`, or `POINT: PART | REASON`, and what is unneeded or undecided.
Lines lines_of(const std::string& text) {
  const auto found = found_in(text);
  if (!found) return {found.error()};
  Lines lines;
  for (const OpenPart& open : found->open) {
    lines.push_back(open.point + ": " + open.part +
                    (open.reason.empty() ? "" : " | " + open.reason));
  }
  for (const auto* more : {&found->unneeded, &found->undecided}) {
    lines.insert(lines.end(), more->begin(), more->end());
  }
  return lines;
}

TEST(frame_conditions, bytes_that_no_clause_reads_are_open) {
  const auto text = contract_of(
      "exit\n  T5 low: [object] == value\nmodifies\n"
      "  T6 [object, object + 16)\n");
  EXPECT_EQ(lines_of(text), Lines{"exit: bytes 8 to 15 of [object, object + 16)"});
}

TEST(frame_conditions, without_modifies_a_region_may_be_written) {
  const auto text = contract_of("exit\n  T5 low: [object] == value\n");
  EXPECT_EQ(lines_of(text), Lines{"exit: bytes 8 to 15 of [object, object + 16)"});
}

TEST(frame_conditions, bytes_that_modifies_leaves_out_are_not_open) {
  const auto text = contract_of(
      "exit\n  T5 low: [object] == value\nmodifies\n"
      "  T6 [object, object + 8)\n");
  EXPECT_EQ(lines_of(text), Lines{});
}

TEST(frame_conditions, a_clause_that_reads_bytes_need_not_claim_them) {
  for (const char* const clause :
       {"[object] <= value", "[object] aligned 16", "accepted => [object] == value",
        "[object] == value or [object] == count", "rax == [object]"}) {
    const auto text =
        contract_of(fmt::format("exit\n  T5 low: {}\nmodifies\n"
                                "  T6 [object, object + 8)\n",
                                clause));
    const Lines lines = lines_of(text);
    EXPECT_FALSE(lines.empty()) << clause;
  }
}

TEST(frame_conditions, part_of_a_word_is_claimed) {
  const auto text = contract_of(
      "exit\n  T5 low: [object] & 0xffff == count & 0xffff\nmodifies\n"
      "  T6 [object, object + 8)\n");
  EXPECT_EQ(lines_of(text), Lines{"exit: bytes 2 to 7 of [object, object + 8)"});
}

TEST(frame_conditions, a_value_that_follows_from_two_clauses_is_claimed) {
  const auto text = contract_of(
      "exit\n  T5 yes: accepted => [object] == value\n"
      "  T5 no: accepted or [object] == 0\nmodifies\n"
      "  T6 [object, object + 8)\n");
  EXPECT_EQ(lines_of(text), Lines{});
}

TEST(frame_conditions, bytes_are_open_only_where_they_may_be_written) {
  const std::string clause = "exit\n  T5 yes: accepted => [object] == value\nmodifies\n";
  EXPECT_EQ(lines_of(contract_of(clause + "  T6 [object, object + 8) when accepted\n")), Lines{});
  EXPECT_EQ(lines_of(contract_of(clause + "  T6 [object, object + 8) when not accepted\n")),
            Lines{"exit: [object, object + 8)"});
}

TEST(frame_conditions, memory_is_read_through_a_register_that_a_clause_defines) {
  const auto text = contract_of(
      "exit\n  T5 by_register: [rdi] == value and rdi == object\n"
      "modifies\n  T6 [object, object + 8)\n");
  EXPECT_EQ(lines_of(text), Lines{});
}

TEST(frame_conditions, a_register_that_a_call_preserves_is_open_without_a_clause) {
  const auto text = R"(contract fixture
ghost frame : word
region frame = [frame, frame + 8) read_only
run it = function some_function
  rsp == frame
exit
  T4 some: rip == old [frame] and rsp == frame + 8 and rbp == old rbp and rbx == rax and
    r12 == old r12 and r13 == old r13 and r14 <= old r14 and r15 == old r15
preserves
  T4 mxcsr_control, df
)";
  EXPECT_EQ(lines_of(text), (Lines{"exit: rbx", "exit: r14", "exit: x87_control"}));
}

TEST(frame_conditions, every_point_is_looked_at) {
  const auto text = contract_of(R"(call callee = function other
  T2 modes: mxcsr_control == old mxcsr_control and df == 0
run again = function some_function after other
  T2 registers_again: rip == old [frame] and rsp == frame + 8 and rbp == old rbp and
    rbx == old rbx and r12 == old r12 and r13 == old r13 and r14 == old r14
  T2 modes_again: mxcsr_control == 0 and x87_control == old x87_control and df == 0
modifies
  T6 [object, object + 4)
exit
  T5 low: u32 [object] == count
)");
  EXPECT_EQ(lines_of(text), (Lines{"call callee: x87_control", "call callee: [object, object + 4)",
                                   "run again: r15", "run again: [object, object + 4)"}));
}

TEST(frame_conditions, a_reason_stands_where_its_condition_and_point_are) {
  const std::string begin =
      "exit\n  T5 yes: accepted => [object] == value\nmodifies\n"
      "  T6 [object, object + 8)\nunclaimed\n  T6 [object, object + 8)";
  EXPECT_EQ(lines_of(contract_of(begin + " | so\n")), Lines{"exit: [object, object + 8) | so"});
  EXPECT_EQ(lines_of(contract_of(begin + " at exit when not accepted\n    | so it\n    | is\n")),
            Lines{"exit: [object, object + 8) | so it is"});
  EXPECT_EQ(lines_of(contract_of(begin + " when accepted | so\n")),
            (Lines{"exit: [object, object + 8)",
                   "fixture.contract:21:3: bytes of it are claimed, or never written: say less in "
                   "'T6 [object, object + 8) when accepted'"}));
}

TEST(frame_conditions, a_reason_that_nothing_needs_is_reported) {
  const std::string begin =
      "exit\n  T5 low: [object] == value\nmodifies\n"
      "  T6 [object, object + 12)\nunclaimed\n  T6 ";
  EXPECT_EQ(lines_of(contract_of(begin + "[object + 8, object + 12) | so\n")),
            Lines{"exit: bytes 8 to 11 of [object, object + 12) | so"});
  for (const auto& [part, what] :
       {std::pair{"[object + 8, object + 16)", "bytes of it are claimed, or never written"},
        std::pair{"[object + 4, object + 12)", "bytes of it are claimed, or never written"},
        std::pair{"[object + 8, object + 12), rbx", "rbx is claimed"}}) {
    const Lines lines = lines_of(contract_of(begin + part + " | so\n"));
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines.back().find(what), std::string::npos) << lines.back();
  }
}

TEST(frame_conditions, clauses_that_contradict_each_other_are_an_error) {
  const auto text = contract_of("exit\n  T5 one: [object] == 1\n  T5 two: [object] == 2\n");
  EXPECT_EQ(lines_of(text), Lines{"fixture.contract: no state satisfies the clauses at exit"});
}

TEST(frame_conditions, a_statement_without_a_reason_is_refused) {
  for (const auto& [statement, what] :
       {std::pair{"rbx\n", "say behind '|' why no clause claims it"},
        std::pair{"rbx |\n", "say behind '|' why no clause claims it"},
        std::pair{"frame | so\n", "'frame' is not a register or a mode"},
        std::pair{"al | so\n", "'al' is not a register or a mode"},
        std::pair{"rbx at nowhere | so\n", "'nowhere' is not a call or a run above"}}) {
    const Lines lines = lines_of(contract_of(std::string("unclaimed\n  T6 ") + statement));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find(what), std::string::npos) << lines[0];
  }
}

TEST(frame_conditions, a_lemma_and_a_claim_of_live_registers_have_none) {
  EXPECT_TRUE(has_no_frame(*parse_contract("contract lemma\nexit\n  L1 a: 1 == 1\n", "lemma")));
  EXPECT_TRUE(has_no_frame(
      *parse_contract("contract live\nrun it = sites table\nlive\n  S4 a: rdi, rsp\n", "live")));
  EXPECT_FALSE(has_no_frame(*parse_contract("contract some\nrun it = function f\n", "some")));
}

}  // namespace
}  // namespace fiberproof::verify
