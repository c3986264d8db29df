// engines/wasmtime_initialize.contract on assembled code with the interface of Wasmtime's function:
// proved, and refuted where a store or a check is wrong.
#include "verify/cli/tests/command_outcome.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

Outcome prove(const std::string& symbol) {
  return outcome_of({FIBERPROOF_COMMAND, "prove", "--object",
                     std::string(FOREIGN_FILES) + "/wasmtime_initialize.o", "--contract",
                     FIBERPROOF_SOURCE "/verify/contracts/engines/wasmtime_initialize.contract",
                     "--symbol", "wasmtime_initialize=" + symbol, "--symbol",
                     "wasmtime_page_size=page_size"});
}

void expect_refuted(const std::string& symbol, const std::vector<std::string>& theorems) {
  const Outcome outcome = prove(symbol);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  for (const std::string& theorem : theorems) {
    EXPECT_EQ(outcome.count("refuted  wasmtime_initialize/" + theorem + " "), 1u) << theorem << "\n"
                                                                                  << outcome.text();
  }
}

TEST(wasmtime_initialize, code_with_its_interface_is_proved) {
  const Outcome outcome = prove("wasmtime_initialize");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   wasmtime_initialize/"), 31u) << outcome.text();
}

TEST(wasmtime_initialize, another_first_rsp_is_refuted) {
  expect_refuted("initialize_with_a_higher_rsp", {"L1.rsp"});
}

TEST(wasmtime_initialize, swapped_launch_words_are_refuted) {
  expect_refuted("initialize_with_swapped_words", {"L2.func_ref", "L2.caller_vmctx"});
}

TEST(wasmtime_initialize, markers_that_are_not_cleared_are_refuted) {
  expect_refuted("initialize_with_set_markers", {"L3.markers_are_cleared"});
}

TEST(wasmtime_initialize, a_layout_in_the_guard_page_is_refuted) {
  expect_refuted("initialize_in_the_guard_page", {"L5.succeeds_exactly_where_it_fits"});
}

}  // namespace
}  // namespace fiberproof::verify
