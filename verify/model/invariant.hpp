// The invariant of the continuation machine, clause by clause, for any Word. A clause speaks of one
// or two arbitrary objects of a sort, and is named for the rule of SPEC.md that it belongs to.
//
// The rules about chains follow from the clauses by counting down `depth`: going to the parent as
// often as a stack is deep, one stays on its chain, reaches its only stack without a parent, and
// has met every stack further out once.
#pragma once

#include "verify/model/view.hpp"

#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

template <class Word, class Bit, class State>
struct Clause {
  using V = const View<Word, Bit, State>&;
  using W = const Word&;

  std::string_view name;  ///< ID.label
  Sort sort;
  bool is_of_two;
  Bit (*holds)(V, W x, W y);  ///< for all objects x and, in clauses about two, y
};

template <class Word, class Bit, class State>
class Invariant {
  using ClauseHere = Clause<Word, Bit, State>;
  using V = typename ClauseHere::V;
  using W = typename ClauseHere::W;
  using Here = View<Word, Bit, State>;

 public:
  static std::vector<ClauseHere> clauses() {
    std::vector<ClauseHere> all;
    add_c1(all);
    add_c2(all);
    add_c2_entries(all);
    add_c3_and_c4(all);
    add_c5(all);
    add_c7(all);
    return all;
  }

 private:
  static void add_c1(std::vector<ClauseHere>& all) {
    all.push_back({"C1.a_handle_works_at_most_once", Sort::handle, false, [](V v, W h, W) {
                     return Here::at_most(v.get(Field::uses, h), Here::number(1));
                   }});
    all.push_back(
        {"C1.a_used_handle_is_of_an_older_revision", Sort::handle, false, [](V v, W h, W) {
           return Here::implies(Here::is_not_zero(v.get(Field::uses, h)),
                                less(v.revision_of(h), v.revision_named(h)));
         }});
    all.push_back({"C1.no_handle_is_of_a_later_revision", Sort::handle, false, [](V v, W h, W) {
                     return Here::implies(v.is_issued(h),
                                          Here::at_most(v.revision_of(h), v.revision_named(h)));
                   }});
    all.push_back({"C1.a_good_handle_names_what_waits", Sort::handle, false,
                   [](V v, W h, W) { return Here::implies(v.is_good(h), v.waits(v.record(h))); }});
    all.push_back({"C1.no_two_handles_are_alike", Sort::handle, true, [](V v, W h, W g) {
                     const Bit alike = Here::all(
                         std::array{v.is_issued(h), v.is_issued(g), equal(v.record(h), v.record(g)),
                                    equal(v.revision_of(h), v.revision_of(g))});
                     return Here::implies(alike, equal(h, g));
                   }});
    all.push_back({"C1.what_was_not_given_out_was_not_used", Sort::handle, false, [](V v, W h, W) {
                     return logical_or(v.is_issued(h), Here::is_zero(v.get(Field::uses, h)));
                   }});
  }

  static void add_c2(std::vector<ClauseHere>& all) {
    all.push_back({"C2.nothing_is_no_record", Sort::store, false, [](V v, W zero, W) {
                     return Here::all(
                         std::array{v.is(zero, states::trapped), Here::is_zero(v.chain(zero)),
                                    Here::is_zero(v.get(Field::level, zero)),
                                    Here::is_zero(v.get(Field::initial, zero)),
                                    Here::is_zero(v.get(Field::own_limit, zero)),
                                    Here::is_zero(v.get(Field::own_frame_pointer, zero)),
                                    Here::is_zero(v.get(Field::own_stack_pointer, zero)),
                                    Here::is_zero(v.get(Field::reraised, zero))});
                   }});
    all.push_back({"C2.a_state_is_one_of_six", Sort::record, false, [](V v, W x, W) {
                     return Here::at_most(v.get(Field::state, x), Here::number(states::trapped));
                   }});
    all.push_back({"C2.a_parent_is_one_further_out", Sort::record, false, [](V v, W x, W) {
                     const Word p = v.parent(x);
                     return Here::implies(
                         Here::both(v.is_live(x), Here::is_not_zero(p)),
                         Here::all(std::array{v.is_live(p), equal(v.chain(p), v.chain(x)),
                                              less(v.depth(p), v.depth(x)),
                                              equal(v.depth(p) + Here::number(1), v.depth(x))}));
                   }});
    all.push_back({"C2.a_chain_ends_at_depth_zero", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(
                         v.is_live(x),
                         Here::same_truth(Here::is_zero(v.parent(x)), Here::is_zero(v.depth(x))));
                   }});
    all.push_back({"C2.a_chain_is_a_line", Sort::record, true, [](V v, W x, W y) {
                     const Bit alike = Here::all(std::array{v.is_live(x), v.is_live(y),
                                                            equal(v.chain(x), v.chain(y)),
                                                            equal(v.depth(x), v.depth(y))});
                     return Here::implies(alike, equal(x, y));
                   }});
    all.push_back({"C2.a_chain_has_an_innermost_stack", Sort::record, false, [](V v, W x, W) {
                     const Word head = v.chain(x);
                     return Here::implies(
                         v.is_live(x),
                         Here::all(std::array{v.is_live(head), equal(v.chain(head), head),
                                              Here::at_most(v.depth(x), v.depth(head))}));
                   }});
    all.push_back({"C2.a_chain_has_an_outermost_stack", Sort::record, false, [](V v, W x, W) {
                     const Word end = v.get(Field::end, x);
                     return Here::implies(
                         v.is_live(x),
                         Here::all(std::array{v.is_live(end), equal(v.chain(end), v.chain(x)),
                                              Here::is_zero(v.depth(end))}));
                   }});
    all.push_back({"C2.the_others_are_parents", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(v.is_live(x),
                                          Here::same_truth(v.is(x, states::parent),
                                                           logical_not(equal(v.chain(x), x))));
                   }});
    all.push_back({"C2.what_has_ended_is_on_no_chain", Sort::record, false, [](V v, W x, W) {
                     return logical_or(v.is_live(x), Here::both(Here::is_zero(v.chain(x)),
                                                                Here::is_zero(v.parent(x))));
                   }});
    all.push_back(
        {"C2.a_running_chain_ends_in_an_initial_stack", Sort::record, false, [](V v, W x, W) {
           const Bit is_end = Here::both(v.is_live(x), Here::is_zero(v.depth(x)));
           return Here::implies(
               is_end, Here::same_truth(v.is(v.chain(x), states::running), v.is_initial(x)));
         }});
    all.push_back({"C2.an_initial_stack_ends_a_chain", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(v.is_entry(x), Here::is_zero(v.depth(x)));
                   }});
    all.push_back({"C2.a_fresh_continuation_is_alone", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(v.is(x, states::fresh), Here::is_zero(v.depth(x)));
                   }});
    all.push_back({"C2.only_a_running_body_reraises", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(
                         Here::both(v.is_live(x), Here::is_not_zero(v.get(Field::reraised, x))),
                         Here::both(v.is(x, states::running), logical_not(v.is_initial(x))));
                   }});
  }

  static void add_c2_entries(std::vector<ClauseHere>& all) {
    all.push_back(
        {"C2.the_active_stack_runs_in_the_innermost_entry", Sort::store, false, [](V v, W, W) {
           const Word active = v.active();
           const Bit entered = Here::is_not_zero(active);
           return logical_and(
               Here::same_truth(entered, Here::is_not_zero(v.entry())),
               Here::implies(entered, Here::all(std::array{v.is(active, states::running),
                                                           v.is_entry(v.entry()),
                                                           equal(v.chain(v.entry()), active)})));
         }});
    all.push_back({"C2.every_entry_has_a_running_stack", Sort::record, false, [](V v, W e, W) {
                     return Here::implies(v.is_entry(e), v.is(v.chain(e), states::running));
                   }});
    all.push_back(
        {"C2.entries_nest", Sort::record, false, [](V v, W e, W) {
           const Word level = v.get(Field::level, e);
           const Word outer = v.get(Field::outer, e);
           const Word around = v.get(Field::outer_entry, e);
           const Bit is_outermost = Here::both(Here::is_zero(outer), Here::is_zero(around));
           const Bit is_inside = Here::all(std::array{
               v.is_entry(around), equal(v.chain(around), outer), v.is(outer, states::running)});
           return Here::implies(
               v.is_entry(e),
               Here::all(std::array{Here::is_not_zero(level),
                                    Here::at_most(level, v.get(Field::level, v.entry())),
                                    equal(v.get(Field::level, around) + Here::number(1), level),
                                    logical_or(is_outermost, is_inside)}));
         }});
    all.push_back({"C2.entries_are_a_line", Sort::record, true, [](V v, W e, W f) {
                     const Bit alike = Here::all(
                         std::array{v.is_entry(e), v.is_entry(f),
                                    equal(v.get(Field::level, e), v.get(Field::level, f))});
                     return Here::implies(alike, equal(e, f));
                   }});
  }

  static void add_c3_and_c4(std::vector<ClauseHere>& all) {
    all.push_back({"C3.the_last_ancestor_ends_the_chain", Sort::record, false, [](V v, W x, W) {
                     const Word last = v.get(Field::last_ancestor, x);
                     return Here::implies(
                         v.waits(x),
                         Here::all(std::array{v.is_continuation(last), equal(v.chain(last), x),
                                              Here::is_zero(v.parent(last))}));
                   }});
    all.push_back(
        {"C4.limits_are_the_running_stacks", Sort::store, false, [](V v, W, W) {
           const Word active = v.active();
           return Here::all(std::array{
               equal(v.get(Field::active_limit), v.get(Field::own_limit, active)),
               equal(v.get(Field::active_frame_pointer), v.get(Field::own_frame_pointer, active)),
               equal(v.get(Field::active_stack_pointer), v.get(Field::own_stack_pointer, active)),
               equal(v.get(Field::active_trap_handler), active)});
         }});
    all.push_back(
        {"C4.what_waits_keeps_its_limits", Sort::record, false, [](V v, W x, W) {
           return Here::implies(
               Here::both(v.is_live(x), logical_not(v.is(x, states::running))),
               Here::all(std::array{
                   equal(v.get(Field::limit, x), v.get(Field::own_limit, x)),
                   equal(v.get(Field::entry_frame_pointer, x), v.get(Field::own_frame_pointer, x)),
                   equal(v.get(Field::entry_stack_pointer, x), v.get(Field::own_stack_pointer, x)),
                   equal(v.get(Field::trap_handler, x), x)}));
         }});
    all.push_back({"C4.an_entry_keeps_the_limits_around_it", Sort::record, false, [](V v, W e, W) {
                     const Word outer = v.get(Field::outer, e);
                     return Here::implies(
                         v.is_entry(e),
                         Here::all(std::array{
                             equal(v.get(Field::outer_limit, e), v.get(Field::own_limit, outer)),
                             equal(v.get(Field::outer_frame_pointer, e),
                                   v.get(Field::own_frame_pointer, outer)),
                             equal(v.get(Field::outer_stack_pointer, e),
                                   v.get(Field::own_stack_pointer, outer)),
                             equal(v.get(Field::outer_trap_handler, e), outer)}));
                   }});
    all.push_back({"C4.a_limit_is_that_of_the_stack", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(v.is_continuation(x),
                                          equal(v.get(Field::own_limit, x),
                                                v.get(Field::lowest, v.get(Field::stack, x))));
                   }});
    all.push_back(
        {"C4.an_entry_has_the_limit_of_the_stack_it_is_on", Sort::record, false, [](V v, W e, W) {
           const Word outer = v.get(Field::outer, e);
           return Here::implies(Here::both(v.is_entry(e), Here::is_not_zero(outer)),
                                equal(v.get(Field::own_limit, e), v.get(Field::own_limit, outer)));
         }});
  }

  static void add_c5(std::vector<ClauseHere>& all) {
    all.push_back({"C5.args_fit", Sort::record, false, [](V v, W x, W) {
                     const Word capacity = v.get(Field::args_capacity, x);
                     return Here::implies(
                         v.is_continuation(x),
                         Here::both(Here::at_most(v.get(Field::args_length, x), capacity),
                                    Here::at_most(v.get(Field::return_value_count, x), capacity)));
                   }});
    all.push_back({"C5.values_fit", Sort::record, false, [](V v, W x, W) {
                     return Here::at_most(v.get(Field::values_length, x),
                                          v.get(Field::values_capacity, x));
                   }});
    all.push_back({"C5.what_is_fresh_takes_args", Sort::record, false, [](V v, W x, W) {
                     const Bit takes_values = Here::is_not_zero(v.get(Field::takes_values, x));
                     return Here::both(
                         Here::implies(v.is(x, states::fresh), logical_not(takes_values)),
                         Here::implies(v.is(x, states::suspended), takes_values));
                   }});
    all.push_back(
        {"C5.as_many_values_arrive_as_were_sent", Sort::record, false, [](V v, W x, W) {
           return Here::implies(
               v.is_continuation(x),
               equal(v.buffer(Field::args_length, Field::values_length, x), v.get(Field::sent, x)));
         }});
    all.push_back(
        {"C5.values_arrive_unchanged_and_in_order", Sort::record, false, [](V v, W x, W) {
           return Here::implies(
               Here::both(v.is_continuation(x), less(v.get(Field::place), v.get(Field::sent, x))),
               equal(v.buffer(Field::args_value, Field::values_value, x),
                     v.get(Field::sent_value, x)));
         }});
  }

  static void add_c7(std::vector<ClauseHere>& all) {
    all.push_back({"C7.a_live_continuation_has_its_stack", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(v.is_continuation(x), v.holds_its_stack(x));
                   }});
    all.push_back(
        {"C7.a_held_stack_is_of_a_live_continuation", Sort::stack, false, [](V v, W s, W) {
           const Word owner = v.get(Field::owner, s);
           return Here::implies(
               Here::is_not_zero(owner),
               Here::both(v.is_continuation(owner), equal(v.get(Field::stack, owner), s)));
         }});
    all.push_back({"C7.no_two_continuations_share_a_stack", Sort::record, true, [](V v, W x, W y) {
                     const Bit share = Here::all(
                         std::array{v.is_continuation(x), v.is_continuation(y),
                                    equal(v.get(Field::stack, x), v.get(Field::stack, y))});
                     return Here::implies(share, equal(x, y));
                   }});
    all.push_back({"C7.what_a_good_handle_reaches_is_held", Sort::handle, false, [](V v, W h, W) {
                     const Word last = v.get(Field::last_ancestor, v.record(h));
                     return Here::implies(v.is_good(h), Here::both(v.holds_its_stack(v.record(h)),
                                                                   v.holds_its_stack(last)));
                   }});
    all.push_back({"C7.what_a_stack_returns_to_is_held", Sort::record, false, [](V v, W x, W) {
                     const Word p = v.parent(x);
                     return Here::implies(Here::both(v.is_live(x), Here::is_not_zero(p)),
                                          logical_or(v.is_entry(p), v.holds_its_stack(p)));
                   }});
    all.push_back({"C7.with_no_entry_open_every_chain_waits", Sort::record, false, [](V v, W x, W) {
                     return Here::implies(Here::both(v.is_live(x), Here::is_zero(v.active())),
                                          v.waits(v.chain(x)));
                   }});
  }
};

}  // namespace fiberproof::verify::model
