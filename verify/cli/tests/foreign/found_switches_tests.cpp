// Switches and trampolines that nobody names: a search finds them by what they do, in any
// registers, and each is proved. Wrong ones are refuted, and code that only resembles them is
// listed.
#include "verify/cli/tests/foreign/compiled_switch.hpp"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::size_t theorems_behind = 1;

class found_switches : public CompiledSwitches {};

TEST_F(found_switches, are_proved_in_any_registers) {
  Switch one_context;
  one_context.load = one_context.store = "%r11";
  const std::string source = function("wasm_one", Switch{}.text() + "nop\n") +
                             function("wasm_two", one_context.text()) +
                             function("wasm_three", Switch{}.text()) + of_cranelift;
  const Outcome outcome = search(source);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   switch_site/"), theorems_of_a_switch) << outcome.text();
  EXPECT_EQ(outcome.count("proved   switch_behind/"), theorems_behind) << outcome.text();
  EXPECT_TRUE(outcome.says("found    3 switches, 2 different")) << outcome.text();
  EXPECT_TRUE(outcome.says("2 with load rdx and store rsi, the first at wasm_one+0x"))
      << outcome.text();
  EXPECT_TRUE(outcome.says("1 with load r11 and store r11, the first at wasm_two+0x"))
      << outcome.text();
  EXPECT_EQ(outcome.count("no switch"), 0u) << outcome.text();
}

TEST_F(found_switches, with_both_contexts_at_offsets_of_one_register_are_not_modelled) {
  const std::string both = function("wasm_both",
                                    "movq (%rsi), %rax\nmovq %rsp, 32(%rsi)\nmovq %rax, %rsp\n"
                                    "movq 8(%rsi), %rax\nmovq %rbp, 40(%rsi)\nmovq %rax, %rbp\n"
                                    "movq 16(%rsi), %rax\nleaq 9f(%rip), %rcx\n"
                                    "movq %rcx, 48(%rsi)\njmp *%rax\n9:\n");
  expect_unknown(search(both), "both contexts at offsets of rsi");
  const Outcome outcome = search(function("wasm_one", Switch{}.text()) + both);
  expect_unknown(outcome, "both contexts at offsets of rsi");
  EXPECT_EQ(outcome.count("proved   switch_site/"), 0u) << outcome.text();
}

TEST_F(found_switches, may_have_a_context_at_an_offset) {
  Switch apart;
  apart.changed = {{"movq (LOAD), SPARE", "movq -24(LOAD), SPARE"},
                   {"movq 8(LOAD), SPARE", "movq -16(LOAD), SPARE"},
                   {"movq 16(LOAD), SPARE", "movq -8(LOAD), SPARE"}};
  const Outcome outcome = search(function("wasm_one", apart.text()));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("1 with load rdx-0x18 and store rsi")) << outcome.text();
}

// Three switches in a row through one context, in each pair of registers.
TEST_F(found_switches, of_each_kind_suspend_and_resume_a_chain) {
  Switch one_context;
  one_context.load = one_context.store = "%r11";
  Switch wrong = one_context;
  wrong.changed["movq %rbp, 8(STORE)"] = "movq %rsp, 8(STORE)";
  const Outcome right =
      search(function("wasm_one", one_context.text()) + function("wasm_two", Switch{}.text()));
  EXPECT_EQ(right.count("proved   suspended_chain/"), 24u) << right.text();
  const Outcome outcome =
      search(function("wasm_one", wrong.text()) + function("wasm_two", Switch{}.text()));
  EXPECT_TRUE(outcome.says("refuted  suspended_chain/S1.child_rbp")) << outcome.text();
}

// Each defect as a compiler could make it, and the theorem that it breaks.
TEST_F(found_switches, with_a_defect_are_refuted) {
  struct Defect {
    const char* instruction;
    const char* instead;
    const char* theorem;
  };
  for (const Defect& defect : std::vector<Defect>{
           {"movq (LOAD), SPARE", "movq 8(LOAD), SPARE", "S1.rsp_is_loaded"},
           {"movq 8(LOAD), SPARE", "movq 16(LOAD), SPARE", "S1.rbp_is_loaded"},
           {"movq 16(LOAD), SPARE", "movq 24(LOAD), SPARE", "every_access_is_in_its_region"},
           {"movq 16(LOAD), SPARE", "movq 8(LOAD), SPARE", "S1.rip_is_loaded"},
           {"movq %rsp, (STORE)", "movq %rsp, 8(STORE)", "S1.rsp_is_stored"},
           {"movq %rbp, 8(STORE)", "movq %rbp, 16(STORE)", "S1.rbp_is_stored"},
           {"movq ADDRESS, 16(STORE)", "movq ADDRESS, 8(STORE)",
            "S1.address_after_the_switch_is_stored"},
           {"movq %rsp, (STORE)", "movq %rbp, (STORE)", "S1.rsp_is_stored"},
           {"movq %rbp, 8(STORE)", "nop", "S1.rbp_is_stored"},
           {"movq %rsp, (STORE)", "nop", "S1.rsp_is_stored"},
           {"movq ADDRESS, 16(STORE)", "nop", "S1.address_after_the_switch_is_stored"},
           {"movq SPARE, %rsp", "nop", "S1.rsp_is_loaded"},
           {"movq SPARE, %rbp", "movq SPARE, %rbp; xorl %edi, %edi", "S3.payload_is_handed_over"},
           {"leaq 9f(%rip), ADDRESS", "leaq 9f+1(%rip), ADDRESS",
            "S1.address_after_the_switch_is_stored"},
           {"movq SPARE, %rsp", "movq SPARE, %rsp; std", "S4.preserves_df"},
           {"movq SPARE, %rbp", "movq SPARE, %rbp; movq %rdi, 24(STORE)",
            "every_access_is_in_its_region"},
       }) {
    Switch wrong;
    wrong.changed[defect.instruction] = defect.instead;
    const Outcome outcome = search(function("wasm_right", Switch{}.text()) +
                                   function("wasm_wrong", wrong.text()) + of_cranelift);
    EXPECT_EQ(outcome.exit_code, 1) << defect.instead << "\n" << outcome.text();
    EXPECT_TRUE(outcome.says(std::string("refuted  switch_site/") + defect.theorem))
        << defect.instead << "\n"
        << outcome.text();
    EXPECT_TRUE(outcome.says("where    ")) << outcome.text();
    EXPECT_TRUE(outcome.says("next: mend the code")) << outcome.text();
  }
}

TEST_F(found_switches, of_the_same_context_are_refuted_where_a_store_comes_before_a_load) {
  Switch wrong;
  wrong.load = wrong.store = "%r8";
  wrong.changed["movq (LOAD), SPARE"] = "movq %rsp, (STORE)";
  wrong.changed["movq %rsp, (STORE)"] = "movq (LOAD), SPARE";
  const Outcome outcome = search(function("wasm_wrong", wrong.text()));
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("refuted  switch_site/S1.rsp_is_loaded")) << outcome.text();
}

// Each read was taken for none once.
TEST_F(found_switches, into_whose_middle_a_branch_leads_are_unknown) {
  Switch entered;
  entered.changed["movq SPARE, %rsp"] = "7: movq SPARE, %rsp";
  const std::string before = "testq %rdi, %rdi\njne 7f\n";
  const Outcome outcome = search(function("wasm_one", before + entered.text()));
  expect_unknown(outcome, "a branch leads into the middle of the switch at wasm_one+0x");
}

TEST_F(found_switches, that_are_named_are_asked_for_branches_into_them_too) {
  Switch entered;
  entered.changed["movq SPARE, %rsp"] = "7: movq SPARE, %rsp";
  const std::string before = "testq %rdi, %rdi\njne 7f\n";
  const std::string path = assemble("entered", function("wasm_one", before + entered.text()));
  expect_unknown(prove(path, {"switch=wasm_one+0x12:37"}), "a branch leads into the middle");
}

TEST_F(found_switches, of_one_function_are_all_proved_where_it_is_named) {
  Switch wrong;
  wrong.changed["movq %rsp, (STORE)"] = "nop";
  const std::string two = ".text\n.type sw, @function\nsw:\n" + Switch{}.text() +
                          "movq %rdi, %rsi\nmovq %rdi, %rdx\n" + wrong.text() +
                          "ret\n.size sw, . - sw\n";
  const Outcome outcome = prove(assemble("two", two), {"switch=sw"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("refuted  switch_site/S1.rsp_is_stored")) << outcome.text();
}

TEST_F(found_switches, that_a_table_omits_are_an_error_whatever_their_bytes) {
  Switch other;
  other.load = other.store = "%r8";
  const std::string table =
      ".section fiberproof_switch_sites, \"a\"\n.long listed - .\n.long 37\n.text\n";
  const std::string listed = function("wasm_one", "listed: " + Switch{}.text());
  const auto asked = [&](const std::string& source) {
    return outcome_of({FIBERPROOF_COMMAND, "prove", "switch_site", "--object",
                       link({assemble("table", source)}, {"-shared"})});
  };
  EXPECT_EQ(asked(listed + table).exit_code, 0) << asked(listed + table).text();
  expect_one_error(asked(listed + function("wasm_two", other.text()) + table),
                   "is not in the table fiberproof_switch_sites");
}

TEST_F(found_switches, with_the_same_bytes_and_other_places_are_different) {
  Switch reads;
  reads.changed["movq SPARE, %rsp"] = "movq SPARE, %rsp; movq 0x40(%rip), %r10";
  const Outcome outcome =
      search(function("wasm_one", reads.text()) + function("wasm_two", reads.text()));
  EXPECT_TRUE(outcome.says("found    2 switches, 2 different")) << outcome.text();
}

TEST_F(found_switches, may_end_at_a_trap_where_nothing_resumes) {
  Switch last;
  EXPECT_EQ(search(function("wasm_one", last.text() + "ud2\n")).exit_code, 0);
}

TEST_F(found_switches, of_another_form_are_said_where_there_is_no_other) {
  const Outcome outcome =
      search(function("other", "movq %rsp, (%rdi)\nmovq (%rsi), %rsp\n", "nop\n"));
  expect_one_error(outcome, "1 place may leave a stack otherwise, the first at other+0x");
}

TEST_F(found_switches, with_an_odd_name_are_typed_with_quotes) {
  Switch wrong;
  wrong.changed["movq %rsp, (STORE)"] = "nop";
  const std::string path = assemble("an odd $name", function("sw", wrong.text()));
  const Outcome outcome = prove(path, {"switch=sw+0xd:37"});
  EXPECT_TRUE(outcome.says("--object '" + path + "' --symbol switch=sw+0xd:37")) << outcome.text();
}

TEST_F(found_switches, are_told_from_what_resembles_them) {
  const std::string near =
      function("wasm_near", "movq (%rdx), %rsp\nmovq 16(%rdx), %rax\njmp *%rax\n");
  const std::string sets = function("wasm_sets", "movq (%rdi), %rsp\n");
  const std::string tail = function("wasm_tail", "movq (%rdi), %rax\njmp *%rax\n");
  const Outcome outcome = search(function("wasm_one", Switch{}.text()) + near + sets + tail);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("found    1 switch, 1 different")) << outcome.text();
  EXPECT_TRUE(outcome.says("no switch wasm_near+0x")) << outcome.text();
  EXPECT_TRUE(outcome.says("RSP is not stored")) << outcome.text();
  EXPECT_TRUE(outcome.says("no switch wasm_sets+0x")) << outcome.text();
  EXPECT_TRUE(outcome.says("1 other indirect jump")) << outcome.text();
}

TEST_F(found_switches, by_way_of_rbp_are_listed) {
  for (const std::string leaves :
       {"leave\n", "movq %rbp, %rsp\npopq %rbp\n", "leaq (%rbp), %rsp\n"}) {
    const std::string other =
        function("wasm_other", "movq 8(%rdi), %rbp\n" + leaves + "ret\n", "nop\n");
    // A stack that a switch resumes has its own RBP, and leaves its frame by it.
    const std::string epilogue = function("wasm_one", Switch{}.text(), leaves + "ret\n");
    const Outcome outcome = search(epilogue + other);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
    EXPECT_TRUE(outcome.says("no switch wasm_other+0x")) << outcome.text();
    EXPECT_EQ(outcome.count("no switch "), 1u) << outcome.text();
    EXPECT_TRUE(outcome.says("summary  not claimed: which registers are live behind a switch"));
  }
}

// The missing store may be before the branch, where each of its ways finds it made.
TEST_F(found_switches, that_begin_behind_a_branch_and_lack_a_move_are_listed) {
  Switch behind_a_branch;
  behind_a_branch.changed["movq (LOAD), SPARE"] =
      "movq %rsp, (STORE)\ntestq %rdi, %rdi\nje 8f\nmovq (LOAD), SPARE";
  behind_a_branch.changed["movq %rsp, (STORE)"] = "nop";
  const Outcome outcome = search(function("wasm_one", behind_a_branch.text(), "8: nop\n") +
                                 function("wasm_two", Switch{}.text()));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("found    1 switch, 1 different")) << outcome.text();
  EXPECT_TRUE(outcome.says("no switch wasm_one+0x")) << outcome.text();
  EXPECT_TRUE(outcome.says("RSP is not stored")) << outcome.text();
}

TEST_F(found_switches, may_resume_behind_padding) {
  for (const std::string padding : {"ud2\n", "int3\nint3\n", "int3\n.p2align 4\n", "nop\n"}) {
    Switch padded;
    padded.changed["jmp *SPARE"] = "jmp *SPARE\n" + padding;
    const Outcome outcome = search(function("wasm_one", padded.text()));
    EXPECT_EQ(outcome.exit_code, 0) << padding << outcome.text();
  }
}

TEST_F(found_switches, need_no_symbol) {
  const std::string entry = "_start";
  const std::string linked =
      link({assemble("module", function(entry, Switch{}.text()))}, {"-static"});
  strip(linked);
  const Outcome outcome = prove(linked, {});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("found    1 switch, 1 different")) << outcome.text();
}

TEST_F(found_switches, that_are_not_there_are_one_clear_line) {
  const Outcome outcome = search(function("wasm_one", "nop\n"));
  expect_one_error(outcome, "no switch is in its ");
}

TEST_F(found_switches, stand_beside_a_trampoline_that_is_proposed) {
  const std::string source = start_that("call engine_fiber_start") + callee;
  const Outcome alone = search(source);
  expect_one_error(alone, "prove it with --symbol start=engine_start");
  const Outcome both = search(source + function("wasm_one", Switch{}.text()));
  EXPECT_EQ(both.exit_code, 0) << both.text();
  EXPECT_TRUE(both.says("--symbol start=engine_start")) << both.text();
  expect_all_proved(prove(assemble("found", source), {"start=*"}));
}

TEST_F(found_switches, and_a_trampoline_are_found_without_symbols) {
  const std::string source =
      start_that("call engine_fiber_start") + callee + function("_start", Switch{}.text());
  const std::string linked = link({assemble("module", source)}, {"-static"});
  strip(linked);
  const Outcome outcome = prove(linked, {"start=*", "switch=*"});
  expect_all_proved(outcome);
  EXPECT_EQ(outcome.count("proved   switch_site/"), theorems_of_a_switch) << outcome.text();
}

TEST_F(found_switches, in_two_members_of_an_archive_are_ambiguous) {
  const std::string one = assemble("one", function("wasm_one", Switch{}.text()));
  const std::string two = assemble("two", function("wasm_two", Switch{}.text()));
  const std::string none = assemble("none", function("wasm_none", "nop\n"));
  const std::string archive = one + ".a";
  ASSERT_EQ(outcome_of({FIBERPROOF_AR, "rcs", archive, none, one}).exit_code, 0);
  const Outcome outcome = prove(archive, {});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  ASSERT_EQ(outcome_of({FIBERPROOF_AR, "rcs", archive, two}).exit_code, 0);
  expect_one_error(prove(archive, {}), "several members have switches");
}

TEST_F(found_switches, name_the_variant_of_a_trampoline) {
  // v44: nothing is returned, and the payload is 0.
  const std::string source = std::string(
                                 ".text\n.globl engine_start\n.type engine_start, @function\n"
                                 "engine_start:\npopq %rcx\npopq %rdx\npopq %rsi\npopq %rdi\n"
                                 "call engine_fiber_start\nmovl $0, %edi\n") +
                             leaves_to_the_parent + end_of_start + callee;
  const Outcome outcome = prove(assemble("old", source), {"start=engine_start"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("trampoline v44")) << outcome.text();
  EXPECT_TRUE(outcome.says("(expected: ")) << outcome.text();
  EXPECT_TRUE(outcome.says("summary  the trampoline keeps the rules of v44")) << outcome.text();
}

// As __builtin_longjmp: three words of one buffer, in another order, or not by RBP.
TEST_F(found_switches, and_other_jumps_behind_a_call_are_no_trampolines) {
  for (const std::string loads : {"movq (%rdi), %rbp\nmovq 8(%rdi), %rax\nmovq 16(%rdi), %rsp\n",
                                  "movq 8(%rdi), %rbp\nmovq 16(%rdi), %rax\nmovq (%rdi), %rsp\n"}) {
    const std::string jumps = ".text\n.type jumps, @function\njumps:\ncall other\n" + loads +
                              "jmp *%rax\n.size jumps, . - jumps\n.type other, @function\n"
                              "other: ret\n.size other, . - other\n";
    const Outcome outcome = search(jumps);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
    EXPECT_FALSE(outcome.says("code like an entry trampoline")) << outcome.text();
  }
}

TEST_F(found_switches, whose_registers_contradict_a_contract_prove_nothing) {
  const std::string contract = assemble("sw", function("wasm_one", Switch{}.text()));
  const std::string path = contract + ".contract";
  std::ofstream(path) << "contract twice\nghost a : word\nregion a = [a, a + 24)\n"
                         "run one = sites fiberproof_switch_sites\n"
                         "  load_operand == a\n  store_operand == a\n"
                         "run two = sites fiberproof_switch_sites\n"
                         "  rdx == a + 64\n  load_operand == a\n  store_operand == a\n"
                         "exit\n  X1 never: rip == 7\n";
  const Outcome outcome = outcome_of({FIBERPROOF_COMMAND, "prove", "--object", contract,
                                      "--contract", path, "--symbol", "switch=*"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_TRUE(outcome.says("the registers at the beginning of two contradict each other"))
      << outcome.text();
}

}  // namespace
}  // namespace fiberproof::verify
