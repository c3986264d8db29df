// The state after a transition, and the claims about every step beside the invariant.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/model/view.hpp"

#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

/// Whether the operation is accepted.
template <class Word, class Bit>
Bit is_accepted(const Effect<Word, Bit>& effect) {
  Bit result = constant_bit<Bit>(true);
  for (const auto& condition : effect.accepted) result = logical_and(result, condition.holds);
  return result;
}

/// The state that `effect` makes of `before`; both must outlive it.
template <class Word, class Bit, class State>
class After {
 public:
  After(const State& before, const Effect<Word, Bit>& effect)
      : before_(before), effect_(effect), accepted_(is_accepted(effect)) {}

  Word read(Field field, const Word& of) const {
    Word value = before_.read(field, of);
    for (const auto& write : effect_.writes) {
      if (write.field != field) continue;
      value = select(logical_and(accepted_, write.where(of)), write.value(of), value);
    }
    return value;
  }
  const Bit& accepted() const { return accepted_; }

 private:
  const State& before_;
  const Effect<Word, Bit>& effect_;
  Bit accepted_;
};

/// A claim about an arbitrary object and the states before and after a step.
template <class Word, class Bit, class State>
struct StepClaim {
  using Before = const View<Word, Bit, State>&;
  using AfterState = After<Word, Bit, State>;
  using Then = const View<Word, Bit, AfterState>&;

  std::string_view name;
  Bit (*holds)(Before, Then, const Operation<Word>&, const Bit& accepted, const Word& x);
};

template <class Word, class Bit, class State>
class StepClaims {
  using Claim = StepClaim<Word, Bit, State>;
  using Before = typename Claim::Before;
  using Then = typename Claim::Then;
  using Op = const Operation<Word>&;
  using B = const Bit&;
  using W = const Word&;
  using Here = View<Word, Bit, State>;

 public:
  static std::vector<Claim> claims() {
    return {
        {"C1.revisions_never_go_back",
         [](Before before, Then after, Op, B, W x) {
           return Here::at_most(before.get(Field::revision, x), after.get(Field::revision, x));
         }},
        {"C1.a_use_raises_the_revision",
         [](Before before, Then after, Op op, B accepted, W) {
           const Word record = before.record(op.handle);
           return Here::implies(
               Here::both(accepted, uses_a_handle(op)),
               less(before.get(Field::revision, record), after.get(Field::revision, record)));
         }},
        {"C1.a_consumed_handle_is_refused",
         [](Before before, Then, Op op, B accepted, W) {
           const Bit is_used = Here::is_not_zero(before.get(Field::uses, op.handle));
           return logical_not(logical_and(Here::both(accepted, uses_a_handle(op)), is_used));
         }},
        {"C1.a_null_handle_is_refused",
         [](Before, Then, Op op, B accepted, W) {
           return logical_not(
               logical_and(Here::both(accepted, uses_a_handle(op)), Here::is_zero(op.handle)));
         }},
        {"C2.a_reraised_trap_refuses_every_operation",
         [](Before before, Then, Op op, B accepted, W) {
           const Bit is_operation = constant_bit<Bit>(op.kind <= Kind::abandon);
           return Here::implies(Here::both(is_operation, Here::is_not_zero(before.get(
                                                             Field::reraised, before.active()))),
                                logical_not(accepted));
         }},
        {"C2.a_trap_without_an_exception_goes_outward",
         [](Before before, Then after, Op op, B, W) {
           const Word resumer = before.parent(before.active());
           const Bit goes_on = constant_bit<Bit>(op.kind == Kind::trap);
           return Here::implies(Here::all(std::array{goes_on, Here::is_zero(op.is_kept),
                                                     logical_not(before.is_initial(resumer))}),
                                Here::is_not_zero(after.get(Field::reraised, after.active())));
         }},
        {"C2.what_ends_gives_the_control_to_its_parent",
         [](Before before, Then after, Op op, B, W) {
           const bool ends = op.kind == Kind::return_ || op.kind == Kind::trap;
           return Here::implies(constant_bit<Bit>(ends),
                                equal(after.active(), before.parent(before.active())));
         }},
        {"C5.other_buffers_are_left_alone",
         [](Before before, Then after, Op op, B, W x) {
           Bit unchanged = constant_bit<Bit>(true);
           for (const Field field :
                {Field::args_length, Field::args_capacity, Field::args_value, Field::values_length,
                 Field::values_capacity, Field::values_value}) {
             unchanged = Here::both(unchanged, equal(before.get(field, x), after.get(field, x)));
           }
           const Bit is_concerned =
               logical_or(equal(x, before.active()),
                          Here::both(uses_a_handle(op), equal(x, before.record(op.handle))));
           return logical_or(
               unchanged, logical_or(is_concerned,
                                     logical_not(Here::both(before.is_live(x), after.is_live(x)))));
         }},
        {"C7.all_are_freed_in_the_end",
         [](Before, Then after, Op op, B, W x) {
           return Here::implies(constant_bit<Bit>(op.kind == Kind::close),
                                Here::both(logical_not(after.is_live(x)),
                                           Here::is_zero(after.get(Field::owner, x))));
         }},
    };
  }

 private:
  static Bit uses_a_handle(Op op) { return constant_bit<Bit>(model::uses_a_handle(op.kind)); }
};

}  // namespace fiberproof::verify::model
