// Shapes of a run that matter and are rare from nothing: what a generator must come to soon
// (`.ci/shapes`). They are facts of the reference, whatever core does.
#pragma once

#include "fuzz/program/program.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiberproof::fuzz {

enum class Shape : std::uint8_t {
  suspend_by_a_later_clause,
  suspend_beyond_the_nearest_stack,
  suspend_by_a_later_clause_beyond_the_nearest_stack,
  suspend_under_another_parent,
  suspend_in_a_handler,
  suspend_in_a_destructor,
  catch_in_a_destructor,
  drop_with_an_exception_on_its_way,
  drop_of_a_chain,
  throw_into_a_chain,
  throw_through_an_entry,
  throw_out_of_the_other_store,
  trap_through_two_stacks,
  switch_to_a_chain,
  switch_that_cuts_a_chain,
  switch_to_what_a_switch_cut,
  entries_at_their_limit,
  store_entered_inside_another_of_its_own,
  more_alive_than_are_compared,
  move_with_a_suspended_chain,
  resume_on_another_thread,
  number_beyond_16_bits,
  revision_beyond_32_bits,
  clause_beyond_8_bits,
  clause_beyond_16_bits,
  values_across_beyond_8_bits,
};
inline constexpr std::size_t shapes =
    static_cast<std::size_t>(Shape::values_across_beyond_8_bits) + 1;

/// The words for each, in order.
extern const std::array<std::string_view, shapes> shape_words;

/// The shapes of the run of `program`, which must be valid.
std::bitset<shapes> shapes_of(const Program& program);

}  // namespace fiberproof::fuzz
