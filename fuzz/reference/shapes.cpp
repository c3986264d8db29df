#include "fuzz/reference/shapes.hpp"

#include "fuzz/reference/reference.hpp"

#include <algorithm>
#include <vector>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
using FrameKind = ReferenceStack::Frame::Kind;

constexpr std::size_t compared_max = 12;  // fuzz/run/store_judge.cpp looks at all of so many

bool has_frame(const ReferenceStack& stack, FrameKind kind) {
  return std::any_of(stack.frames.begin(), stack.frames.end(),
                     [kind](const ReferenceStack::Frame& frame) { return frame.kind == kind; });
}

/// Follows one run, and notes what it comes to.
class Spotter {
 public:
  explicit Spotter(const Program& program) : program_(program) { reference_.begin(program); }

  std::bitset<shapes> run() {
    for (;;) {
      const bool is_beside = reference_.starts().depth() > 0;
      const bool is_tight = !is_beside && reference_.arrival().kind == Arrival::Kind::started &&
                            reference_.arrival().tight;
      const Step* const step = is_tight ? nullptr : reference_.next();
      if (step == nullptr && reference_.running() == 0 && !is_beside) {
        return found_;
      }
      take(step, is_beside);
    }
  }

 private:
  void found(Shape shape, bool is_so = true) {
    if (is_so) found_.set(static_cast<std::size_t>(shape));
  }
  const ReferenceStack& stack(StackIndex index) const { return reference_.stack(index); }

  void take(const Step* step, bool is_beside) {
    const StackIndex on = reference_.running();
    const std::uint8_t store = stack(on).store;
    const bool was_reraised = stack(on).reraised.has_value();
    Reference::Slot used;
    StackIndex used_last = no_stack;
    bool holds_one_up = false;
    if (step != nullptr && !is_beside) {
      used = reference_.slot(step->handle);
      if (used.stack != no_stack) {
        used_last = stack(used.stack).last_ancestor;
        holds_one_up = stack(used.stack).destructor_count() != 0;
      }
    }
    step == nullptr ? reference_.end_of_steps() : reference_.take();
    if (is_beside || reference_.skipped()) return;
    const Arrival& arrival = reference_.arrival();
    look_at_arrival(arrival, on, store, was_reraised);
    if (step == nullptr || arrival.kind == Arrival::Kind::refused) return;
    const bool is_chain = used.stack != no_stack && used_last != used.stack;
    switch (step->kind) {
      case Kind::new_: return look_at_new();
      case Kind::suspend: return look_at_suspend(on);
      case Kind::switch_:
        found(Shape::switch_to_a_chain, is_chain);
        found(Shape::switch_that_cuts_a_chain, stack(on).last_ancestor != on);
        found(Shape::switch_to_what_a_switch_cut, at(cut_by_switch_, used.stack) != 0);
        at(cut_by_switch_, on) = 1;
        return attach(used.stack, used_last);
      case Kind::drop:
        found(Shape::drop_of_a_chain, is_chain);
        return found(Shape::drop_with_an_exception_on_its_way, holds_one_up);
      case Kind::throw_into: return found(Shape::throw_into_a_chain, is_chain);
      case Kind::resume:
        found(Shape::resume_on_another_thread, has_moved_ && used.stack < first_after_move_ &&
                                                   arrival.kind == Arrival::Kind::resumed);
        found(Shape::revision_beyond_32_bits,
              program_.revisions <= ~std::uint32_t{0} &&
                  program_.revisions + stack(used.stack).uses > ~std::uint32_t{0});
        return attach(used.stack, used_last);
      case Kind::enter:
      case Kind::enter_other: return look_at_entries();
      case Kind::move:
        has_moved_ = true;
        first_after_move_ = static_cast<StackIndex>(reference_.stack_count());
        return found(Shape::move_with_a_suspended_chain, is_any_suspended());
      default: return;
    }
  }

  void look_at_arrival(const Arrival& arrival, StackIndex on, std::uint8_t store,
                       bool was_reraised) {
    const bool is_thrown =
        arrival.kind == Arrival::Kind::caught || arrival.kind == Arrival::Kind::cleaning;
    const StackIndex now = reference_.running();
    if (is_thrown) {
      found(Shape::catch_in_a_destructor,
            arrival.kind == Arrival::Kind::caught && has_frame(stack(now), FrameKind::destructor));
      found(Shape::throw_out_of_the_other_store, stack(now).store != store);
      found(Shape::throw_through_an_entry, now != on && is_inside_an_entry_of(on, now));
    }
    found(Shape::trap_through_two_stacks, arrival.kind == Arrival::Kind::trapped && was_reraised);
    if (arrival.kind == Arrival::Kind::suspended || arrival.kind == Arrival::Kind::resumed) {
      found(Shape::values_across_beyond_8_bits, arrival.values.size() > 0xff);
    }
  }

  void look_at_new() {
    found(Shape::more_alive_than_are_compared, reference_.live().size() > compared_max);
    const StackIndex made = reference_.arrival().handle;
    found(Shape::number_beyond_16_bits,
          program_.numbers <= 0xffff && program_.numbers + stack(made).number > 0xffff);
  }

  void look_at_suspend(StackIndex on) {
    const Arrival& arrival = reference_.arrival();
    const Step& resume = *stack(arrival.stack).resume;
    const bool is_later = arrival.clause > resume.before;
    const bool is_beyond = stack(on).last_ancestor != on;
    found(Shape::suspend_by_a_later_clause, is_later);
    found(Shape::suspend_beyond_the_nearest_stack, is_beyond);
    found(Shape::suspend_by_a_later_clause_beyond_the_nearest_stack, is_later && is_beyond);
    found(Shape::suspend_under_another_parent, at(has_other_parent_, stack(on).last_ancestor) != 0);
    found(Shape::suspend_in_a_handler, has_frame(stack(on), FrameKind::handler));
    found(Shape::suspend_in_a_destructor, has_frame(stack(on), FrameKind::destructor));
    found(Shape::clause_beyond_8_bits, arrival.clause > 0xff);
    found(Shape::clause_beyond_16_bits, arrival.clause > 0xffff);
    at(cut_by_switch_, on) = 0;
  }

  /// The chain that `head` was the head of is under a parent: another one than before?
  void attach(StackIndex head, StackIndex last) {
    if (head == no_stack) return;
    const StackIndex parent = stack(last).parent;
    StackIndex& before = at(parents_, last);
    at(has_other_parent_, last) |= before != 0 && before != parent + 1 ? 1 : 0;
    before = parent + 1;
    at(cut_by_switch_, head) = 0;
  }

  void look_at_entries() {
    std::uint32_t entries = 1;
    StackIndex index = reference_.running();
    const std::uint8_t store = stack(index).store;
    bool was_left = false;
    for (; index != no_stack; index = reference_.next_outward(index)) {
      if (!stack(index).initial) continue;
      entries += index != 0 ? 1 : 0;
      was_left = was_left || stack(index).store != store;
      found(Shape::store_entered_inside_another_of_its_own,
            was_left && stack(index).store == store);
    }
    found(Shape::entries_at_their_limit, entries == run_bounds::entries);
  }

  bool is_inside_an_entry_of(StackIndex on, StackIndex now) const {
    for (StackIndex index = on; index != no_stack; index = reference_.next_outward(index)) {
      if (index == now) return false;
      if (stack(index).initial) return true;
    }
    return false;
  }

  bool is_any_suspended() const {
    const auto live = reference_.live();
    return std::any_of(live.begin(), live.end(), [this](StackIndex index) {
      return stack(index).state == ReferenceStack::State::suspended;
    });
  }

  static StackIndex& at(std::vector<StackIndex>& notes, StackIndex index) {
    if (notes.size() <= index) notes.resize(index + 1);
    return notes[index];
  }

  const Program& program_;
  Reference reference_;
  std::bitset<shapes> found_;
  std::vector<StackIndex> cut_by_switch_;     // by stack: 1 where so
  std::vector<StackIndex> has_other_parent_;  // likewise
  std::vector<StackIndex> parents_;           // by last ancestor: the latest, and 1
  bool has_moved_ = false;
  StackIndex first_after_move_ = 0;
};

}  // namespace

const std::array<std::string_view, shapes> shape_words = {
    "suspend by a later clause",
    "suspend beyond the nearest stack",
    "suspend by a later clause beyond the nearest stack",
    "suspend under another parent",
    "suspend in a handler",
    "suspend in a destructor",
    "catch in a destructor",
    "drop with an exception on its way",
    "drop of a chain",
    "throw into a chain",
    "throw through an entry",
    "throw out of the other store",
    "trap through two stacks",
    "switch to a chain",
    "switch that cuts a chain",
    "switch to what a switch cut",
    "entries at their limit",
    "store entered inside another of its own",
    "more alive than are compared",
    "move with a suspended chain",
    "resume on another thread",
    "number beyond 16 bits",
    "revision beyond 32 bits",
    "clause beyond 8 bits",
    "clause beyond 16 bits",
    "values across beyond 8 bits",
};

std::bitset<shapes> shapes_of(const Program& program) {
  return Spotter(program).run();
}

}  // namespace fiberproof::fuzz
