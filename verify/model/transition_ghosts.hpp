// The transitions' writes to ghosts: the chain and depth of each stack, its own limits, the values
// it was sent. Nothing here affects the machine.
#pragma once

#include "verify/model/effect.hpp"

namespace fiberproof::verify::model {

template <class Word, class Bit, class State>
class Ghosts {
 public:
  /// `when` holds where the current part of the transition takes place.
  Ghosts(const State& before, const Operation<Word>& operation, Effect<Word, Bit>& effect,
         const Bit& when)
      : s_(before), op_(operation), effect_(effect), when_(when) {}

  /// A fresh continuation, alone on its chain.
  void make(const Word& x) {
    set(Field::chain, x, x);
    set(Field::end, x, x);
    set(Field::depth, x, zero());
    set(Field::own_limit, x, get(Field::lowest, op_.new_stack));
    set(Field::own_frame_pointer, x, zero());
    set(Field::own_stack_pointer, x, zero());
    set(Field::takes_values, x, zero());
    set(Field::sent, x, zero());
  }

  void enter(const Word& x) {
    const Word level = get(Field::level, get(Field::entry));
    assume("fewer_entries_than_2_64", logical_not(equal(level + one(), zero())));
    set(Field::chain, x, x);
    set(Field::end, x, x);
    set(Field::depth, x, zero());
    set(Field::level, x, level + one());
    const Word active = get(Field::active);
    set(Field::own_limit, x,
        select(equal(active, zero()), op_.thread_limit, get(Field::own_limit, active)));
    set(Field::own_frame_pointer, x, op_.frame_pointer);
    set(Field::own_stack_pointer, x, op_.stack_pointer);
  }

  void use(const Word& handle) { set(Field::uses, handle, get(Field::uses, handle) + one()); }

  void send(const Word& x, const Word& count, const Word& value) {
    set(Field::sent, x, get(Field::sent, x) + count);
    set(Field::sent_value, x, sent_value(x, count, value));
  }

  /// Also a handle, after `count` values.
  void send_handle(const Word& x, const Word& count, const Word& value, const Word& handle) {
    const Word sent = get(Field::sent, x) + count;
    set(Field::sent, x, sent + one());
    set(Field::sent_value, x,
        select(equal(get(Field::place), sent), handle, sent_value(x, count, value)));
  }

  /// `next` becomes the innermost stack of the chain of `inner`.
  void join(const Word& inner, const Word& next) {
    write(Field::chain, of_chain(inner), [next](const Word&) { return next; });
  }

  /// The chain of `child` continues outward on a stack of depth `depth`.
  void run(const Word& child, const Word& depth) {
    const Word more = depth + one();
    assume("fewer_stacks_than_2_64",
           logical_and(logical_not(less(more, depth)),
                       logical_not(less(get(Field::depth, child) + more, more))));
    write(Field::end, of_chain(child),
          [end = get(Field::end, get(Field::active))](const Word&) { return end; });
    write(Field::depth, of_chain(child),
          [this, more](const Word& x) { return get(Field::depth, x) + more; });
    const Bit fresh = equal(get(Field::state, child), zero());
    set(Field::own_frame_pointer, child,
        select(fresh, op_.frame_pointer, get(Field::own_frame_pointer, child)));
    set(Field::own_stack_pointer, child,
        select(fresh, op_.stack_pointer, get(Field::own_stack_pointer, child)));
  }

  /// The chain of `self` ends at the cut; the stacks beyond belong to the chain of `next`.
  void cut(const Word& self, const Word& next) {
    const Word depth = get(Field::depth, op_.cut);
    const auto is_taken_along = [this, depth](const Word& x) {
      return logical_not(less(get(Field::depth, x), depth));
    };
    write(Field::chain, of_chain(self), [is_taken_along, self, next](const Word& x) {
      return select(is_taken_along(x), self, next);
    });
    write(Field::end, of_chain(self), [this, is_taken_along](const Word& x) {
      return select(is_taken_along(x), op_.cut, get(Field::end, x));
    });
    write(Field::depth, of_chain(self), [this, is_taken_along, depth](const Word& x) {
      const Word old = get(Field::depth, x);
      return select(is_taken_along(x), old - depth, old);
    });
    set(Field::takes_values, self, one());
    set(Field::sent, self, zero());
  }

  void end(const Word& x) { set(Field::chain, x, zero()); }

  template <class Which>
  void end_each(Which which) {
    write(Field::chain, which, [](const Word&) { return constant<Word>(0); });
  }

 private:
  Word sent_value(const Word& x, const Word& count, const Word& value) const {
    const Word place = get(Field::place);
    const Word sent = get(Field::sent, x);
    const Bit is_it = logical_and(logical_not(less(place, sent)), less(place - sent, count));
    return select(is_it, value, get(Field::sent_value, x));
  }

  std::function<Bit(const Word&)> of_chain(const Word& head) const {
    return [this, head](const Word& x) { return equal(get(Field::chain, x), head); };
  }

  Word get(Field field) const { return s_.read(field, zero()); }
  Word get(Field field, const Word& of) const { return s_.read(field, of); }
  void set(Field field, const Word& of, const Word& value) {
    write(
        field, [of](const Word& x) { return equal(x, of); },
        [value](const Word&) { return value; });
  }
  void write(Field field, std::function<Bit(const Word&)> where,
             std::function<Word(const Word&)> value) {
    effect_.writes.push_back({field,
                              [where = std::move(where), when = when_](const Word& x) {
                                return logical_and(when, where(x));
                              },
                              std::move(value)});
  }
  void assume(std::string_view name, const Bit& holds) { effect_.assumed.push_back({name, holds}); }
  static Word zero() { return constant<Word>(0); }
  static Word one() { return constant<Word>(1); }

  const State& s_;
  const Operation<Word>& op_;
  Effect<Word, Bit>& effect_;
  const Bit& when_;
};

}  // namespace fiberproof::verify::model
