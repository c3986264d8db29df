// A state of the machine in the terms of the rules; clauses are made of these.
#pragma once

#include "verify/model/fields.hpp"
#include "verify/smt/word.hpp"

#include <array>

namespace fiberproof::verify::model {

template <class Word, class Bit, class State>
class View {
 public:
  explicit View(const State& state) : s_(state) {}

  Word get(Field field) const { return s_.read(field, number(0)); }
  Word get(Field field, const Word& of) const { return s_.read(field, of); }

  // Records.

  Bit is(const Word& x, std::uint64_t state) const {
    return equal(get(Field::state, x), number(state));
  }
  Bit is_live(const Word& x) const {
    return logical_not(logical_or(is(x, states::returned), is(x, states::trapped)));
  }
  Bit is_initial(const Word& x) const { return is_not_zero(get(Field::initial, x)); }
  Bit is_continuation(const Word& x) const { return both(is_live(x), logical_not(is_initial(x))); }
  /// A stack of an open entry.
  Bit is_entry(const Word& x) const { return both(is_live(x), is_initial(x)); }
  /// The innermost stack of a chain that a handle can name.
  Bit waits(const Word& x) const {
    return logical_or(is(x, states::fresh), is(x, states::suspended));
  }
  Word chain(const Word& x) const { return get(Field::chain, x); }
  Word depth(const Word& x) const { return get(Field::depth, x); }
  Word parent(const Word& x) const { return get(Field::parent, x); }
  /// Whether it owns its stack.
  Bit holds_its_stack(const Word& x) const {
    const Word stack = get(Field::stack, x);
    return both(is_not_zero(stack), equal(get(Field::owner, stack), x));
  }
  /// The buffer that receives values sent to it.
  Word buffer(Field args, Field values, const Word& x) const {
    return select(is_not_zero(get(Field::takes_values, x)), get(values, x), get(args, x));
  }

  // The store.

  Word active() const { return get(Field::active); }
  Word entry() const { return get(Field::entry); }

  // Handles.

  Word record(const Word& handle) const { return get(Field::record, handle); }
  Bit is_issued(const Word& handle) const { return is_not_zero(get(Field::issued, handle)); }
  /// The revision in the handle; that of its record.
  Word revision_of(const Word& handle) const { return get(Field::handle_revision, handle); }
  Word revision_named(const Word& handle) const { return get(Field::revision, record(handle)); }
  /// A handle that works.
  Bit is_good(const Word& handle) const {
    return both(is_issued(handle), equal(revision_of(handle), revision_named(handle)));
  }

  // Words.

  static Word number(std::uint64_t value) { return constant<Word>(value); }
  static Bit is_not_zero(const Word& a) { return logical_not(equal(a, number(0))); }
  static Bit is_zero(const Word& a) { return equal(a, number(0)); }
  static Bit at_most(const Word& a, const Word& b) { return logical_not(less(b, a)); }
  static Bit both(const Bit& a, const Bit& b) { return logical_and(a, b); }
  static Bit implies(const Bit& a, const Bit& b) { return logical_or(logical_not(a), b); }
  static Bit same_truth(const Bit& a, const Bit& b) { return logical_not(logical_xor(a, b)); }
  template <std::size_t count>
  static Bit all(const std::array<Bit, count>& bits) {
    Bit result = constant_bit<Bit>(true);
    for (const Bit& bit : bits) result = both(result, bit);
    return result;
  }

 private:
  const State& s_;
};

}  // namespace fiberproof::verify::model
