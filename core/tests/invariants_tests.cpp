// The other tests rely on check_invariants, so each invariant is shown to detect a violation: a
// correct store is broken in one place at a time.
#include "core/invariants.hpp"

#include "core/tests/checked.hpp"
#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <span>

namespace fiberproof {
namespace {

const NamedTag yield("yield");

const Body nothing(2, 2, [](std::span<Value>) {});

/// A store with a chain of two on the initial stack, a suspended chain of three, and a fresh one;
/// the test is the inner body of the active chain.
class invariants : public testing::Test {
 protected:
  /// Runs `test` there, which breaks something in each of its death tests.
  template <class Test>
  void in_body(Test test) {
    const Entry entry(store_);
    DeepChain suspends([](Store& store) {
      checked::suspend(store, yield.tag);
      return Value{};
    });
    fresh_ = checked::cont_new(store_, nothing).record;
    last_ = checked::cont_new(store_, suspends).record;
    head_ =
        checked::resume_to_suspension(store_, {last_, 0}, yield.suspends, numbers(3)).handle.record;
    middle_ = static_cast<Continuation*>(head_->parent);
    DeepChain active([&](Store&) {
      self_ = static_cast<Continuation*>(store_.active);
      parent_ = static_cast<Continuation*>(self_->parent);
      initial_ = parent_->parent;
      check_invariants(store_);
      test();
      check_invariants(store_);
      return Value{};
    });
    checked::resume_to_end(store_, checked::cont_new(store_, active), numbers(2));
  }

  void check() const { check_invariants(store_); }

  Store store_{{.stack_bytes = 256 * 1024}};
  Continuation* fresh_ = nullptr;
  Continuation* head_ = nullptr;  // of the suspended chain; then the one between, and the last
  Continuation* middle_ = nullptr;
  Continuation* last_ = nullptr;
  Continuation* self_ = nullptr;  // who runs, and the parents outward
  Continuation* parent_ = nullptr;
  StackRecord* initial_ = nullptr;
};

TEST_F(invariants, c1_notice_a_duplicate_id) {
  in_body([&] {
    EXPECT_DEATH((fresh_->id = head_->id, check()), "C1 violated");
    EXPECT_DEATH((fresh_->id = 0, check()), "C1 violated");
    EXPECT_DEATH((fresh_->id = store_.created_count() + 1, check()), "C1 violated");
  });
}

TEST_F(invariants, c2_notice_a_second_running_stack_and_a_missing_one) {
  in_body([&] {
    EXPECT_DEATH((fresh_->state = State::running, check()), "C2 violated");
    EXPECT_DEATH((head_->state = State::running, check()), "C2 violated");
    EXPECT_DEATH((self_->state = State::parent, check()), "C2 violated");
    EXPECT_DEATH((parent_->state = State::running, check()), "C2 violated");
    EXPECT_DEATH((initial_->state = State::running, check()), "C2 violated");
    EXPECT_DEATH((store_.active = parent_, check()), "C2 violated");
    EXPECT_DEATH((store_.active = initial_, check()), "C2 violated");
    EXPECT_DEATH((store_.active = nullptr, check()), "C2 violated");
  });
}

TEST_F(invariants, c2_notice_a_parent_outside_of_every_chain) {
  in_body([&] { EXPECT_DEATH((fresh_->state = State::parent, check()), "C2 violated"); });
}

TEST_F(invariants, c2_notice_a_chain_that_ends_elsewhere_or_nowhere) {
  in_body([&] {
    EXPECT_DEATH((self_->parent = nullptr, check()), "C2 violated");
    EXPECT_DEATH((self_->parent = initial_, check()), "C2 violated");
    EXPECT_DEATH((self_->parent = fresh_, check()), "C2 violated");
    EXPECT_DEATH((parent_->parent = parent_, check()), "C2 violated");
    StackRecord other_initial;
    other_initial.initial = true;
    other_initial.state = State::parent;
    EXPECT_DEATH((parent_->parent = &other_initial, check()), "C2 violated");
  });
}

TEST_F(invariants, c3_notice_a_wrong_last_ancestor) {
  in_body([&] {
    EXPECT_DEATH((fresh_->last_ancestor = nullptr, check()), "C3 violated");
    EXPECT_DEATH((fresh_->last_ancestor = last_, check()), "C3 violated");
    EXPECT_DEATH((head_->last_ancestor = nullptr, check()), "C3 violated");
    EXPECT_DEATH((head_->last_ancestor = head_, check()), "C3 violated");
    EXPECT_DEATH((head_->last_ancestor = middle_, check()), "C3 violated");
    EXPECT_DEATH((head_->last_ancestor = fresh_, check()), "C3 violated");
  });
}

TEST_F(invariants, c3_notice_a_suspended_chain_that_is_still_linked_or_is_broken) {
  in_body([&] {
    EXPECT_DEATH((last_->parent = initial_, check()), "C3 violated");
    EXPECT_DEATH((fresh_->parent = initial_, check()), "C3 violated");
    EXPECT_DEATH((middle_->parent = initial_, check()), "C3 violated");
    EXPECT_DEATH((middle_->parent = nullptr, check()), "C3 violated");
    EXPECT_DEATH((middle_->state = State::suspended, check()), "C3 violated");
    EXPECT_DEATH((head_->parent = head_, check()), "C[23] violated");
    EXPECT_DEATH((middle_->parent = middle_, check()), "C2 violated");
  });
}

TEST_F(invariants, c4_notice_limits_of_another_stack) {
  in_body([&] {
    EXPECT_DEATH((store_.limits.stack_limit += 16, check()), "C4 violated");
    EXPECT_DEATH((store_.limits.trap_handler = &parent_->trap_handler, check()), "C4 violated");
    EXPECT_DEATH((store_.limits.entry_frame_pointer = 0, check()), "C4 violated");
    EXPECT_DEATH((store_.limits.entry_stack_pointer = 0, check()), "C4 violated");
    for (Continuation* const waiting : {parent_, fresh_, head_, middle_, last_}) {
      EXPECT_DEATH((waiting->limits.stack_limit = store_.limits.stack_limit, check()),
                   "C4 violated");
      EXPECT_DEATH((waiting->limits.trap_handler = store_.limits.trap_handler, check()),
                   "C4 violated");
    }
    for (Continuation* const waiting : {parent_, head_, middle_, last_}) {
      EXPECT_DEATH((waiting->limits.entry_frame_pointer += 1 << 20, check()), "C4 violated");
      EXPECT_DEATH((waiting->limits.entry_stack_pointer = 0, check()), "C4 violated");
    }
    EXPECT_DEATH((initial_->limits = store_.limits, check()), "C4 violated");
  });
}

TEST_F(invariants, c4_notice_a_trap_on_a_fresh_stack) {
  const Trap trap{NullHandle{}};
  in_body([&] {
    for (StackRecord* const waiting :
         {static_cast<StackRecord*>(fresh_), static_cast<StackRecord*>(head_),
          static_cast<StackRecord*>(middle_), static_cast<StackRecord*>(parent_), initial_}) {
      EXPECT_DEATH((waiting->trap_handler.trap = &trap, check()), "C4 violated");
    }
  });
}

TEST_F(invariants, c5_notice_a_buffer_that_is_too_full_or_elsewhere) {
  in_body([&] {
    EXPECT_DEATH((fresh_->args.length = 3, check()), "C5 violated");
    EXPECT_DEATH((head_->values.length = 1, check()), "C5 violated");
    EXPECT_DEATH((head_->values.capacity = 1, check()), "C5 violated");
    EXPECT_DEATH((fresh_->args.data = nullptr, check()), "C5 violated");
    EXPECT_DEATH((fresh_->args.data = head_->args.data, check()), "C5 violated");
    EXPECT_DEATH((fresh_->args.capacity = 1 << 20, check()), "C5 violated");
  });
}

TEST_F(invariants, c7_notice_a_stack_that_is_shared_or_missing_or_not_given_back) {
  in_body([&] {
    EXPECT_DEATH((fresh_->stack = head_->stack, check()), "C7 violated");
    EXPECT_DEATH((fresh_->stack = nullptr, check()), "C7 violated");
    EXPECT_DEATH((fresh_->state = State::returned, check()), "C7 violated");
    EXPECT_DEATH((head_->state = State::trapped, check()), "C7 violated");
  });
}

}  // namespace
}  // namespace fiberproof
