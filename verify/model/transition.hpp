// The transitions of the continuation machine, for any Word: on numbers they execute, on terms they
// are proved to preserve the invariants. The machine's own part follows the order and the words of
// SPEC.md; writes to ghosts are separate, in `Ghosts` (transition_ghosts.hpp).
//
// Everything is read from the state before, which must outlive the effect.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/model/transition_parts.hpp"

namespace fiberproof::verify::model {

template <class Word, class Bit, class State>
class Transition : private TransitionParts<Word, Bit, State> {
  using Base = TransitionParts<Word, Bit, State>;

 public:
  Transition(const State& before, const Operation<Word>& operation) : Base(before, operation) {}

  /// The effect, valid as long as this object.
  Effect<Word, Bit>& take() {
    active_ = get(Field::active);
    switch (op_.kind) {
      case Kind::cont_new: cont_new(); break;
      case Kind::cont_bind: cont_bind(); break;
      case Kind::resume: resume(); break;
      case Kind::suspend: suspend(); break;
      case Kind::switch_to: switch_to(); break;
      case Kind::resume_throw: resume_throw(); break;
      case Kind::abandon: abandon(); break;
      case Kind::return_: end_by_return(); break;
      case Kind::trap: end_by_trap(); break;
      case Kind::enter: enter(); break;
      case Kind::leave: leave(); break;
      case Kind::close: close(); break;
    }
    return effect_;
  }

 private:
  using Base::accept, Base::active_, Base::append, Base::append_with_handle, Base::assume,
      Base::choose, Base::cut, Base::demand, Base::discard_each, Base::effect_, Base::end,
      Base::entered, Base::exchange_limits, Base::find_cut, Base::get, Base::ghosts_,
      Base::give_control_to, Base::is_at_most, Base::is_fresh, Base::is_live, Base::is_not,
      Base::issue, Base::link, Base::not_reraising, Base::number, Base::one, Base::op_,
      Base::run_chain, Base::runs_a_body, Base::set, Base::used, Base::when_, Base::zero;

  // The operations.

  void cont_new() {
    const Word made = op_.new_record;
    entered();
    not_reraising();
    accept("function_is_not_null", is_not(op_.function, zero()));
    accept("layout_fits", is_at_most(op_.args_capacity, get(Field::slots, op_.new_stack)));
    assume("arity", is_at_most(op_.return_value_count, op_.args_capacity));
    choose("record_is_idle", logical_and(is_not(made, zero()), logical_not(is_live(made))));
    choose("stack_is_free", logical_and(is_not(op_.new_stack, zero()),
                                        equal(get(Field::owner, op_.new_stack), zero())));
    set(Field::state, made, number(states::fresh));
    set(Field::initial, made, zero());
    set(Field::last_ancestor, made, made);
    set(Field::stack, made, op_.new_stack);
    set(Field::owner, op_.new_stack, made);
    set(Field::args_length, made, zero());
    set(Field::args_capacity, made, op_.args_capacity);
    set(Field::return_value_count, made, op_.return_value_count);
    set(Field::reraised, made, zero());
    set(Field::limit, made, get(Field::lowest, op_.new_stack));
    set(Field::entry_frame_pointer, made, zero());
    set(Field::entry_stack_pointer, made, zero());
    set(Field::trap_handler, made, made);
    issue(made, get(Field::revision, made));
    ghosts_.make(made);
  }

  void cont_bind() {
    const Word bound = used(op_.count);
    append(bound, op_.count);
    issue(bound, get(Field::revision, bound) + one());
  }

  void resume() {
    const Word child = used(op_.count);
    append(child, op_.count);
    run_chain(child);
  }

  void resume_throw() {
    const Word child = used(zero());
    const Bit fresh = is_fresh(child);
    // A fresh continuation becomes Trapped without running, and its exception goes to the resumer.
    when_ = fresh;
    end(child, states::trapped);
    when_ = logical_not(fresh);
    run_chain(child);
    when_ = constant_bit<Bit>(true);
  }

  void suspend() {
    entered();
    not_reraising();
    find_cut(Field::suspend_clause);
    const Word handler = get(Field::parent, op_.cut);
    cut();
    exchange_limits(handler);
    set(Field::state, handler, number(states::running));
    set(Field::active, zero(), handler);
    issue(active_, get(Field::revision, active_));
    ghosts_.cut(active_, handler);
  }

  void switch_to() {
    assume("count", is_not(op_.count + one(), zero()));
    const Word next = used(op_.count + one());
    find_cut(Field::switch_clause);
    const Word handler = get(Field::parent, op_.cut);
    cut();
    append_with_handle(next, op_.count);
    link(next, handler);
    issue(active_, get(Field::revision, active_));
    ghosts_.cut(active_, next);
    ghosts_.run(next, get(Field::depth, handler));
  }

  void abandon() {
    const Word head = used(zero());
    discard_each([this, head](const Word& x) { return equal(get(Field::chain, x), head); });
  }

  // The end of a body.

  void end_by_return() {
    runs_a_body();
    assume("not_reraising", equal(get(Field::reraised, active_), zero()));
    const Word resumer = get(Field::parent, active_);
    demand("C5.results_fit", [this](const Word& x) {
      return logical_or(is_not(x, active_), is_at_most(get(Field::return_value_count, x),
                                                       get(Field::args_capacity, x)));
    });
    set(Field::args_length, active_, get(Field::return_value_count, active_));
    give_control_to(resumer);
    end(active_, states::returned);
  }

  void end_by_trap() {
    runs_a_body();
    const Bit kept = equal(op_.is_kept, one());
    // The trap came first: a later exception is dropped.
    assume("first_trap",
           logical_or(logical_not(kept), equal(get(Field::reraised, active_), zero())));
    const Word resumer = get(Field::parent, active_);
    give_control_to(resumer);
    end(active_, states::trapped);
    const Bit goes_outward =
        logical_and(logical_not(kept), equal(get(Field::initial, resumer), zero()));
    set(Field::reraised, resumer, select(goes_outward, one(), get(Field::reraised, resumer)));
  }

  // Entries, and the end of the store.

  void enter() {
    const Word made = op_.new_record;
    choose("record_is_idle", logical_and(is_not(made, zero()), logical_not(is_live(made))));
    set(Field::state, made, number(states::running));
    set(Field::initial, made, one());
    set(Field::parent, made, zero());
    set(Field::reraised, made, zero());
    set(Field::outer, made, active_);
    set(Field::outer_entry, made, get(Field::entry));
    set(Field::outer_limit, made, get(Field::active_limit));
    set(Field::outer_frame_pointer, made, get(Field::active_frame_pointer));
    set(Field::outer_stack_pointer, made, get(Field::active_stack_pointer));
    set(Field::outer_trap_handler, made, get(Field::active_trap_handler));
    const Word limit = select(equal(active_, zero()), op_.thread_limit, get(Field::active_limit));
    set(Field::active_limit, zero(), limit);
    set(Field::active_frame_pointer, zero(), op_.frame_pointer);
    set(Field::active_stack_pointer, zero(), op_.stack_pointer);
    set(Field::active_trap_handler, zero(), made);
    set(Field::active, zero(), made);
    set(Field::entry, zero(), made);
    ghosts_.enter(made);
  }

  void leave() {
    entered();
    assume("on_the_initial_stack", equal(active_, get(Field::entry)));
    set(Field::state, active_, number(states::returned));
    set(Field::active, zero(), get(Field::outer, active_));
    set(Field::entry, zero(), get(Field::outer_entry, active_));
    set(Field::active_limit, zero(), get(Field::outer_limit, active_));
    set(Field::active_frame_pointer, zero(), get(Field::outer_frame_pointer, active_));
    set(Field::active_stack_pointer, zero(), get(Field::outer_stack_pointer, active_));
    set(Field::active_trap_handler, zero(), get(Field::outer_trap_handler, active_));
    ghosts_.end(active_);
  }

  void close() {
    assume("no_entry", equal(active_, zero()));
    discard_each([this](const Word& x) { return is_live(x); });
  }
};

}  // namespace fiberproof::verify::model
