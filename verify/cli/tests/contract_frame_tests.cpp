// `fiberproof contract frame` on every contract there is: each part that no clause claims has a
// reason.
#include "verify/cli/tests/command_test.hpp"

namespace fiberproof::verify {
namespace {

class contract_frame : public CommandTest {
 protected:
  static void expect_reasons_for_all(const std::string& files, const std::string& contract) {
    const Outcome outcome = shell("\"$F\" contract frame " + files);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
    EXPECT_TRUE(outcome.says(contract + ": ")) << outcome.text();
    EXPECT_GT(outcome.lines.size(), 20u) << outcome.text();
  }
};

TEST_F(contract_frame, of_the_projects_contracts_has_reasons) {
  expect_reasons_for_all("", "fiber_start");
}

TEST_F(contract_frame, of_other_projects_contracts_and_of_a_new_one_has_reasons) {
  const std::string folder = FIBERPROOF_SOURCE "/verify/contracts";
  const std::string fresh = file("fresh.contract", run({"contract", "new", "fresh"}).text());
  expect_reasons_for_all(
      folder + "/libraries/*.contract " + folder + "/engines/*.contract " + fresh, "fresh");
}

}  // namespace
}  // namespace fiberproof::verify
