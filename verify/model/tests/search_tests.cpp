// Every short run on a few records breaks no claim, and together they meet every transition,
// refusal and state.
#include "verify/model/search.hpp"

#include "verify/model/trace_text.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify::model {
namespace {

TEST(model, every_run_of_four_operations_and_many_of_six_keep_every_clause) {
  SearchOptions options;
  options.sizes = {.records = 3, .handles = 5, .stacks = 2};
  options.operations = 6;
  options.states_max = 20'000;
  const SearchResult result = search(options);
  EXPECT_FALSE(result.trace.has_value()) << story(*result.trace) << result.broken.front();
  EXPECT_GT(result.states, 500u);
  // The search stops at its limit of states: longer runs are covered only partly.
  EXPECT_GE(result.operations_complete, 4u);
  RecordProperty("operations_complete", static_cast<int>(result.operations_complete));
  RecordProperty("states", static_cast<int>(result.states));
  RecordProperty("transitions", static_cast<int>(result.transitions));
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    EXPECT_GT(result.done[kind], 0u) << kind_names[kind] << " never took place";
  }
  for (std::size_t kind = 0; kind <= static_cast<std::size_t>(Kind::abandon); ++kind) {
    if (static_cast<Kind>(kind) == Kind::cont_new) continue;  // Only from a trap that is re-raised.
    EXPECT_GT(result.refused[kind], 0u) << kind_names[kind] << " was never refused";
  }
  for (std::size_t state = 0; state < result.records_in_state.size(); ++state) {
    EXPECT_GT(result.records_in_state[state], 0u) << "no record in state " << state;
  }
}

}  // namespace
}  // namespace fiberproof::verify::model
