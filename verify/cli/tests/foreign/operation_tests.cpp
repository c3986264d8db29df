// The operation around a switch of a compiled module: what is known of it by the engine's offsets.
#include "verify/cli/tests/foreign/compiled_switch.hpp"

#include <string>
#include <utility>

namespace fiberproof::verify {
namespace {

// The operation before a switch, as a module of Wasmtime 49 has it: the record in RAX runs from
// here on, the store context is in RDX.
struct Resume {
  std::string ancestor = "movq 0x50(%rax), %rcx";
  std::string running = "movq %rax, 0x60(%rdx)";
  std::string limit = "movq (%rax), %rsi";
  std::string set_limit = "movq %rsi, 0x18(%rdx)";
  std::string top = "movq 0x60(%rcx), %r8";
  std::string context = "addq $-0x18, %r8";

  std::string text() const {
    Switch one;
    one.load = one.store = "%r8";
    one.address = "%r9";
    return ancestor + "\n" + running + "\n" + limit + "\n" + set_limit + "\n" + top + "\n" +
           context + "\n" + one.text();
  }
};

constexpr const char* of_wasmtime_49 =
    ".section .wasmtime.engine, \"a\"\n.byte 0, 2\n.ascii \"49\"\n";

class operation : public CompiledSwitches {
 protected:
  Outcome look_at(const Resume& resume, const char* engine = of_wasmtime_49) const {
    return search(function("wasm_one", resume.text()) + engine);
  }
};

TEST_F(operation, around_a_switch_is_known_part_by_part) {
  const Outcome outcome = look_at({});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("operations, by the offsets of wasmtime 49:")) << outcome.text();
  EXPECT_TRUE(outcome.says("top of a record's stack       1 of 1")) << outcome.text();
  EXPECT_TRUE(outcome.says("another one's last ancestor                          1 of 1"))
      << outcome.text();
  EXPECT_TRUE(outcome.says("gives the store its stack limit   1 of 1")) << outcome.text();
}

TEST_F(operation, with_another_context_is_not_known) {
  struct Case {
    const char* top;
    const char* context;
    const char* reason;
  };
  for (const Case& one : {
           Case{"movq 0x60(%rcx), %r8", "addq $-0x10, %r8", "it is at -16 from the word at 0x60"},
           Case{"movq 0x68(%rcx), %r8", "addq $-0x18, %r8", "it is at -24 from the word at 0x68"},
           Case{"movq 0x60(%rsp), %r8", "addq $-0x18, %r8", "it is reloaded from the frame"},
           // Each changes RCX or R8 without naming it first.
           Case{"movq 0x60(%rcx), %r8", "addq $-0x18, %r8; xchgq %rbx, %r8", "before the straight"},
           Case{"movq 0x60(%rcx), %r8", "addq $-0x18, %r8; movl $1, %r8d", "before the straight"},
           Case{"movq 0x60(%rcx), %r8", "addq $-0x18, %r8; cmoveq %rbx, %r8",
                "before the straight"},
           // A way to the switch that does not load it: by a branch, and by a table.
           Case{"movq 0x60(%rcx), %r8", "addq $-0x18, %r8; 6: nop; testq %rdi, %rdi; je 6b",
                "before the straight"},
       }) {
    Resume other;
    other.top = one.top;
    other.context = one.context;
    const Outcome outcome = look_at(other);
    EXPECT_TRUE(outcome.says("top of a record's stack       0 of 1"))
        << one.context << outcome.text();
    EXPECT_TRUE(outcome.says(one.reason)) << one.context << outcome.text();
  }
}

TEST_F(operation, to_which_a_jump_table_leads_begins_there) {
  const std::string choice =
      "movl %edi, %ebx\nandl $1, %ebx\nleaq 5f(%rip), %r10\nmovslq (%r10,%rbx,4), %rbx\n"
      "addq %rbx, %r10\njmp *%r10\n5: .long 6f - 5b, 7f - 5b\n6:\n";
  Resume inside;
  inside.ancestor = choice + inside.ancestor;
  inside.context += "\n7: nop";
  EXPECT_TRUE(look_at(inside).says("top of a record's stack       0 of 1"));
  Resume before = inside;
  before.context = Resume{}.context;
  before.ancestor = choice + "7: " + Resume{}.ancestor;
  EXPECT_TRUE(look_at(before).says("top of a record's stack       1 of 1"))
      << look_at(before).text();
  Resume anywhere;
  anywhere.ancestor = "testq %rdi, %rdi\nje 8f\njmp *%rdi\n8: " + Resume{}.ancestor;
  EXPECT_TRUE(look_at(anywhere).says("its function jumps to places that are not known"));
}

TEST_F(operation, that_is_not_known_says_which_part) {
  Resume other_record;
  other_record.ancestor = "movq 0x58(%rax), %rcx";
  EXPECT_TRUE(look_at(other_record).says("not known of 1: it is the word at 0x58 of something"));
  for (const char* const limit : {"movq 8(%rax), %rsi", "movq (%rcx), %rsi", "movq $0, %rsi"}) {
    Resume other_limit;
    other_limit.limit = limit;
    const Outcome outcome = look_at(other_limit);
    EXPECT_TRUE(outcome.says("gives the store its stack limit   0 of 1"))
        << limit << outcome.text();
  }
  Resume joined;
  joined.top += "\ntestq %rdi, %rdi\njne 3f\n3:";
  EXPECT_TRUE(look_at(joined).says("top of a record's stack       0 of 1"));
}

TEST_F(operation, of_a_version_without_offsets_is_not_looked_at) {
  const Outcome outcome =
      look_at({}, ".section .wasmtime.engine, \"a\"\n.byte 0, 2\n.ascii \"12\"\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("operations are not looked at")) << outcome.text();
}

}  // namespace
}  // namespace fiberproof::verify
