// The parts that the transitions of transition.hpp share: handles, values, chains, limits and ends.
// Each part writes its fields, and reports the same step to the ghosts.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/model/transition_ghosts.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace fiberproof::verify::model {

template <class Word, class Bit, class State>
class TransitionParts {
 public:
  TransitionParts(const TransitionParts&) = delete;
  TransitionParts& operator=(const TransitionParts&) = delete;

 protected:
  TransitionParts(const State& before, const Operation<Word>& operation)
      : s_(before), op_(operation), ghosts_(before, operation, effect_, when_) {}

  // Handles.

  /// The record of the handle, which is consumed; `given` values will follow.
  Word used(const Word& given) {
    entered();
    const Word record = get(Field::record, op_.handle);
    assume("handle_is_not_forged",
           logical_or(equal(op_.handle, zero()), equal(get(Field::issued, op_.handle), one())));
    assume("fewer_uses_than_2_64", is_not(get(Field::revision, record) + one(), zero()));
    not_reraising();
    accept("handle_is_not_null", is_not(op_.handle, zero()));
    accept("handle_is_not_consumed",
           equal(get(Field::handle_revision, op_.handle), get(Field::revision, record)));
    accept("values_fit", fits(record, given));
    set(Field::revision, record, get(Field::revision, record) + one());
    ghosts_.use(op_.handle);
    return record;
  }

  void issue(const Word& record, const Word& revision) {
    assume("handle_is_new", logical_and(is_not(op_.new_handle, zero()),
                                        equal(get(Field::issued, op_.new_handle), zero())));
    set(Field::issued, op_.new_handle, one());
    set(Field::record, op_.new_handle, record);
    set(Field::handle_revision, op_.new_handle, revision);
  }

  // Values.

  Bit fits(const Word& x, const Word& given) {
    const Bit fresh = is_fresh(x);
    const Word capacity =
        select(fresh, get(Field::args_capacity, x), get(Field::values_capacity, x));
    const Word length = select(fresh, get(Field::args_length, x), get(Field::values_length, x));
    return is_at_most(given, capacity - length);
  }

  /// `count` more values for `x`; the operation's own value goes to the watched place.
  void append(const Word& x, const Word& count) {
    const Bit fresh = is_fresh(x);
    append_to(Field::args_length, Field::args_value, fresh, x, count, op_.value);
    append_to(Field::values_length, Field::values_value, logical_not(fresh), x, count, op_.value);
    ghosts_.send(x, count, op_.value);
  }

  /// `count` more values and, last, the handle of the suspended chain.
  void append_with_handle(const Word& x, const Word& count) {
    const Bit fresh = is_fresh(x);
    append_handle_to(Field::args_length, Field::args_value, fresh, x, count);
    append_handle_to(Field::values_length, Field::values_value, logical_not(fresh), x, count);
    ghosts_.send_handle(x, count, op_.value, op_.new_handle);
  }

  void append_to(Field length, Field value, const Bit& into, const Word& x, const Word& count,
                 const Word& given) {
    const Word old = get(length, x);
    set(length, x, select(into, old + count, old));
    set(value, x, select(logical_and(into, is_watched(old, count)), given, get(value, x)));
  }

  void append_handle_to(Field length, Field value, const Bit& into, const Word& x,
                        const Word& count) {
    const Word old = get(length, x);
    const Word last = old + count;
    const Word appended = select(equal(get(Field::place), last), op_.new_handle,
                                 select(is_watched(old, count), op_.value, get(value, x)));
    set(length, x, select(into, last + one(), old));
    set(value, x, select(into, appended, get(value, x)));
  }

  Bit is_watched(const Word& from, const Word& count) {
    const Word place = get(Field::place);
    return logical_and(is_at_most(from, place), less(place - from, count));
  }

  // Chains.

  /// The active stack becomes the parent of the chain of `child`, which runs.
  void run_chain(const Word& child) {
    set(Field::handlers, active_, op_.handlers);
    set(Field::state, active_, number(states::parent));
    link(child, active_);
    ghosts_.join(active_, child);
    ghosts_.run(child, get(Field::depth, active_));
  }

  void link(const Word& child, const Word& parent) {
    const Word last = get(Field::last_ancestor, child);
    demand("C3.what_is_linked_had_no_parent", [this, last](const Word& x) {
      return logical_or(is_not(x, last), equal(get(Field::parent, x), zero()));
    });
    set(Field::parent, last, parent);
    exchange_limits(child);
    // A fresh continuation records where it was entered.
    const Bit fresh = is_fresh(child);
    set(Field::active_frame_pointer, zero(),
        select(fresh, op_.frame_pointer, get(Field::entry_frame_pointer, child)));
    set(Field::active_stack_pointer, zero(),
        select(fresh, op_.stack_pointer, get(Field::entry_stack_pointer, child)));
    set(Field::state, child, number(states::running));
    set(Field::active, zero(), child);
  }

  /// The nearest stack outward whose resume has a clause of this kind for the tag: the chain is cut
  /// at its child.
  void find_cut(Field clause) {
    accept("handler_is_found", is_not(op_.cut, zero()));
    const Bit found = is_not(op_.cut, zero());
    choose(
        "cut_is_of_the_active_chain",
        logical_or(logical_not(found), logical_and(equal(get(Field::chain, op_.cut), active_),
                                                   is_not(get(Field::parent, op_.cut), zero()))));
    choose("cut_is_below_a_handler", logical_or(logical_not(found), handles(op_.cut, clause)));
    effect_.chosen_of_each.push_back(
        {"handler_is_the_nearest", [this, clause, found, active = active_](const Word& x) {
           const Bit is_inside = logical_or(logical_not(found),
                                            less(get(Field::depth, op_.cut), get(Field::depth, x)));
           const Bit is_of_chain = logical_and(equal(get(Field::chain, x), active),
                                               is_not(get(Field::parent, x), zero()));
           return logical_not(logical_and(logical_and(is_of_chain, is_inside), handles(x, clause)));
         }});
  }

  Bit handles(const Word& child, Field clause) {
    const Word table = get(Field::handlers, get(Field::parent, child));
    return is_not(get(clause, table), zero());
  }

  /// Cuts the active chain: the active stack is suspended, with room for the values of its resume.
  void cut() {
    set(Field::values_length, active_, zero());
    set(Field::values_capacity, active_, op_.room);
    set(Field::last_ancestor, active_, op_.cut);
    set(Field::state, active_, number(states::suspended));
    set(Field::parent, op_.cut, zero());
  }

  // Limits.

  /// The active stack's limits go to its record, and those of `next` replace them.
  void exchange_limits(const Word& next) {
    set(Field::limit, active_, get(Field::active_limit));
    set(Field::entry_frame_pointer, active_, get(Field::active_frame_pointer));
    set(Field::entry_stack_pointer, active_, get(Field::active_stack_pointer));
    set(Field::trap_handler, active_, get(Field::active_trap_handler));
    take_limits_of(next);
  }

  void take_limits_of(const Word& next) {
    set(Field::active_limit, zero(), get(Field::limit, next));
    set(Field::active_frame_pointer, zero(), get(Field::entry_frame_pointer, next));
    set(Field::active_stack_pointer, zero(), get(Field::entry_stack_pointer, next));
    set(Field::active_trap_handler, zero(), get(Field::trap_handler, next));
  }

  // Ends.

  void runs_a_body() {
    entered();
    assume("not_on_the_initial_stack", equal(get(Field::initial, active_), zero()));
  }

  /// `ended` no longer runs: its stack is freed.
  void end(const Word& ended, std::uint64_t state) {
    const Bit when = when_;
    demand("C7.what_is_freed_was_held", [this, ended, when](const Word& x) {
      return logical_or(logical_not(logical_and(when, equal(x, ended))), holds_its_stack(x));
    });
    set(Field::state, ended, number(state));
    set(Field::parent, ended, zero());
    if (state == states::trapped) {
      for (const Field field : {Field::args_length, Field::args_capacity, Field::values_length,
                                Field::values_capacity}) {
        set(field, ended, zero());
      }
    }
    set(Field::owner, get(Field::stack, ended), zero());
    ghosts_.end(ended);
  }

  /// The stack that resumed the ended one runs.
  void give_control_to(const Word& resumer) {
    take_limits_of(resumer);
    set(Field::state, resumer, number(states::running));
    set(Field::active, zero(), resumer);
    ghosts_.join(active_, resumer);
  }

  template <class Which>
  void discard_each(Which which) {
    demand("C7.what_is_freed_was_held", [this, which](const Word& x) {
      return logical_or(logical_not(which(x)), holds_its_stack(x));
    });
    const auto to = [this, which](Field field, std::uint64_t value) {
      effect_.writes.push_back(
          {field, which, [value](const Word&) { return constant<Word>(value); }});
    };
    to(Field::state, states::trapped);
    to(Field::parent, 0);
    for (const Field field :
         {Field::args_length, Field::args_capacity, Field::values_length, Field::values_capacity}) {
      to(field, 0);
    }
    effect_.writes.push_back({Field::owner,
                              [this, which](const Word& stack) {
                                const Word owner = get(Field::owner, stack);
                                return logical_and(is_not(owner, zero()), which(owner));
                              },
                              [](const Word&) { return constant<Word>(0); }});
    ghosts_.end_each(which);
  }

  Bit holds_its_stack(const Word& x) {
    const Word stack = get(Field::stack, x);
    return logical_and(is_not(stack, zero()), equal(get(Field::owner, stack), x));
  }

  // Words.

  Word get(Field field) const { return s_.read(field, constant<Word>(0)); }
  Word get(Field field, const Word& of) const { return s_.read(field, of); }
  void set(Field field, const Word& of, const Word& value) {
    effect_.writes.push_back(
        {field, [of, when = when_](const Word& x) { return logical_and(when, equal(x, of)); },
         [value](const Word&) { return value; }});
  }
  void assume(std::string_view name, const Bit& holds) { effect_.assumed.push_back({name, holds}); }
  void choose(std::string_view name, const Bit& holds) { effect_.chosen.push_back({name, holds}); }
  void accept(std::string_view name, const Bit& holds) {
    effect_.accepted.push_back({name, holds});
  }
  void demand(std::string_view theorem, std::function<Bit(const Word&)> holds) {
    effect_.demands.push_back({theorem, std::move(holds)});
  }
  void entered() { assume("an_entry_is_open", is_not(active_, zero())); }
  void not_reraising() {
    accept("no_trap_is_being_reraised", equal(get(Field::reraised, active_), zero()));
  }
  Bit is_fresh(const Word& x) const { return equal(get(Field::state, x), number(states::fresh)); }
  Bit is_live(const Word& x) const {
    const Word state = get(Field::state, x);
    return logical_and(is_not(state, number(states::returned)),
                       is_not(state, number(states::trapped)));
  }
  static Bit is_not(const Word& a, const Word& b) { return logical_not(equal(a, b)); }
  static Bit is_at_most(const Word& a, const Word& b) { return logical_not(less(b, a)); }
  static Word number(std::uint64_t value) { return constant<Word>(value); }
  static Word zero() { return number(0); }
  static Word one() { return number(1); }

  const State& s_;
  const Operation<Word>& op_;
  Effect<Word, Bit> effect_;
  Ghosts<Word, Bit, State> ghosts_;
  Word active_ = zero();
  Bit when_ = constant_bit<Bit>(true);
};

}  // namespace fiberproof::verify::model
