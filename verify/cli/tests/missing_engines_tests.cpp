// A table of engines of which none is there, as on a machine without a network.
#include "verify/cli/engine_list.hpp"
#include "verify/cli/engine_parts.hpp"
#include "verify/cli/engines_command.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace fiberproof::verify {
namespace {

class missing_engines : public testing::Test {
 protected:
  missing_engines() {
    command_.table = folder_.path() + "/engines.txt";
    command_.out = folder_.path() + "/out";
    command_.programs = 3;
    std::ofstream(command_.table)
        << "wasmtime-1 1.0.0 wast none/wasmtime\nv8-1 auto js none/deno\n";
  }

  ScratchFolder folder_;
  EnginesCommand command_;
  nlohmann::json results_;
};

TEST_F(missing_engines, are_no_failure_of_the_main_job) {
  command_.may_lack_engines = true;
  EXPECT_EQ(run_engines(command_, engine_parts(), results_), ExitStatus::ok);
  ASSERT_EQ(results_["engines"].size(), 2u) << results_.dump();
  for (const auto& engine : results_["engines"]) {
    EXPECT_FALSE(engine["left_out"].get<std::string>().empty()) << results_.dump();
    EXPECT_EQ(engine["programs"], 0);
  }
}

TEST_F(missing_engines, are_status_2_where_engines_were_asked_for) {
  EXPECT_EQ(run_engines(command_, engine_parts(), results_), ExitStatus::could_not_run);
}

TEST(engine_list, two_engines_of_one_name_are_an_error_that_says_what_to_do) {
  const auto engines = read_engines("", {"mine:js=none/one", "mine:js=none/two"});
  ASSERT_FALSE(engines);
  EXPECT_EQ(engines.error(),
            "--engine mine:js=none/two: that name is given twice: give each a name of its own");
  EXPECT_EQ(read_engines("", {"one:js=none/one", "two:js=none/two"})->size(), 2u);
}

TEST(engine_list, a_table_that_is_a_folder_is_named) {
  const ScratchFolder folder;
  EXPECT_EQ(read_engines(folder.path(), {}).error(),
            folder.path() + ": cannot be read: it is no file");
}

}  // namespace
}  // namespace fiberproof::verify
