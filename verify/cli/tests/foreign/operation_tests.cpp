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

TEST_F(operation, with_another_context_is_refuted) {
  for (const auto& [top, context] : {std::pair{"movq 0x60(%rcx), %r8", "addq $-0x10, %r8"},
                                     std::pair{"movq 0x68(%rcx), %r8", "addq $-0x18, %r8"}}) {
    Resume wrong;
    wrong.top = top;
    wrong.context = context;
    const Outcome outcome = look_at(wrong);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
    EXPECT_TRUE(outcome.says("the operation around the switch at wasm_one+0x")) << outcome.text();
  }
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
