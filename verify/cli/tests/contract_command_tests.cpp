// `fiberproof contract`: writes a contract, checks contracts, and refuses with one line.
#include "verify/cli/tests/command_test.hpp"

namespace fiberproof::verify {
namespace {

class contract_command : public CommandTest {
 protected:
  static void expect_refused(const std::vector<std::string>& arguments, const std::string& why) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << why;
    EXPECT_EQ(outcome.count("fiberproof: "), outcome.lines.size()) << outcome.text();
    EXPECT_TRUE(outcome.says(why)) << outcome.text();
  }
};

TEST_F(contract_command, a_new_contract_passes_the_check) {
  const std::string text = run({"contract", "new", "leave_fiber"}).text();
  const Outcome outcome = run({"contract", "check", file("new.contract", text)});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says(": contract leave_fiber: 2 runs, 0 calls, 16 theorems"))
      << outcome.text();
}

TEST_F(contract_command, the_projects_own_contracts_pass_the_check) {
  for (const char* const folder : {"", "/libraries"}) {
    const std::string files =
        fmt::format("{}/verify/contracts{}/*.contract", FIBERPROOF_SOURCE, folder);
    const Outcome outcome = shell("\"$F\" contract check " + files);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
    EXPECT_GT(outcome.lines.size(), 10u);
  }
}

TEST_F(contract_command, a_part_without_a_reason_fails) {
  const std::string begin =
      "contract c\nghost a : word\nregion a = [a, a + 16)\nrun it = function f\n  rdi == a\n"
      "exit\n  T4 half: [a] == 1\nunclaimed\n  T4 rip, rsp, rbp, rbx, r12, r13, r14, r15 | so\n"
      "  T4 mxcsr_control, x87_control, df | so\n";
  const Outcome open = run({"contract", "frame", file("open.contract", begin)});
  EXPECT_EQ(open.exit_code, 1);
  EXPECT_TRUE(open.says("  exit: bytes 8 to 15 of [a, a + 16): no reason")) << open.text();
  const std::string reason = "  T4 [a + 8, a + 16) | it is scratch\n";
  const Outcome good = run({"contract", "frame", file("good.contract", begin + reason)});
  EXPECT_EQ(good.exit_code, 0) << good.text();
  EXPECT_TRUE(good.says("  exit: bytes 8 to 15 of [a, a + 16): T4 it is scratch")) << good.text();
  const std::string more = "  T4 [a, a + 16) | too much\n";
  const Outcome wide = run({"contract", "frame", file("wide.contract", begin + more)});
  EXPECT_EQ(wide.exit_code, 1);
  EXPECT_TRUE(wide.says("say less in 'T4 [a, a + 16)'")) << wide.text();
}

TEST_F(contract_command, a_file_is_not_overwritten) {
  const std::string mine = file("mine.contract", "contract mine\n");
  expect_refused({"contract", "new", "-o", mine}, "exists already, and is not overwritten");
  EXPECT_EQ(ScratchFolder::contents(mine), "contract mine\n");
  expect_refused({"contract", "new", "-o", path("none/x.contract")}, "none/x.contract");
}

TEST_F(contract_command, a_name_that_no_contract_can_have_is_refused) {
  expect_refused({"contract", "new", "std::swap"}, "'std::swap' is not a name of contracts");
  expect_refused({"contract", "new", "1st"}, "'1st' is not a name of contracts");
  expect_refused({"contract", "new", "a", "b"}, "give one name, or none");
}

TEST_F(contract_command, check_names_every_fault_with_its_place) {
  const std::string begin = "contract c\nghost a, b : word\n";
  const std::string good = file("good.contract", begin + "region a = [a, a + 8)\n");
  const std::string text = file("text.contract", begin + "assume a\n");
  const std::string base = file("base.contract", begin + "region a = [a, b)\n");
  const std::string empty = file("empty.contract", begin + "assume a < b and b < a\n");
  const Outcome outcome =
      run({"contract", "check", text, base, good, empty, path("missing.contract")});
  EXPECT_EQ(outcome.exit_code, 2);
  for (const std::string& line :
       {text + ":3:8: expected a truth value, found a word",
        base + ":3:8: give the region bounds with exactly one ghost in common",
        empty + ": no state satisfies the contract's assumptions",
        good + ": contract c: 0 runs, 0 calls, 1 theorem",
        path("missing.contract") + ":1:1: cannot be read"}) {
    EXPECT_TRUE(outcome.says(line)) << line << "\n" << outcome.text();
  }
  EXPECT_EQ(outcome.lines.size(), 5u);
}

TEST_F(contract_command, what_belongs_to_the_other_action_is_refused) {
  expect_refused({"contract", "check"}, "give the files to check");
  expect_refused({"contract", "check", "x", "-o", "y"}, "-o belongs to 'contract new'");
  expect_refused({"contract", "prove"}, "prove");
}

TEST_F(contract_command, a_list_of_verdicts_belongs_to_given_contracts) {
  expect_refused({"prove", "layout", "--expected", file("proofs.txt", "")},
                 "--expected applies to the contracts of --contract: give one");
  const std::string contract = file("c.contract", "contract c\nexit\n  T4 a: 1 == 1\n");
  expect_refused({"prove", "--contract", contract, "--expected", path("none.txt")},
                 "none.txt: cannot be read");
}

}  // namespace
}  // namespace fiberproof::verify
