// The callee of a trampoline is checked: a call that does not reach a function's first byte is an
// error, however the call is made and however the callee is named.
#include "verify/cli/tests/foreign/assembled_file.hpp"

namespace fiberproof::verify {
namespace {

const std::vector<std::string> only_start{"start=engine_start"};

class callee_is_a_function : public AssembledFiles {
 protected:
  std::string object(const std::string& calls, const std::string& more) const {
    return assemble("file", start_that(calls) + more);
  }
};

constexpr const char* plain_call = "call engine_fiber_start";
constexpr const char* call_by_got = "call *engine_fiber_start@GOTPCREL(%rip)";
constexpr const char* weak = ".weak engine_fiber_start\n";

TEST_F(callee_is_a_function, a_weak_symbol_that_a_static_link_resolved_to_0_is_an_error) {
  const auto linked = link({object(plain_call, weak)}, {"-static", "-e", "engine_start"});
  const Outcome outcome = prove(linked, only_start);
  expect_one_error(outcome, "0x0 is not a function: no code is there");
  EXPECT_TRUE(outcome.says("a linker resolves an undefined weak symbol to 0")) << outcome.text();
}

TEST_F(callee_is_a_function, a_weak_symbol_before_the_link_is_an_error) {
  for (const char* const call : {plain_call, call_by_got, "call engine_fiber_start@PLT"}) {
    expect_one_error(prove(object(call, weak), only_start), "engine_fiber_start is weak");
  }
  expect_one_error(
      prove(object(plain_call, weak), {"start=engine_start", "fiber_start=engine_fiber_start"}),
      "engine_fiber_start is weak");
}

TEST_F(callee_is_a_function, a_weak_symbol_that_the_dynamic_linker_may_leave_0_is_an_error) {
  for (const char* const call : {"call engine_fiber_start@PLT", call_by_got}) {
    const auto linked = link({object(call, weak)}, {"-shared"});
    expect_one_error(prove(linked, only_start), "engine_fiber_start is weak");
    expect_one_error(prove(linked, {"start=engine_start", "fiber_start=engine_fiber_start"}),
                     "engine_fiber_start is weak");
  }
}

TEST_F(callee_is_a_function, data_is_an_error) {
  for (const char* const section : {".data", ".bss", ".section .rodata"}) {
    const std::string data =
        std::string(section) + "\n.globl engine_fiber_start\nengine_fiber_start: .zero 16\n";
    const std::string file = object(plain_call, data);
    expect_one_error(prove(file, only_start), "the section is not executable");
    expect_one_error(prove(link({file}, {"-e", "engine_start"}), only_start),
                     "the section is not executable");
  }
}

TEST_F(callee_is_a_function, an_object_within_code_is_an_error) {
  expect_one_error(prove(object(plain_call,
                                ".type engine_fiber_start, @object\n"
                                "engine_fiber_start: .quad 0x9090909090909090\n"
                                ".size engine_fiber_start, 8\n"),
                         only_start),
                   "engine_fiber_start is data of 8 bytes");
}

TEST_F(callee_is_a_function, a_number_is_an_error) {
  const std::string number = ".globl engine_fiber_start\n.set engine_fiber_start, 0x1234\n";
  const std::string file = object(plain_call, number);
  EXPECT_EQ(prove(file, only_start).exit_code, 2);
  expect_one_error(prove(link({file}, {"-e", "engine_start"}), only_start), "no code is there");
}

TEST_F(callee_is_a_function, the_middle_of_a_function_is_an_error) {
  for (const char* const call : {"call engine_fiber_start+5", "call engine_fiber_start+1"}) {
    const std::string file = object(call, callee);
    expect_one_error(prove(file, only_start), "the middle of engine_fiber_start");
    expect_one_error(prove(link({file}, {"-e", "engine_start"}), only_start),
                     "the middle of engine_fiber_start");
  }
  expect_one_error(prove(object("call engine_start+1", ""), only_start),
                   "is not a separate function");
  expect_one_error(prove(object("call engine_start", ""), only_start),
                   "is not a separate function");
}

TEST_F(callee_is_a_function, the_middle_of_an_instruction_of_code_without_a_size_is_an_error) {
  const std::string unsized = "engine_fiber_start: movl $0x90909090, %eax\nret\n";
  expect_one_error(prove(object("call engine_fiber_start+1", unsized), only_start),
                   "the middle of an instruction behind engine_fiber_start");
  expect_all_proved(prove(object(plain_call, unsized), only_start));
}

TEST_F(callee_is_a_function, the_middle_of_a_function_by_eh_frame_is_an_error) {
  const std::string framed = std::string(".cfi_startproc\n") + callee + ".cfi_endproc\n";
  const auto linked = link({object("call engine_fiber_start+5", framed)},
                           {"-e", "engine_start", "-Ttext=0x401000"});
  strip(linked);
  expect_one_error(prove(linked, {"start=0x401000:35"}), "by .eh_frame");
  const auto right = link({object(plain_call, framed)}, {"-e", "engine_start", "-Ttext=0x401000"});
  strip(right);
  expect_all_proved(prove(right, {"start=0x401000:35"}));
}

TEST_F(callee_is_a_function, padding_is_an_error) {
  const std::string padded = ".Lpadding: .fill 8, 1, 0x90\n" + std::string(callee);
  expect_one_error(prove(object("call .Lpadding", padded), only_start), "padding");
  const std::string trap = ".globl engine_trap\nengine_trap: int3\nint3\n";
  expect_one_error(prove(object("call engine_trap", trap), only_start), "padding");
  const std::string zeros = "ud2\n.Lzeros: .zero 16\n";
  expect_one_error(prove(object("call .Lzeros", zeros), only_start), "padding");
}

TEST_F(callee_is_a_function, an_indirect_function_is_an_error) {
  const std::string chosen =
      ".globl engine_fiber_start\n"
      ".type engine_fiber_start, @gnu_indirect_function\n"
      "engine_fiber_start: leaq engine_other(%rip), %rax\nret\n"
      ".type engine_other, @function\nengine_other: ret\n"
      ".size engine_other, 1\n";
  const auto linked = link({object(plain_call, chosen)}, {"-static", "-e", "engine_start"});
  expect_one_error(prove(linked, only_start), "chosen when the program is loaded");
  expect_one_error(prove(linked, {"start=engine_start", "fiber_start=engine_fiber_start"}),
                   "chosen when the program starts");
}

TEST_F(callee_is_a_function, a_constant_word_that_holds_no_function_is_an_error) {
  const auto slot = [](const std::string& holds) {
    return ".section .data.rel.ro, \"aw\"\n.hidden engine_slot\n.globl engine_slot\n"
           "engine_slot: .quad " +
           holds + "\n.data\nengine_data: .quad 0\n.text\n" + callee;
  };
  const std::string call = "call *engine_slot(%rip)";
  const std::vector<std::string> shared{"-shared", "-z", "relro"};
  expect_one_error(prove(link({object(call, slot("engine_data"))}, shared), only_start),
                   "the section is not executable");
  expect_one_error(prove(link({object(call, slot("0"))}, shared), only_start), "no code is there");
  expect_all_proved(prove(link({object(call, slot("engine_fiber_start"))}, shared), only_start));
}

// The file does not determine a word that may change while the program runs.
TEST_F(callee_is_a_function, a_variable_is_not_a_callee) {
  const std::string variable = ".data\nengine_slot: .quad engine_fiber_start\n.text\n";
  const auto linked =
      link({object("call *engine_slot(%rip)", variable + callee)}, {"-shared", "-Bsymbolic"});
  EXPECT_EQ(prove(linked, only_start).exit_code, 2);
  EXPECT_NE(prove(linked, {"start=engine_start", "fiber_start=engine_fiber_start"}).exit_code, 0);
}

TEST_F(callee_is_a_function, a_named_callee_is_checked_too) {
  const auto linked =
      link({object(plain_call,
                   std::string(callee) + ".data\n.globl engine_data\nengine_data: .quad 0\n")},
           {"-e", "engine_start"});
  const auto named = [&linked](const std::string& place) {
    return prove(linked, {"start=engine_start", "fiber_start=" + place});
  };
  expect_all_proved(named("engine_fiber_start"));
  expect_one_error(named("engine_data"), "engine_data");
  expect_one_error(named("0x0"), "no code is there");
  expect_one_error(named("engine_fiber_start+5:1"), "the middle of engine_fiber_start");
}

TEST_F(callee_is_a_function, bytes_behind_an_external_symbol_are_unknown) {
  expect_one_error(prove(object("call elsewhere+16", ".globl another\ncall another\n"), only_start),
                   "outside the symbol or section of its relocation");
  expect_one_error(prove(object("call engine_start+0x1000", ""), only_start), "outside");
}

TEST_F(callee_is_a_function, code_in_a_writable_section_is_an_error) {
  std::string source = start_that(plain_call);
  source.replace(0, 5, ".section .wtext, \"awx\"");
  expect_one_error(prove(assemble("writable", source), only_start), "its section is writable");
}

TEST_F(callee_is_a_function, a_second_callee_in_another_part_is_seen) {
  const std::string source = trampoline(
      plain_call, "js .Lrare\n" + std::string(leaves_to_the_parent) + end_of_start +
                      ".section .text.unlikely, \"ax\"\n.Lrare: call engine_other\nud2\n");
  expect_one_error(prove(assemble("two", source), only_start), "calls 2 functions directly");
}

}  // namespace
}  // namespace fiberproof::verify
