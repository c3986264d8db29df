// Clauses weakened by one conjunct: the theorem that then fails, with its transition; or the reason
// why nothing fails.
#pragma once

#include "verify/model/effect.hpp"

#include <cstddef>
#include <string_view>

namespace fiberproof::verify::model {

struct NoticedWeakening {
  std::string_view clause;
  std::size_t conjunct;
  Kind kind;
  std::string_view missed_by;
};

inline constexpr NoticedWeakening noticed_weakenings[] = {
    {"C2.nothing_is_no_record", 0, Kind::cont_new, "C7.a_live_continuation_has_its_stack"},
    {"C2.nothing_is_no_record", 2, Kind::leave, "C7.with_no_entry_open_every_chain_waits"},
    {"C2.a_parent_is_one_further_out", 1, Kind::resume, "C2.a_parent_is_one_further_out"},
    {"C2.a_parent_is_one_further_out", 3, Kind::suspend, "C2.a_parent_is_one_further_out"},
    {"C2.a_chain_has_an_innermost_stack", 0, Kind::leave,
     "C7.with_no_entry_open_every_chain_waits"},
    {"C2.a_chain_has_an_innermost_stack", 1, Kind::suspend, "C2.a_chain_is_a_line"},
    {"C2.a_chain_has_an_innermost_stack", 2, Kind::resume, "C2.a_parent_is_one_further_out"},
    {"C2.a_chain_has_an_outermost_stack", 1, Kind::resume, "C2.a_chain_has_an_outermost_stack"},
    {"C2.a_chain_has_an_outermost_stack", 2, Kind::suspend, "C2.a_chain_has_an_outermost_stack"},
    {"C2.what_has_ended_is_on_no_chain", 0, Kind::abandon, "C7.what_is_freed_was_held"},
    {"C2.what_has_ended_is_on_no_chain", 1, Kind::cont_new, "C2.a_parent_is_one_further_out"},
    {"C2.the_active_stack_runs_in_the_innermost_entry", 0, Kind::enter, "C2.entries_nest"},
    {"C2.the_active_stack_runs_in_the_innermost_entry", 1, Kind::cont_new,
     "C4.limits_are_the_running_stacks"},
    {"C2.the_active_stack_runs_in_the_innermost_entry", 3, Kind::resume, "C2.entries_nest"},
    {"C2.the_active_stack_runs_in_the_innermost_entry", 4, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 0, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 1, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 2, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 4, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 5, Kind::resume, "C2.entries_nest"},
    {"C2.entries_nest", 6, Kind::cont_new, "C4.an_entry_keeps_the_limits_around_it"},
    {"C3.the_last_ancestor_ends_the_chain", 2, Kind::resume, "C2.a_parent_is_one_further_out"},
    {"C3.the_last_ancestor_ends_the_chain", 3, Kind::resume, "C2.a_parent_is_one_further_out"},
    {"C4.limits_are_the_running_stacks", 0, Kind::resume, "C4.what_waits_keeps_its_limits"},
    {"C4.limits_are_the_running_stacks", 1, Kind::resume, "C4.what_waits_keeps_its_limits"},
    {"C4.limits_are_the_running_stacks", 2, Kind::resume, "C4.what_waits_keeps_its_limits"},
    {"C4.limits_are_the_running_stacks", 3, Kind::resume, "C4.what_waits_keeps_its_limits"},
    {"C4.what_waits_keeps_its_limits", 0, Kind::resume, "C4.limits_are_the_running_stacks"},
    {"C4.what_waits_keeps_its_limits", 1, Kind::resume, "C4.limits_are_the_running_stacks"},
    {"C4.what_waits_keeps_its_limits", 2, Kind::resume, "C4.limits_are_the_running_stacks"},
    {"C4.what_waits_keeps_its_limits", 3, Kind::resume, "C4.limits_are_the_running_stacks"},
    {"C4.an_entry_keeps_the_limits_around_it", 0, Kind::leave, "C4.limits_are_the_running_stacks"},
    {"C4.an_entry_keeps_the_limits_around_it", 1, Kind::leave, "C4.limits_are_the_running_stacks"},
    {"C4.an_entry_keeps_the_limits_around_it", 2, Kind::leave, "C4.limits_are_the_running_stacks"},
    {"C4.an_entry_keeps_the_limits_around_it", 3, Kind::leave, "C4.limits_are_the_running_stacks"},
    {"C5.args_fit", 1, Kind::return_, "C5.results_fit"},
    {"C5.what_is_fresh_takes_args", 0, Kind::cont_bind, "C5.as_many_values_arrive_as_were_sent"},
    {"C5.what_is_fresh_takes_args", 1, Kind::cont_bind, "C5.as_many_values_arrive_as_were_sent"},
    {"C7.a_live_continuation_has_its_stack", 0, Kind::resume, "C7.what_a_stack_returns_to_is_held"},
    {"C7.a_live_continuation_has_its_stack", 1, Kind::cont_new,
     "C7.no_two_continuations_share_a_stack"},
    {"C7.a_held_stack_is_of_a_live_continuation", 0, Kind::cont_new,
     "C7.a_held_stack_is_of_a_live_continuation"},
    {"C7.a_held_stack_is_of_a_live_continuation", 1, Kind::leave,
     "C7.a_held_stack_is_of_a_live_continuation"},
    {"C7.a_held_stack_is_of_a_live_continuation", 2, Kind::resume_throw,
     "C7.a_held_stack_is_of_a_live_continuation"},
};

struct UnnoticedWeakening {
  std::string_view clause;
  std::size_t conjunct;
  std::string_view reason;  ///< empty if the other clauses imply it, which a test shows
};

inline constexpr UnnoticedWeakening unnoticed_weakenings[] = {
    {"C2.nothing_is_no_record", 1, ""},
    {"C2.nothing_is_no_record", 3,
     "no theorem asks what record 0 has there; it is what every record has before it is used"},
    {"C2.nothing_is_no_record", 4,
     "no theorem asks what record 0 has there; it is what every record has before it is used"},
    {"C2.nothing_is_no_record", 5,
     "no theorem asks what record 0 has there; it is what every record has before it is used"},
    {"C2.nothing_is_no_record", 6,
     "no theorem asks what record 0 has there; it is what every record has before it is used"},
    {"C2.nothing_is_no_record", 7,
     "no theorem asks what record 0 has there; it is what every record has before it is used"},
    {"C2.a_parent_is_one_further_out", 0, ""},
    {"C2.a_parent_is_one_further_out", 2, ""},
    {"C2.a_chain_has_an_outermost_stack", 0, ""},
    {"C2.only_a_running_body_reraises", 0,
     "an end in itself, which no other theorem leans on; a mutant of cont_new breaks it"},
    {"C2.only_a_running_body_reraises", 1, "an end in itself, which no other theorem leans on"},
    {"C2.the_active_stack_runs_in_the_innermost_entry", 2, ""},
    {"C2.entries_nest", 3, ""},
    {"C3.the_last_ancestor_ends_the_chain", 0, ""},
    {"C3.the_last_ancestor_ends_the_chain", 1, ""},
    {"C5.args_fit", 0, "an end in itself, which no other theorem leans on"},
    {"C7.what_a_good_handle_reaches_is_held", 0, ""},
    {"C7.what_a_good_handle_reaches_is_held", 1, ""},
    {"C7.what_a_good_handle_reaches_is_held", 2, ""},
    {"C7.what_a_good_handle_reaches_is_held", 3, ""},
    {"C7.what_a_stack_returns_to_is_held", 0, ""},
    {"C7.what_a_stack_returns_to_is_held", 1, ""},
};

}  // namespace fiberproof::verify::model
