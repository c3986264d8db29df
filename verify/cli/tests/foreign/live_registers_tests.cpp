// Registers that are live behind a switch: read before they are written, on some path.
#include "verify/cli/tests/foreign/compiled_switch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

class live_register : public CompiledSwitches {};

TEST_F(live_register, is_none_over_a_switch) {
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

TEST_F(live_register, is_the_callers_until_it_is_restored) {
  // RBX is not restored: the caller gets another stack's.
  const std::string body = "pushq %rbp\nmovq %rsp, %rbp\n" + Switch{}.text() + "popq %rbp\nret\n";
  const std::string source =
      ".text\n.type wasm_one, @function\nwasm_one:\n" + body + ".size wasm_one, . - wasm_one\n";
  const Outcome outcome = search(source + of_cranelift);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("rbx is read before it is written")) << outcome.text();
}

TEST_F(live_register, is_not_asked_for_unless_cranelift_made_the_code) {
  const std::string source = function("wasm_one", Switch{}.text(), "movq %rbx, %rax\n");
  EXPECT_EQ(search(source).exit_code, 0);
  const Outcome asked = outcome_of(
      {FIBERPROOF_COMMAND, "prove", "switch_behind", "--object", assemble("asked", source)});
  EXPECT_EQ(asked.exit_code, 1) << asked.text();
}

TEST_F(live_register, is_unknown_where_the_way_on_is) {
  const Outcome outcome = search(
      function("wasm_one", Switch{}.text(), "movq (%rdi), %rax\njmp *%rax\n") + of_cranelift);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_TRUE(outcome.says("an indirect jump whose targets are not known")) << outcome.text();
}

TEST_F(live_register, is_not_looked_for_behind_a_call_that_does_not_return) {
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

TEST_F(live_register, is_none_in_part_or_through_a_callee) {
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
  for (
      const std::string behind :
      {"call suspends\nmovq %rbx, (%rsp)\n", "fld1\nfstpl (%rsp)\n", "fxsave (%rsp)\n", "syscall\n",
       // Flags of the lower halves, and of another index.
       "xorl %eax, %eax\nmovq %rdi, %rcx\ncmpl %eax, %ecx\ncmovbq %rcx, %rax\nleaq 5f(%rip), %rcx\n"
       "movslq (%rcx,%rax,4), %rax\naddq %rax, %rcx\njmp *%rcx\n5: .long 6f - 5b\n6:\n",
       "xorl %eax, %eax\nmovl %edi, %ecx\ncmpl %eax, %ecx\nmovl %esp, %ecx\ncmovbl %ecx, %eax\n"
       "leaq 5f(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\naddq %rax, %rcx\njmp *%rcx\n"
       "5: .long 6f - 5b\n6:\n",
       // An index without a bound.
       "leaq 5f(%rip), %rcx\nmovslq (%rcx,%rdi,4), %rax\naddq %rax, %rcx\njmp *%rcx\n"
       "5: .long 6f - 5b\n6:\n"}) {
    const Outcome outcome =
        search(callees + suspends + function("wasm_one", Switch{}.text(), behind) + of_cranelift);
    EXPECT_EQ(outcome.exit_code, 2) << behind << outcome.text();
    EXPECT_EQ(outcome.count("proved   switch_behind/"), 0u) << behind << outcome.text();
  }
}

TEST_F(live_register, is_known_behind_a_table_that_is_read_only) {
  for (const bool is_read_only : {true, false}) {
    const std::string section = is_read_only ? ".section .rodata\n" : ".data\n";
    const std::string behind =
        "andl $1, %edi\nleaq table(%rip), %rcx\nmovslq (%rcx,%rdi,4), %rax\naddq %rax, %rcx\n"
        "jmp *%rcx\n" +
        section + "table: .long 6f - table, 6f - table\n.text\n6:\n";
    const std::string source = function("_start", Switch{}.text(), behind) + of_cranelift;
    const Outcome outcome = prove(link({assemble("module", source)}, {"-static"}), {});
    EXPECT_EQ(outcome.exit_code, is_read_only ? 0 : 2) << outcome.text();
    EXPECT_EQ(outcome.count("proved   switch_behind/"), is_read_only ? 1u : 0u) << outcome.text();
  }
}

}  // namespace
}  // namespace fiberproof::verify
