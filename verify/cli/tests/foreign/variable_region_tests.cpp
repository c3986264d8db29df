// A region that is a variable of the file: proved and refuted claims about it, in each kind of
// file, and one clear line where the file has no such variable.
#include "verify/cli/tests/foreign/assembled_file.hpp"

#include <fstream>

namespace fiberproof::verify {
namespace {

// Adds one to a counter of eight bytes, returns it, and leaves the others alone.
constexpr const char* counts =
    ".text\n.globl count\n.type count, @function\ncount:\n"
    "movq counter(%rip), %rax\nincq %rax\nmovq %rax, counter(%rip)\nret\n.size count, . - count\n"
    ".globl read_small\n.type read_small, @function\nread_small:\n"
    "movl small(%rip), %eax\nret\n.size read_small, . - read_small\n"
    ".bss\n.globl counter\n.type counter, @object\n.balign 8\ncounter: .zero 8\n"
    ".size counter, 8\n.globl same_counter\n.type same_counter, @object\n"
    ".set same_counter, counter\n.size same_counter, 8\n"
    ".data\n.type small, @object\nsmall: .long 7\n.size small, 4\n"
    ".type _ZN6engine2vm4sizeE, @object\n_ZN6engine2vm4sizeE: .quad 1\n"
    ".size _ZN6engine2vm4sizeE, 8\n"
    ".section .rodata\n.globl fixed\n.type fixed, @object\nfixed: .quad 9\n.size fixed, 8\n";

constexpr const char* head =
    "contract count\nghost frame, before : word\nregion frame = [frame - 64, frame + 8)\n";
constexpr const char* body =
    "assume [counter] == before\nrun count = function count\n  rsp == frame\nexit\n"
    "  R1 result: rax == before + 1\n  R1 stored: [counter] == before + 1\n";
constexpr const char* modifies = "modifies\n  R1 [counter, counter + 8)\n";

class variable_region : public AssembledFiles {
 protected:
  Outcome prove_contract(const std::string& object, const std::string& text,
                         std::vector<std::string> symbols = {}) const {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/count.contract";
    std::ofstream(path) << text;
    std::vector<std::string> arguments{FIBERPROOF_COMMAND, "prove", "--object", object,
                                       "--contract",       path};
    for (const std::string& symbol : symbols) {
      arguments.insert(arguments.end(), {"--symbol", symbol});
    }
    return outcome_of(arguments);
  }

  static std::string with(const std::string& region, const std::string& rest) {
    return head + region + "\n" + rest;
  }
};

constexpr const char* counter_region = "region counter = global counter bytes 8";

TEST_F(variable_region, claims_are_proved_in_each_kind_of_file) {
  const std::string object = assemble("counts", counts);
  const std::string text = with(counter_region, std::string(body) + modifies);
  for (const std::string& file :
       {object, link({object}, {"-e", "count"}), link({object}, {"-shared", "-Bsymbolic"}),
        link({object}, {"-pie", "-e", "count"})}) {
    const Outcome outcome = prove_contract(file, text);
    EXPECT_EQ(outcome.exit_code, 0) << file << outcome.text();
    EXPECT_EQ(outcome.count("proved   count/R1."), 3u) << outcome.text();
    EXPECT_EQ(outcome.count("refuted"), 0u);
  }
}

TEST_F(variable_region, a_wrong_claim_is_refuted) {
  const std::string object = assemble("counts", counts);
  const Outcome value = prove_contract(
      object, with(counter_region, std::string(body) + "  R2 kept: [counter] == old [counter]\n"));
  EXPECT_EQ(value.exit_code, 1);
  EXPECT_EQ(value.count("refuted  count/R2.kept "), 1u) << value.text();
  EXPECT_EQ(value.count("refuted  "), 1u);
  const Outcome write = prove_contract(
      object, with(counter_region, std::string(body) + "modifies\n  R1 [frame - 64, frame)\n"));
  EXPECT_EQ(write.count("refuted  count/R1.modifies "), 1u) << write.text();
  const Outcome read_only =
      prove_contract(object, with(std::string(counter_region) + " read_only", body));
  EXPECT_EQ(read_only.exit_code, 1);
  EXPECT_EQ(read_only.count("refuted  count/every_access_is_in_its_region "), 1u)
      << read_only.text();
}

TEST_F(variable_region, a_variable_without_a_region_is_unknown_and_named) {
  const Outcome outcome = prove_contract(
      assemble("counts", counts),
      std::string(head) +
          "run count = function count\n  rsp == frame\nexit\n  R1 a: rsp == frame\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("the variable counter, which the contract does not describe"))
      << outcome.text();
}

// The place in the file is wrong, and nothing is proved.
TEST_F(variable_region, a_region_that_the_file_cannot_have_is_one_line) {
  const std::string object = assemble("counts", counts);
  const struct {
    const char* region;
    const char* reason;
  } wrong[] = {
      {"global no_such_name bytes 8", "no such variable (symbol no_such_name)"},
      {"global countr bytes 8", "no such variable: did you mean counter?"},
      {"global count bytes 8", "not a variable of this file (symbol count)"},
      {"global small bytes 8", "the variable has 4 bytes, and region counter has 8"},
      {"global fixed bytes 8", "code cannot write it, and its contents are known"},
  };
  for (const auto& [region, reason] : wrong) {
    expect_one_error(prove_contract(object, with(std::string("region counter = ") + region, body)),
                     reason);
  }
  expect_one_error(prove_contract(object, with(std::string(counter_region) +
                                                   "\nregion again = global same_counter bytes 8",
                                               body)),
                   "regions counter and again share bytes of it");
  const std::string user = assemble("user",
                                    ".text\n.globl count\n.type count, @function\ncount:\n"
                                    "movq counter(%rip), %rax\nret\n.size count, . - count\n");
  expect_one_error(prove_contract(user, with(counter_region, body)),
                   "another file defines it: link the two first");
}

TEST_F(variable_region, its_text_is_checked) {
  const std::string object = assemble("counts", counts);
  const struct {
    const char* region;
    const char* reason;
  } wrong[] = {
      {"region counter = global counter", "expected 'bytes'"},
      {"region counter = global counter bytes 0", "expected the number of its bytes"},
      {"region frame2 = global counter bytes 8\nregion frame2 = global small bytes 4",
       "'frame2' is in use"},
      {"region rax = global counter bytes 8", "'rax' is in use"},
      {"region counter = global counter bytes 8\nalias counter = frame",
       "'counter' is not a ghost of sort word or u32"},
  };
  for (const auto& [region, reason] : wrong) {
    expect_one_error(prove_contract(object, with(region, body)), reason);
  }
}

// Four bytes of a variable; the access of another size is not in the region.
TEST_F(variable_region, a_smaller_variable_has_a_smaller_region) {
  const std::string rest =
      "assume u32 [small] == before\nassume before < 1 << 32\nrun read = function read_small\n"
      "  rsp == frame\nexit\n  R1 result: rax == before\n";
  const std::string object = assemble("counts", counts);
  const Outcome outcome = prove_contract(object, with("region small = global small bytes 4", rest));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  const Outcome too_small =
      prove_contract(object, with("region small = global small bytes 2", rest));
  EXPECT_NE(too_small.exit_code, 0);
  EXPECT_EQ(too_small.count("proved   count/every_access_is_in_its_region"), 0u);
}

TEST_F(variable_region, its_symbol_can_be_given) {
  const std::string object = assemble("counts", counts);
  const std::string text = with("region counter = global engine_counter bytes 8", body);
  expect_one_error(prove_contract(object, text), "no such variable");
  EXPECT_EQ(prove_contract(object, text, {"engine_counter=counter"}).exit_code, 0);
  expect_one_error(prove_contract(object, text, {"engine_counter=nothing"}),
                   "no such variable (symbol nothing)");
  // By its demangled name; the routine then accesses another variable than the region.
  const Outcome other = prove_contract(object, text, {"engine_counter=vm::size"});
  EXPECT_TRUE(other.says("the variable counter, which the contract does not describe"))
      << other.text();
}

// Names of the GOT in a file before its link: the address of a symbol, whatever it is.
TEST_F(variable_region, a_word_of_the_got_before_the_link_is_the_address_of_its_symbol) {
  const std::string object = assemble(
      "got",
      ".text\n.globl take\n.type take, @function\ntake:\nmovq elsewhere@GOTPCREL(%rip), %rax\n"
      "movq elsewhere@GOTPCREL(%rip), %rdx\nmovq other@GOTPCREL(%rip), %rcx\nret\n"
      ".size take, . - take\n.globl own\n.type own, @function\nown:\n"
      "movq take@GOTPCREL(%rip), %rax\nret\n.size own, . - own\n");
  const std::string run = "run take = function take\n  rsp == frame\nexit\n";
  const Outcome same = prove_contract(object, std::string(head) + run + "  R1 same: rax == rdx\n");
  EXPECT_EQ(same.exit_code, 0) << same.text();
  const Outcome others = prove_contract(object, std::string(head) + run + "  R1 one: rax == rcx\n");
  EXPECT_EQ(others.count("proved   count/R1.one "), 0u) << others.text();
  EXPECT_EQ(others.count("proved   count/every_access_is_in_its_region"), 1u);
  // The symbol of this file, or another file's of that name.
  const Outcome own = prove_contract(
      object,
      std::string(head) + "run own = function own\n  rsp == frame\nexit\n  R1 a: df == old df\n");
  expect_unknown(own, "a linker fills in the address of take: link it first");
}

// `when`: the call is made exactly where the formula holds at the beginning.
TEST_F(variable_region, a_call_can_depend_on_the_beginning) {
  const std::string object =
      assemble("calls",
               ".text\n.globl maybe\n.type maybe, @function\nmaybe:\ntestq %rdi, %rdi\njz 1f\n"
               "subq $8, %rsp\ncall hook\naddq $8, %rsp\n1: ret\n.size maybe, . - maybe\n"
               ".globl hook\n.type hook, @function\nhook: ret\n.size hook, . - hook\n");
  const auto text = [](const std::string& when) {
    return std::string(head) +
           "ghost wanted : word\nrun maybe = function maybe\n  rsp == frame\n"
           "  rdi == wanted\ncall hook = function hook\n" +
           when + "  keeps [rsp, frame + 8)\nexit\n  R1 returns: rip == old [frame]\n";
  };
  EXPECT_EQ(prove_contract(object, text("  when wanted != 0\n")).exit_code, 0);
  for (const char* const wrong : {"", "  when wanted == 0\n", "  when wanted != 1\n"}) {
    const Outcome outcome = prove_contract(object, text(wrong));
    EXPECT_EQ(outcome.exit_code, 1) << wrong;
    EXPECT_EQ(outcome.count("refuted  count/every_call_is_made "), 1u) << wrong << outcome.text();
  }
}

}  // namespace
}  // namespace fiberproof::verify
