// `fiberproof contract new --object FILE --symbol PLACE`: the contract that it reads off code is
// proved of that code, and refuted of code that does something else.
#include "verify/cli/tests/foreign/assembled_file.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

std::string function(const std::string& body) {
  return ".intel_syntax noprefix\n.globl f\n.type f, @function\nf:\n" + body +
         "\n.size f, . - f\n.section .note.GNU-stack, \"\", @progbits\n";
}

class contract_sketch : public AssembledFiles {
 protected:
  // The contract of `body`, read off it.
  std::string sketch(const std::string& body) {
    const std::string path = scratch_.path("f.contract");
    std::filesystem::remove(path);
    const Outcome outcome =
        outcome_of({FIBERPROOF_COMMAND, "contract", "new", "--object",
                    assemble("sketched", function(body)), "--symbol", "f", "-o", path});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
    return ScratchFolder::contents(path);
  }

  Outcome prove_of(const std::string& body) {
    return outcome_of({FIBERPROOF_COMMAND, "prove", "--object", assemble("proved", function(body)),
                       "--contract", scratch_.path("f.contract")});
  }

  // All of it is proved of the same code; with `was` replaced, something is refuted.
  void expect_exact(const std::string& body, const std::string& was, const std::string& is) {
    const std::string contract = sketch(body);
    const Outcome same = prove_of(body);
    EXPECT_EQ(same.exit_code, 0) << contract << same.text();
    std::string other = body;
    const std::size_t place = other.find(was);
    ASSERT_NE(place, other.npos) << was;
    const Outcome changed = prove_of(other.replace(place, was.size(), is));
    EXPECT_EQ(changed.exit_code, 1) << contract << changed.text();
  }

  ScratchFolder scratch_;
};

const std::string pushes = "push rbp\npush rbx\npush r12\n";

TEST_F(contract_sketch, of_a_switch_that_pushes_registers) {
  const std::string body = pushes + "mov [rdi], rsp\nmov rsp, rsi\npop r12\npop rbx\npop rbp\nret";
  expect_exact(body, "pop r12\npop rbx", "pop rbx\npop r12");
  expect_exact(body, "mov [rdi], rsp", "mov [rdi + 8], rsp");
  EXPECT_TRUE(sketch(body).contains("  X1 continues: rip == old [at_rsi + 0x18]\n"));
  EXPECT_TRUE(sketch(body).contains("  X5 [frame - 0x18, frame)\n"));
}

TEST_F(contract_sketch, of_a_switch_with_contexts_behind_pointers) {
  expect_exact(
      "mov rax, [rdi + 0x10]\nmov [rax], rsp\nmov [rax + 8], rbp\nlea rcx, [rip + 1f]\n"
      "mov rdx, [rsi + 0x10]\nmov rsp, [rdx]\nmov rbp, [rdx + 8]\njmp [rdx + 16]\n1: ret",
      "mov rbp, [rdx + 8]", "mov rbp, [rdx + 16]");
}

TEST_F(contract_sketch, of_a_switch_that_saves_the_modes) {
  expect_exact(
      "sub rsp, 16\nstmxcsr [rsp]\nfnstcw [rsp + 4]\nmov [rdi], rsp\nmov rsp, rsi\n"
      "ldmxcsr [rsp]\nfldcw [rsp + 4]\nadd rsp, 16\nret",
      "add rsp, 16", "add rsp, 24");
}

TEST_F(contract_sketch, of_a_frame_and_of_an_exchange) {
  expect_exact(
      "push rbp\nmov rbp, rsp\nsub rsp, 32\nmov [rbp - 8], rdi\nmov rax, [rbp - 8]\nleave\nret",
      "[rbp - 8], rdi", "[rbp - 8], rsi");
  expect_exact("xchg rsp, rdi\nmov rax, rdi\nret", "mov rax, rdi", "mov rax, rsi");
}

// Each was followed wrongly once.
TEST_F(contract_sketch, of_what_overlaps_and_of_places_in_the_file) {
  for (const char* const body :
       {"push rbx\nmov byte ptr [rsp+1], 9\npop rbx\nret", "mov [rsp+4], edi\npop rax\njmp rax",
        "mov [rdi], rsi\nmov [rdi+4], rdx\nmov rax, [rdi+2]\nret",
        "mov [rdi], rsi\nfnstcw [rdi+1]\nret", "push rsi\npop qword ptr [rdi]\nret",
        "push rdi\npop qword ptr [rsp+8]\nret", "pop qword ptr [rdi]\njmp [rdi]",
        "push qword ptr [rdi]\npop qword ptr [rsi]\nret", "lea rax, [rip]\nmov [rdi], rax\nret",
        "jmp 1f\nnop\n1: mov rax, rdi\nret", "xadd [rdi], rax\nret"}) {
    const std::string contract = sketch(body);
    const Outcome outcome = prove_of(body);
    EXPECT_EQ(outcome.exit_code, 0) << body << '\n' << contract << outcome.text();
  }
  for (const char* const body : {"cpuid\nret", "fninit\nret", "pushfq\npop rax\nret",
                                 "rep movsb\nret", "ret 8", "mov rax, [rip+f]\nret"}) {
    const std::string contract = sketch(body);
    EXPECT_TRUE(contract.contains("# What is left to do by hand:\n")) << contract;
    EXPECT_FALSE(contract.contains("  X2 rax")) << contract;
  }
}

// The path that is followed is not the only one.
TEST_F(contract_sketch, a_clause_that_is_refuted_is_a_comment) {
  const std::string body = "test rdi, rdi\njz 1f\nmov rax, rsi\n1: ret";
  const std::string contract = sketch(body);
  EXPECT_TRUE(contract.contains("\n#  X2 rax: rax == old rsi\n")) << contract;
  EXPECT_TRUE(contract.contains("\n# X2.rax is refuted today: found ")) << contract;
  EXPECT_EQ(prove_of(body).exit_code, 0) << contract;
}

TEST_F(contract_sketch, the_line_that_proves_it_names_the_place) {
  const std::string path = scratch_.path("part.contract");
  const std::string file = assemble("part", function("nop\nmov rax, rdi\nret"));
  const Outcome outcome = outcome_of({FIBERPROOF_COMMAND, "contract", "new", "part", "--object",
                                      file, "--symbol", "f+1:4", "-o", path});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("--symbol part=f+1:4")) << outcome.text();
  const Outcome proved = outcome_of({FIBERPROOF_COMMAND, "prove", "--object", file, "--contract",
                                     path, "--symbol", "part=f+1:4"});
  EXPECT_EQ(proved.exit_code, 0) << proved.text();
}

TEST_F(contract_sketch, what_is_not_followed_is_said) {
  for (const auto& [body, said] :
       {std::pair{"test rdi, rdi\njz 1f\nnop\n1: ret", "the other path is not followed"},
        {"call g\nret", "describe it: call NAME = function SYMBOL"},
        {"mov rax, [rdi + rsi * 8]\nret", "the memory that it accesses is not followed"},
        {"jmp g", "what it jumps to is not followed"},
        {"nop", "the code ends without a jump or a return"}}) {
    EXPECT_TRUE(sketch(body).contains(said)) << sketch(body);
    EXPECT_TRUE(sketch(body).contains("# What is left to do by hand:\n")) << body;
  }
}

TEST_F(contract_sketch, errors_are_one_line_and_write_nothing) {
  const std::string file = assemble("file", function("ret"));
  const std::string out = scratch_.path("out");
  const std::vector<std::vector<std::string>> wrong{{"--object", file},
                                                    {"--symbol", "f"},
                                                    {"--object", file, "--symbol", "g"},
                                                    {"--object", file, "--symbol", "f+"},
                                                    {"--object", file + "x", "--symbol", "f"},
                                                    {"--object", "/etc/passwd", "--symbol", "f"}};
  for (std::vector<std::string> arguments : wrong) {
    arguments.insert(arguments.begin(), {FIBERPROOF_COMMAND, "contract", "new", "-o", out});
    const Outcome outcome = outcome_of(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(outcome.lines.size(), 1u) << outcome.text();
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << outcome.text();
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

}  // namespace
}  // namespace fiberproof::verify
