// The rows of the benchmark, by the names that its JSON and the report share. One row is one task,
// done by several contenders; a benchmark is called ROW/CONTENDER.
#pragma once

#include <array>
#include <string_view>

namespace fiberproof::bench {

struct Row {
  std::string_view name;
  std::string_view operation;  ///< what one operation is, for the table
  std::string_view reference;  ///< the contender, of any row, that ratios are to: ROW/CONTENDER
};

inline constexpr Row switch_row{"switch", "to a fiber and back, nothing handed over",
                                "switch/indirect_jumps"};
inline constexpr Row resume_suspend_row{"resume_suspend",
                                        "resume and suspend through each API, nothing handed over",
                                        "switch/stack_switch"};
inline constexpr Row hand_over_row{"hand_over", "resume and suspend, one word handed over each way",
                                   "switch/stack_switch"};
inline constexpr Row live_values_row{
    "live_values", "to a fiber and back, 6 live values on either side", "live_values/calls"};
inline constexpr Row nested_yield_row{
    "nested_yield", "to a fiber and back, which yields from 4 frames down", "nested_yield/calls"};
inline constexpr Row random_sites_row{
    "random_sites", "to a fiber and back, from one of 8 sites at random", "random_sites/calls"};
inline constexpr Row round_robin_64_row{"round_robin_64", "to the next of 64 fibers and back",
                                        "round_robin_64/stack_switch"};
inline constexpr Row round_robin_4096_row{
    "round_robin_4096", "to the next of 4,096 fibers and back", "round_robin_4096/stack_switch"};
inline constexpr Row create_pooled_row{"create_pooled",
                                       "create, run to the end, destroy: a stack used before",
                                       "create_pooled/fcontext"};
inline constexpr Row create_fresh_row{"create_fresh",
                                      "create, run to the end, destroy: a stack mapped for it",
                                      "create_fresh/mapping"};

inline constexpr std::array all_rows{switch_row,         resume_suspend_row,   hand_over_row,
                                     live_values_row,    nested_yield_row,     random_sites_row,
                                     round_robin_64_row, round_robin_4096_row, create_pooled_row,
                                     create_fresh_row};

}  // namespace fiberproof::bench
