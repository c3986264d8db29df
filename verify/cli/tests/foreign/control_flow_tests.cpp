// Control flow: through linkage tables of several linkers, into code that no symbol covers, past a
// function's end, and behind the jump of a switch.
#include "verify/cli/tests/foreign/assembled_file.hpp"

namespace fiberproof::verify {
namespace {

const std::vector<std::string> only_start{"start=engine_start"};
const std::vector<std::string> both{"start=engine_start", "fiber_start=engine_fiber_start"};

class linkage_table : public AssembledFiles {
 protected:
  // A hand-written entry, with a word that a linker fills in.
  Outcome prove_entry(const std::string& entry) const {
    const auto file = assemble(
        "entry", start_that("call .Lentry") + "ud2\n.p2align 4\n.Lentry: " + entry + "\nud2\n");
    return prove(link({file}, {"-shared"}), both);
  }
  Outcome prove_linked(const std::string& linker, std::vector<std::string> options = {}) const {
    options.emplace_back("-shared");
    const auto start = assemble("start", start_that("call engine_fiber_start@PLT"));
    const auto called = assemble("called", callee);
    return prove(link({start, called}, options, linker), both);
  }
};

constexpr const char* jump = "jmp *engine_fiber_start@GOTPCREL(%rip)";

TEST_F(linkage_table, an_entry_is_recognised_by_its_behaviour) {
  for (const std::string before :
       {"", "endbr64; ", "endbr64; movl $7, %r11d; ", "movabsq $7, %r11; ", ".byte 0xf2; ",
        "notrack ", "nopl 0(%rax); nop; ", "endbr64; .byte 0xf2; "}) {
    const Outcome outcome = prove_entry(before + jump);
    SCOPED_TRACE(before);
    expect_all_proved(outcome);
  }
}

TEST_F(linkage_table, an_entry_may_load_the_word_first) {
  expect_all_proved(prove_entry("movq engine_fiber_start@GOTPCREL(%rip), %r11; jmp *%r11"));
}

TEST_F(linkage_table, a_retpoline_goes_where_its_return_does) {
  expect_all_proved(
      prove_entry("movq engine_fiber_start@GOTPCREL(%rip), %r11\njmp .Lthunk\n"
                  ".Lthunk: call .Lset\n.Lwait: pause\nlfence\njmp .Lwait\n"
                  ".Lset: movq %r11, (%rsp)\nret"));
}

// It is executed: the callee gets the changed register.
TEST_F(linkage_table, an_entry_that_changes_an_argument_is_no_entry) {
  const Outcome outcome = prove_entry(std::string("xorl %edi, %edi; ") + jump);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_EQ(outcome.count("refuted  continuation_start/T2.func_ref"), 1u) << outcome.text();
}

TEST_F(linkage_table, of_this_linker_is_understood) {
  expect_all_proved(prove_linked(FIBERPROOF_LD));
  expect_all_proved(prove_linked(FIBERPROOF_LD, {"-z", "now"}));
  expect_all_proved(prove_linked(FIBERPROOF_LD, {"-z", "ibtplt"}));
}

TEST_F(linkage_table, of_lld_is_understood) {
  if (std::string_view(FIBERPROOF_LLD).ends_with("NOTFOUND")) GTEST_SKIP() << "no ld.lld here";
  expect_all_proved(prove_linked(FIBERPROOF_LLD));
  expect_all_proved(prove_linked(FIBERPROOF_LLD, {"-z", "retpolineplt"}));
  expect_all_proved(prove_linked(FIBERPROOF_LLD, {"-z", "retpolineplt", "-z", "now"}));
  expect_all_proved(prove_linked(FIBERPROOF_LLD, {"--pack-dyn-relocs=relr"}));
}

TEST_F(linkage_table, of_mold_is_understood) {
  if (std::string_view(FIBERPROOF_MOLD).ends_with("NOTFOUND")) GTEST_SKIP() << "no mold here";
  expect_all_proved(prove_linked(FIBERPROOF_MOLD));
  expect_all_proved(prove_linked(FIBERPROOF_MOLD, {"-z", "now"}));
}

TEST_F(linkage_table, a_call_through_the_got_calls_the_function) {
  const std::string source = start_that("call *engine_fiber_start@GOTPCREL(%rip)");
  expect_all_proved(prove(assemble("got", source), only_start));
  expect_all_proved(prove(assemble("got", source), both));
  const auto file = assemble("defined", source + callee);
  expect_all_proved(prove(file, only_start));
  expect_all_proved(prove(link({file}, {"-shared"}), only_start));
  expect_all_proved(prove(link({file}, {"-shared"}), both));
  expect_all_proved(prove(link({assemble("got", source)}, {"-shared"}), both));
  // The word of another function leads to another function.
  EXPECT_NE(
      prove(link({assemble("other", start_that("call *engine_other@GOTPCREL(%rip)") + callee)},
                 {"-shared"}),
            both)
          .exit_code,
      0);
}

class code_elsewhere : public AssembledFiles {};

constexpr const char* shared_end =
    ".type engine_leave, @function\nengine_leave:\nmovq 8(%rbp), %rsi\nmovq -8(%rbp), %rsp\n"
    "movq (%rbp), %rbp\njmp *%rsi\n.size engine_leave, . - engine_leave\n";

TEST_F(code_elsewhere, an_end_that_is_shared_with_the_next_function_is_executed) {
  const std::string call = "call engine_fiber_start";
  for (const std::string& source :
       {trampoline(call, std::string("jmp engine_leave\n") + end_of_start + shared_end),
        trampoline(call, std::string(end_of_start) + shared_end),            // falls into it
        trampoline(call, std::string(end_of_start) + leaves_to_the_parent),  // belongs to no
                                                                             // function
        trampoline(call, std::string(end_of_start) + "nopl 0(%rax)\nnop\n" + shared_end),
        trampoline(call, std::string("jmp engine_leave+3\n") + end_of_start +
                             ".type engine_leave, @function\nengine_leave:\nnopl 0(%rax)\n" +
                             leaves_to_the_parent + ".size engine_leave, . - engine_leave\n")}) {
    SCOPED_TRACE(source);
    const auto file = assemble("end", source + callee);
    expect_all_proved(prove(file, only_start));
    expect_all_proved(prove(link({file}, {"-e", "engine_start"}), only_start));
  }
}

TEST_F(code_elsewhere, an_overlong_size_changes_nothing) {
  expect_all_proved(
      prove(assemble("long", start_that("call engine_fiber_start") +
                                 "nop\nnop\n.size engine_start, . - engine_start\n" + callee),
            only_start));
}

TEST_F(code_elsewhere, a_size_that_covers_the_callee_too_does_not_make_the_call_its_own) {
  const auto file = assemble("covers", trampoline("call engine_fiber_start", leaves_to_the_parent) +
                                           callee + end_of_start);
  expect_all_proved(prove(file, only_start));
  expect_all_proved(prove(file, both));
}

std::string with_rare_path(const std::string& label, const std::string& does) {
  return ".text\n.globl engine_start\n.type engine_start, @function\nengine_start:\n"
         "popq %rcx\npopq %rdx\npopq %rsi\npopq %rdi\ncall engine_fiber_start\nxorl %edi, %edi\n"
         "testb %al, %al\nje " +
         label + "\n.Lleave:\n" + leaves_to_the_parent + end_of_start + callee +
         ".section .text.unlikely, \"ax\", @progbits\n.fill 24, 1, 0xcc\n" + does;
}

constexpr const char* traps = "movabsq $0x400000000, %rdi\njmp .Lleave\n";

TEST_F(code_elsewhere, a_rare_path_is_executed_with_any_symbol_or_none) {
  for (const std::string& source :
       {with_rare_path(".Ltrapped", std::string(".Ltrapped: ") + traps),
        with_rare_path("trapped", std::string("trapped: ") + traps),
        with_rare_path("engine_start.cold", std::string(".type engine_start.cold, @function\n"
                                                        "engine_start.cold: ") +
                                                traps),
        with_rare_path(".Ltrapped",
                       std::string(".Lsecond: ") + traps + ".Ltrapped: jmp .Lsecond\n")}) {
    SCOPED_TRACE(source);
    const auto file = assemble("rare", source);
    expect_all_proved(prove(file, only_start));
    const auto linked = link({file}, {"-e", "engine_start", "-Ttext=0x401000"});
    expect_all_proved(prove(linked, only_start));
    EXPECT_GE(prove(linked, only_start).count("on       "), 2u) << "the rare path is named, too";
  }
}

// A linkage table's entry may change R10 and R11 unnoticed; a part of the routine that changes them
// is no such entry.
TEST_F(code_elsewhere, a_rare_path_may_use_a_scratch_register) {
  const std::string source =
      trampoline("call engine_fiber_start",
                 "movl $8, %r11d\ntestl %edi, %edi\njmp .Lrare\n.Lleave:\n"
                 "movq (%rbp,%r11), %rsi\nmovq -8(%rbp), %rsp\nmovq (%rbp), %rbp\njmp *%rsi\n" +
                     std::string(end_of_start) + callee) +
      ".section .text.unlikely, \"ax\", @progbits\n.Lrare: movl $CHANGED, %r11d\njmp .Lleave\n";
  const auto with = [&](const std::string& changed) {
    std::string made = source;
    made.replace(made.find("CHANGED"), 7, changed);
    return prove(link({assemble("scratch", made)}, {"-e", "engine_start"}), only_start);
  };
  expect_all_proved(with("8"));
  EXPECT_EQ(with("0").exit_code, 1);
}

TEST_F(code_elsewhere, a_wrong_rare_path_is_refuted) {
  const auto file =
      assemble("wrong", with_rare_path(".Ltrapped", ".Ltrapped: movl $4, %edi\njmp .Lleave\n"));
  const Outcome outcome = prove(file, only_start);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_EQ(outcome.count("refuted  continuation_start/T5.payload "), 1u) << outcome.text();
}

TEST_F(code_elsewhere, a_thunk_of_the_callee_is_a_call_of_it) {
  for (const std::string thunk : {"jmp engine_fiber_start", "jmp engine_fiber_start@PLT",
                                  "jmp *engine_fiber_start@GOTPCREL(%rip)"}) {
    const std::string source =
        start_that("call .Lthunk") + "ud2\n.Lthunk: endbr64\n" + thunk + "\nud2\n";
    SCOPED_TRACE(thunk);
    expect_all_proved(prove(assemble("thunk", source), both));
    expect_all_proved(prove(link({assemble("thunk", source + callee)}, {"-shared"}), both));
  }
}

TEST_F(code_elsewhere, unknown_code_is_unknown_and_named) {
  const std::string call = "call engine_fiber_start";
  const auto unknown = [this](const std::string& source, const std::string& why) {
    SCOPED_TRACE(source);
    expect_unknown(prove(assemble("unknown", source), only_start), why);
  };
  unknown(trampoline(call, end_of_start), "no code is there");
  unknown(trampoline(call, std::string("jmp elsewhere\n") + end_of_start), "elsewhere");
  unknown(trampoline(call, std::string("jmp engine_data\n") + end_of_start +
                               ".data\nengine_data: .quad 0\n"),
          "engine_data");
  unknown(trampoline(call, std::string(end_of_start) + ".byte 0x06, 0x07\n"), "not an instruction");
}

class place_behind_a_switch : public AssembledFiles {
 protected:
  // `behind` follows the jump; `address` is the address that the switch stores.
  std::string switch_with(const std::string& address, const std::string& behind) const {
    return assemble("switch",
                    ".text\n.globl engine_switch\n.type engine_switch, @function\n"
                    "engine_switch:\nleaq " +
                        address +
                        "(%rip), %r9\n"
                        ".Lbefore: movq 16(%rsi), %rax\nmovq (%rsi), %r10\nmovq 8(%rsi), %r11\n"
                        "movq %r9, 16(%rdx)\nmovq %rbp, 8(%rdx)\nmovq %rsp, (%rdx)\n"
                        "movq %r11, %rbp\nmovq %r10, %rsp\njmp *%rax\n.Lbehind:\n" +
                        behind + ".size engine_switch, . - engine_switch\n");
  }
  static Outcome prove_switch(const std::string& file, const std::string& extent = "") {
    return prove(file, {"switch=engine_switch" + extent});
  }
};

TEST_F(place_behind_a_switch, padding_is_skipped) {
  for (const std::string padding :
       {"", "int3\n", "ud2\n", "int3\nint3\nint3\n", "int3\n.p2align 4\n", "nop\n",
        ".p2align 4, 0xcc\n", ".p2align 4\n", "nop\nint3\nnopl 0(%rax)\n"}) {
    SCOPED_TRACE(padding);
    const Outcome outcome = prove_switch(switch_with("1f", padding + "1: ret\n"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
    EXPECT_EQ(outcome.count("proved   switch_site/"), theorems_of_a_switch) << outcome.text();
  }
}

TEST_F(place_behind_a_switch, a_no_op_there_leads_to_the_rest) {
  EXPECT_EQ(prove_switch(switch_with(".Lbehind", "nop\n1: ret\n")).exit_code, 0);
  EXPECT_EQ(prove_switch(switch_with("1f", "int3\n1: nop\nret\n")).exit_code, 0);
}

TEST_F(place_behind_a_switch, a_wrong_one_is_refuted) {
  for (const auto& [address, behind] :
       {std::pair{".Lbefore", "ret\n"},                      // before the jump
        std::pair{".Lbehind", "int3\nret\n"},                // a trap
        std::pair{".Lbehind", "nop\nint3\nret\n"},           // runs into a trap
        std::pair{"1f+1", "int3\n1: movl $7, %eax\nret\n"},  // within an instruction
        std::pair{"1f+2", "1: movl $7, %eax\nret\n"}}) {
    SCOPED_TRACE(std::string(address) + " " + behind);
    const Outcome outcome = prove_switch(switch_with(address, behind));
    EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
    EXPECT_EQ(outcome.count("refuted  switch_site/S1.address_after_the_switch_is_stored"), 1u)
        << outcome.text();
  }
}

TEST_F(place_behind_a_switch, one_further_on_needs_its_extent) {
  const auto file = switch_with("1f", "movl $7, %eax\nret\n1: ret\n");
  const Outcome outcome = prove_switch(file);
  expect_one_error(outcome, "give its extent, engine_switch+0:");
  EXPECT_TRUE(outcome.says("engine_switch+0:43")) << outcome.text();
  EXPECT_EQ(prove_switch(file, "+0:43").exit_code, 0) << prove_switch(file, "+0:43").text();
}

TEST_F(place_behind_a_switch, an_extent_that_ends_before_a_trap_is_an_error) {
  const auto file = switch_with(".Lbehind", "int3\n1: ret\n");
  expect_one_error(prove_switch(file, "+0:37"), "where no code resumes (int3)");
}

TEST_F(place_behind_a_switch, a_switch_at_the_end_of_its_section_is_an_error) {
  expect_one_error(prove_switch(switch_with(".Lbehind", "")), "no code is there");
}

}  // namespace
}  // namespace fiberproof::verify
