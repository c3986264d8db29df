// The state of the continuation machine (SPEC.md, Continuations) as fields of four sorts of object:
// records, handles, stacks, and the one store. An object is a word; 0 is the absent one. The number
// of objects of a sort is unbounded.
//
// A ghost field is not part of the machine: it holds the value that ought to be, for the invariants
// to compare with. Other fields never depend on ghosts, with one exception: an operation on a whole
// chain asks `chain` and `depth` which stacks are on it and which one is nearer. `chain` is the
// innermost stack of the chain that a stack is on; `depth` is the number of its ancestors. Both are
// exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiberproof::verify::model {

enum class Sort : std::uint8_t { record, handle, stack, table, store };
inline constexpr std::size_t sorts = 5;

enum class Field : std::uint8_t {
  // of a record
  state,
  initial,  ///< 1: the stack of an entry, not of a continuation
  parent,
  last_ancestor,
  revision,
  stack,
  args_length,
  args_capacity,
  values_length,
  values_capacity,
  return_value_count,
  handlers,  ///< the table of the resume that it waits in
  reraised,  ///< 1: a trap is being re-raised on it
  limit,     ///< these four while it does not run
  entry_frame_pointer,
  entry_stack_pointer,
  trap_handler,
  outer,  ///< of an entry: these six hold the values from before it was opened
  outer_entry,
  outer_limit,
  outer_frame_pointer,
  outer_stack_pointer,
  outer_trap_handler,
  args_value,  ///< the value at the watched place
  values_value,
  chain,
  end,  ///< the outermost stack of the chain
  depth,
  level,  ///< of an open entry: how many are open, itself included
  own_limit,
  own_frame_pointer,
  own_stack_pointer,
  takes_values,  ///< 0: values sent to it go to args; 1: to values
  sent,          ///< how many values it was sent since it began to wait
  sent_value,    ///< the value that was sent as number `place`
  // of a handle
  issued,
  record,
  handle_revision,
  uses,
  // of a stack
  owner,  ///< the record that owns it; 0 while it is free
  lowest,
  slots,  ///< the largest args capacity that fits (L5, L8)
  // of a handler table: whether it has a clause for the tag of the operation
  suspend_clause,
  switch_clause,
  // of the store
  active,
  entry,  ///< the innermost
  active_limit,
  active_frame_pointer,
  active_stack_pointer,
  active_trap_handler,
  place,  ///< an arbitrary place of a buffer, which is watched
};

struct FieldFacts {
  Field field;
  Sort sort;
  std::string_view name;
  bool is_ghost = false;
};

inline constexpr std::array field_table{
    FieldFacts{Field::state, Sort::record, "state"},
    FieldFacts{Field::initial, Sort::record, "initial"},
    FieldFacts{Field::parent, Sort::record, "parent"},
    FieldFacts{Field::last_ancestor, Sort::record, "last_ancestor"},
    FieldFacts{Field::revision, Sort::record, "revision"},
    FieldFacts{Field::stack, Sort::record, "stack"},
    FieldFacts{Field::args_length, Sort::record, "args_length"},
    FieldFacts{Field::args_capacity, Sort::record, "args_capacity"},
    FieldFacts{Field::values_length, Sort::record, "values_length"},
    FieldFacts{Field::values_capacity, Sort::record, "values_capacity"},
    FieldFacts{Field::return_value_count, Sort::record, "return_value_count"},
    FieldFacts{Field::handlers, Sort::record, "handlers"},
    FieldFacts{Field::reraised, Sort::record, "reraised"},
    FieldFacts{Field::limit, Sort::record, "limit"},
    FieldFacts{Field::entry_frame_pointer, Sort::record, "entry_frame_pointer"},
    FieldFacts{Field::entry_stack_pointer, Sort::record, "entry_stack_pointer"},
    FieldFacts{Field::trap_handler, Sort::record, "trap_handler"},
    FieldFacts{Field::outer, Sort::record, "outer"},
    FieldFacts{Field::outer_entry, Sort::record, "outer_entry"},
    FieldFacts{Field::outer_limit, Sort::record, "outer_limit"},
    FieldFacts{Field::outer_frame_pointer, Sort::record, "outer_frame_pointer"},
    FieldFacts{Field::outer_stack_pointer, Sort::record, "outer_stack_pointer"},
    FieldFacts{Field::outer_trap_handler, Sort::record, "outer_trap_handler"},
    FieldFacts{Field::args_value, Sort::record, "args_value"},
    FieldFacts{Field::values_value, Sort::record, "values_value"},
    FieldFacts{Field::chain, Sort::record, "chain", true},
    FieldFacts{Field::end, Sort::record, "end", true},
    FieldFacts{Field::depth, Sort::record, "depth", true},
    FieldFacts{Field::level, Sort::record, "level", true},
    FieldFacts{Field::own_limit, Sort::record, "own_limit", true},
    FieldFacts{Field::own_frame_pointer, Sort::record, "own_frame_pointer", true},
    FieldFacts{Field::own_stack_pointer, Sort::record, "own_stack_pointer", true},
    FieldFacts{Field::takes_values, Sort::record, "takes_values", true},
    FieldFacts{Field::sent, Sort::record, "sent", true},
    FieldFacts{Field::sent_value, Sort::record, "sent_value", true},
    FieldFacts{Field::issued, Sort::handle, "issued"},
    FieldFacts{Field::record, Sort::handle, "record"},
    FieldFacts{Field::handle_revision, Sort::handle, "handle_revision"},
    FieldFacts{Field::uses, Sort::handle, "uses", true},
    FieldFacts{Field::owner, Sort::stack, "owner"},
    FieldFacts{Field::lowest, Sort::stack, "lowest"},
    FieldFacts{Field::slots, Sort::stack, "slots"},
    FieldFacts{Field::suspend_clause, Sort::table, "suspend_clause"},
    FieldFacts{Field::switch_clause, Sort::table, "switch_clause"},
    FieldFacts{Field::active, Sort::store, "active"},
    FieldFacts{Field::entry, Sort::store, "entry"},
    FieldFacts{Field::active_limit, Sort::store, "active_limit"},
    FieldFacts{Field::active_frame_pointer, Sort::store, "active_frame_pointer"},
    FieldFacts{Field::active_stack_pointer, Sort::store, "active_stack_pointer"},
    FieldFacts{Field::active_trap_handler, Sort::store, "active_trap_handler"},
    FieldFacts{Field::place, Sort::store, "place"},
};
inline constexpr std::size_t fields = field_table.size();

constexpr bool is_in_order() {
  for (std::size_t index = 0; index < fields; ++index) {
    if (field_table[index].field != static_cast<Field>(index)) return false;
  }
  return static_cast<std::size_t>(Field::place) + 1 == fields;
}
static_assert(is_in_order());

constexpr const FieldFacts& facts(Field field) {
  return field_table[static_cast<std::size_t>(field)];
}

/// The states of a record, as SPEC.md numbers them. A record that is not in use is Returned or
/// Trapped.
namespace states {
inline constexpr std::uint64_t fresh = 0;
inline constexpr std::uint64_t running = 1;
inline constexpr std::uint64_t parent = 2;
inline constexpr std::uint64_t suspended = 3;
inline constexpr std::uint64_t returned = 4;
inline constexpr std::uint64_t trapped = 5;
}  // namespace states

/// The initial state: every field of every object is 0, except for these.
constexpr std::uint64_t initially(Field field) {
  return field == Field::state ? states::trapped : 0;
}
/// Fields that no transition writes, with any value from the beginning.
constexpr bool is_given(Field field) {
  return field == Field::lowest || field == Field::slots || field == Field::suspend_clause ||
         field == Field::switch_clause || field == Field::place;
}

}  // namespace fiberproof::verify::model
