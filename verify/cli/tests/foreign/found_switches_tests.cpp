// Switches and trampolines that nobody names: a search finds them by what they do, in any
// registers, and each is proved. Wrong ones are refuted, and code that only resembles them is
// listed.
#include "verify/cli/tests/foreign/compiled_switch.hpp"

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
  EXPECT_EQ(right.count("proved   suspended_chain/"), 21u) << right.text();
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

TEST_F(found_switches, have_no_register_live_over_them) {
  struct Case {
    const char* behind;
    const char* stale;  // empty: right
  };
  for (const auto& [behind, stale] : std::vector<Case>{
           {"movq %rbx, %rax\n", "rbx"},
           {"movq 8(%rsp), %rbx\nmovq %rbx, %rax\n", ""},
           {"addq %r12, %rdi\n", "r12"},
           {"xorl %r12d, %r12d\naddq %r12, %rdi\n", ""},
           {"setc %al\n", "CF"},
           {"testq %rdi, %rdi\nsetc %al\nmovzbl %al, %eax\n", ""},
           {"movb $1, %al\nmovq %rax, (%rsp)\n", "rax"},
           {"movups %xmm3, (%rsp)\n", "xmm3"},
           {"xorps %xmm3, %xmm3\nmovups %xmm3, (%rsp)\n", ""},
           {"testq %rdi, %rdi\nje 1f\nmovq $1, %rcx\n1: movq %rcx, %rax\n", "rcx"},
           {"testq %rdi, %rdi\nmovl $2, %ecx\nje 1f\nmovq $1, %rcx\n1: movq %rcx, %rax\n", ""},
           {"cmoveq %rsp, %rax\n", "ZF"},
           {"movq (%r13), %rax\n", "r13"},
           // A table of distances, as br_table becomes; the second way reads RDX.
           {"movl %edi, %eax\nandl $1, %eax\nleaq 5f(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\n"
            "addq %rax, %rcx\njmp *%rcx\n5: .long 6f - 5b, 7f - 5b\n6: jmp 8f\n7: movq %rdx, "
            "%rax\n8:\n",
            "rdx"},
           {"movl %edi, %eax\nandl $1, %eax\nleaq 5f(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\n"
            "addq %rax, %rcx\njmp *%rcx\n5: .long 6f - 5b, 7f - 5b\n6: jmp 8f\n7: movq %rdi, "
            "%rax\n8:\n",
            ""},
       }) {
    const Outcome outcome = search(function("wasm_one", Switch{}.text(), behind) + of_cranelift);
    const bool is_right = std::string_view(stale).empty();
    EXPECT_EQ(outcome.exit_code, is_right ? 0 : 1) << behind << outcome.text();
    EXPECT_EQ(outcome.count("proved   switch_behind/"), is_right ? 1u : 0u)
        << behind << outcome.text();
    if (!is_right) {
      EXPECT_TRUE(outcome.says(std::string(stale) + " is read before it is written"))
          << behind << outcome.text();
    }
  }
}

TEST_F(found_switches, own_the_callers_registers_until_they_are_restored) {
  // RBX is not restored: the caller gets another stack's.
  const std::string body = "pushq %rbp\nmovq %rsp, %rbp\n" + Switch{}.text() + "popq %rbp\nret\n";
  const std::string source =
      ".text\n.type wasm_one, @function\nwasm_one:\n" + body + ".size wasm_one, . - wasm_one\n";
  const Outcome outcome = search(source + of_cranelift);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("rbx is read before it is written")) << outcome.text();
}

TEST_F(found_switches, are_not_asked_for_live_registers_unless_cranelift_made_them) {
  const std::string source = function("wasm_one", Switch{}.text(), "movq %rbx, %rax\n");
  EXPECT_EQ(search(source).exit_code, 0);
  const Outcome asked = outcome_of(
      {FIBERPROOF_COMMAND, "prove", "switch_behind", "--object", assemble("asked", source)});
  EXPECT_EQ(asked.exit_code, 1) << asked.text();
}

TEST_F(found_switches, end_where_the_way_on_is_not_known) {
  const Outcome outcome = search(
      function("wasm_one", Switch{}.text(), "movq (%rdi), %rax\njmp *%rax\n") + of_cranelift);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_TRUE(outcome.says("an indirect jump whose targets are not known")) << outcome.text();
}

TEST_F(found_switches, leave_a_call_that_does_not_return) {
  const std::string stops = ".type stops, @function\nstops:\nud2\n.size stops, . - stops\n";
  const std::string back = ".type back, @function\nback:\nret\n.size back, . - back\n";
  const std::string behind = "testq %rdi, %rdi\nje 1f\ncall CALLEE\nmovq %r14, %rax\n1:\n";
  const auto calling = [&](const std::string& called) {
    std::string text = behind;
    text.replace(text.find("CALLEE"), 6, called);
    return search(stops + back + function("wasm_one", Switch{}.text(), text) + of_cranelift);
  };
  EXPECT_EQ(calling("stops").exit_code, 0) << calling("stops").text();
  EXPECT_EQ(calling("back").exit_code, 1) << calling("back").text();
  const Outcome elsewhere = calling("of_another_file");
  EXPECT_EQ(elsewhere.exit_code, 2) << elsewhere.text();
  EXPECT_TRUE(elsewhere.says("if a call before it returns")) << elsewhere.text();
}

// Each read was taken for none once.
TEST_F(found_switches, have_no_register_live_in_part_or_by_a_callee) {
  const std::string callees =
      ".type back, @function\nback: ret\n.size back, . - back\n"
      ".type even, @function\neven: testq %rdi, %rdi\nje 1f\ndecq %rdi\ncall odd\n1: ret\n.size "
      "even, . - even\n"
      ".type odd, @function\nodd: testq %rdi, %rdi\nje 1f\ndecq %rdi\ncall even\n1: ret\n.size "
      "odd, . - odd\n";
  const std::string suspends = function("suspends", Switch{}.text());
  for (const std::string behind :
       {"movl %edi, %ecx\nshll %cl, %edi\nsetc %al\n", "movss %xmm1, %xmm0\nmovaps %xmm0, (%rsp)\n",
        "movlps (%rsp), %xmm0\nmovaps %xmm0, (%rsp)\n", "bsfq %rdi, %rax\nmovq %rax, (%rsp)\n",
        "call 2f\n2: popq %rax\nmovq %rsi, (%rsp)\n",
        "xorl %eax, %eax\ncall back\nmovq %rbx, (%rsp)\n",
        "call even\ncall odd\nmovq %rbx, (%rsp)\n"}) {
    const Outcome outcome =
        search(callees + function("wasm_one", Switch{}.text(), behind) + of_cranelift);
    EXPECT_EQ(outcome.exit_code, 1) << behind << outcome.text();
    EXPECT_TRUE(outcome.says("is read before it is written")) << behind << outcome.text();
  }
  for (const std::string behind :
       {"call suspends\nmovq %rbx, (%rsp)\n", "fld1\nfstpl (%rsp)\n", "fxsave (%rsp)\n",
        "syscall\n",
        // An index without a bound, and a table that can be written.
        "leaq 5f(%rip), %rcx\nmovslq (%rcx,%rdi,4), %rax\naddq %rax, %rcx\njmp *%rcx\n"
        "5: .long 6f - 5b\n6:\n",
        "andl $1, %edi\nleaq table(%rip), %rcx\nmovslq (%rcx,%rdi,4), %rax\naddq %rax, %rcx\n"
        "jmp *%rcx\n.data\ntable: .long 0, 0\n.text\n"}) {
    const Outcome outcome =
        search(callees + suspends + function("wasm_one", Switch{}.text(), behind) + of_cranelift);
    EXPECT_EQ(outcome.exit_code, 2) << behind << outcome.text();
    EXPECT_EQ(outcome.count("proved   switch_behind/"), 0u) << behind << outcome.text();
  }
}

TEST_F(found_switches, into_whose_middle_a_branch_leads_are_unknown) {
  Switch entered;
  entered.changed["movq SPARE, %rsp"] = "7: movq SPARE, %rsp";
  const std::string before = "testq %rdi, %rdi\njne 7f\n";
  const Outcome outcome = search(function("wasm_one", before + entered.text()));
  expect_unknown(outcome, "a branch leads into the middle of the switch at wasm_one+0x");
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

TEST_F(found_switches, are_missed_by_none_of_these_files) {
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

TEST_F(found_switches, wrong_variant_of_a_trampoline_is_not_chosen) {
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
}

}  // namespace
}  // namespace fiberproof::verify
