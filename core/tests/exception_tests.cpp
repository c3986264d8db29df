// C++ exceptions and continuations: an exception that ends a body is thrown by the resume, and each
// stack handles its own exceptions.
#include "core/tests/checked.hpp"

#include "core/tests/counted.hpp"
#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const Body nothing(0, 0, [](std::span<Value>) {});

TEST(exception, that_ends_a_body_is_thrown_by_the_resume) {
  Store store;
  const Entry entry(store);
  const Counted* thrown = nullptr;
  Body throws(0, 0, [&](std::span<Value>) {
    try {
      throw Counted(1);
    } catch (const Counted& exception) {
      thrown = &exception;
      throw;
    }
  });
  const Handle handle = checked::cont_new(store, throws);
  bool caught = false;
  try {
    checked::resume(store, handle);
  } catch (const Counted& exception) {
    EXPECT_EQ(&exception, thrown) << "the same object";
    caught = true;
  }
  EXPECT_TRUE(caught);
  EXPECT_EQ(Counted::living, 0);
  EXPECT_EQ(handle.record->state, State::trapped);
  EXPECT_EQ(store.raised, nullptr);
  EXPECT_EQ(store.active, &entry.initial());
  checked::resume_to_end(store, checked::cont_new(store, nothing));
}

TEST(exception, may_be_of_any_type) {
  Store store;
  const Entry entry(store);
  Body throws_number(0, 0, [](std::span<Value>) { throw 42; });
  EXPECT_THROW(resume(store, checked::cont_new(store, throws_number)).value(), int);
  Body throws_text(0, 0, [](std::span<Value>) { throw "text"; });
  EXPECT_THROW(resume(store, checked::cont_new(store, throws_text)).value(), const char*);
  Body throws_error(0, 0, [](std::span<Value>) { throw std::runtime_error("from a fiber"); });
  try {
    resume(store, checked::cont_new(store, throws_error)).value();
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "from a fiber");
  }
}

TEST(exception, uncaught_passes_every_stack_outward) {
  for (const std::uint64_t depth : {1u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([](Store&) -> Value { throw Counted(7); });
    EXPECT_EQ(
        thrown_by([&] { checked::resume(store, checked::cont_new(store, chain), numbers(depth)); }),
        7);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_EQ(Counted::living, 0);
  }
}

TEST(exception, caught_on_an_outer_stack_lets_it_continue) {
  Store store;
  const Entry entry(store);
  Body catches(0, 1, [&](std::span<Value> values) {
    DeepChain chain([](Store&) -> Value { throw Counted(7); });
    EXPECT_EQ(
        thrown_by([&] { checked::resume(store, checked::cont_new(store, chain), numbers(3)); }), 7);
    // No operation is refused, and it ends as if nothing had happened.
    checked::resume_to_end(store, checked::cont_new(store, nothing));
    checked::suspend(store, yield.tag);
    values[0] = number(1);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, catches), yield.suspends);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle), {1}));
}

TEST(exception, caught_by_its_own_body_goes_no_further) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    EXPECT_EQ(thrown_by([] { throw Counted(3); }), 3);
    values[0] = number(1);
  });
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, checked::cont_new(store, body)), {1}));
}

TEST(exception, leaves_a_chain_to_its_new_parent) {
  Store store;
  const Entry entry(store);
  DeepChain chain([&](Store&) -> Value {
    checked::suspend(store, yield.tag);
    throw Counted(5);
  });
  Handle orphan;
  Body first_parent(0, 0, [&](std::span<Value>) {
    orphan = checked::resume_to_suspension(store, checked::cont_new(store, chain), yield.suspends,
                                           numbers(3))
                 .handle;
  });
  checked::resume_to_end(store, checked::cont_new(store, first_parent));
  int caught = 0;
  Body new_parent(
      0, 0, [&](std::span<Value>) { caught = thrown_by([&] { checked::resume(store, orphan); }); });
  checked::resume_to_end(store, checked::cont_new(store, new_parent));
  EXPECT_EQ(caught, 5);
}

// Each stack handles its own.

/// Suspends itself in a catch block, and sees there after that what it saw before.
struct SuspendsInCatch {
  int which;
  void operator()(Store& store, std::span<Value> values) const {
    try {
      throw Counted(which);
    } catch (const Counted&) {
      checked::suspend(store, yield.tag);
      EXPECT_EQ(in_hand(), which);
      checked::suspend(store, yield.tag);
      EXPECT_EQ(in_hand(), which);
    }
    EXPECT_EQ(std::current_exception(), nullptr);
    values[0] = number(static_cast<std::uint64_t>(which));
  }
};

TEST(exception, being_handled_stays_with_its_stack_while_others_run) {
  Store store;
  const Entry entry(store);
  const Body first(0, 1, SuspendsInCatch{1});
  const Body second(0, 1, SuspendsInCatch{2});
  const auto start = [&](const Function& function) {
    return checked::resume_to_suspension(store, checked::cont_new(store, function), yield.suspends)
        .handle;
  };
  const auto go_on = [&](Handle handle) {
    return checked::resume_to_suspension(store, handle, yield.suspends).handle;
  };
  Handle one = start(first);
  EXPECT_EQ(std::current_exception(), nullptr);
  Handle two = start(second);
  one = go_on(one);
  two = go_on(two);
  EXPECT_EQ(Counted::living, 2);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, one), {1}));
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, two), {2}));
  EXPECT_EQ(Counted::living, 0);
}

TEST(exception, being_handled_by_the_resumer_is_hidden_from_the_body) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(std::current_exception(), nullptr);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    checked::suspend(store, yield.tag);
    EXPECT_EQ(std::current_exception(), nullptr);
  });
  try {
    throw Counted(1);
  } catch (const Counted&) {
    const Outcome outcome =
        checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
    EXPECT_EQ(in_hand(), 1);
    try {
      throw Counted(2);
    } catch (const Counted&) {
      checked::resume_to_end(store, outcome.handle);
      EXPECT_EQ(in_hand(), 2);
    }
    EXPECT_EQ(in_hand(), 1);
  }
  EXPECT_EQ(Counted::living, 0);
}

TEST(exception, being_handled_stays_with_its_stack_under_a_new_parent_in_a_catch_block) {
  Store store;
  const Entry entry(store);
  const Body in_catch(0, 1, SuspendsInCatch{1});
  Handle handle =
      checked::resume_to_suspension(store, checked::cont_new(store, in_catch), yield.suspends)
          .handle;
  Body new_parent(0, 0, [&](std::span<Value>) {
    try {
      throw Counted(9);
    } catch (const Counted&) {
      handle = checked::resume_to_suspension(store, handle, yield.suspends).handle;
      EXPECT_EQ(in_hand(), 9);
    }
    checked::resume_to_end(store, handle);
  });
  checked::resume_to_end(store, checked::cont_new(store, new_parent));
  EXPECT_EQ(Counted::living, 0);
}

TEST(exception, being_handled_stays_with_each_stack_of_a_cut_chain) {
  Store store;
  const Entry entry(store);
  Body inner(0, 1, SuspendsInCatch{1});
  Body outer(0, 1, [&](std::span<Value> values) {
    try {
      throw Counted(2);
    } catch (const Counted&) {
      checked::resume_to_end(store, checked::cont_new(store, inner));
      EXPECT_EQ(in_hand(), 2);
    }
    values[0] = number(3);
  });
  Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, outer), yield.suspends);
  EXPECT_EQ(std::current_exception(), nullptr);
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle), {3}));
  EXPECT_EQ(Counted::living, 0);
}

TEST(exception, being_handled_stays_with_its_stack_across_switches) {
  Store store;
  const Entry entry(store);
  Body second(1, 1, [&](std::span<Value> values) {
    EXPECT_EQ(std::current_exception(), nullptr);
    std::array<Value, 1> room;
    try {
      throw Counted(2);
    } catch (const Counted&) {
      checked::switch_to(store, to_handle(values[0]), peer.tag, {}, room);
      EXPECT_EQ(in_hand(), 2);
    }
  });
  Body first(0, 1, [&](std::span<Value> values) {
    try {
      throw Counted(1);
    } catch (const Counted&) {
      checked::switch_to(store, checked::cont_new(store, second), peer.tag, {}, values);
      EXPECT_EQ(in_hand(), 1);
    }
  });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, first), {}, peer.switches)[0];
  EXPECT_EQ(Counted::living, 1);
  checked::resume_to_end(store, to_handle(left));
  EXPECT_EQ(Counted::living, 0);
}

/// Suspends itself while it is destroyed, and notes how many exceptions are on their way then.
class SuspendsInDestructor {
 public:
  SuspendsInDestructor(Store& store, int expected) : store_(store), expected_(expected) {}
  SuspendsInDestructor(const SuspendsInDestructor&) = delete;
  SuspendsInDestructor& operator=(const SuspendsInDestructor&) = delete;
  ~SuspendsInDestructor() {
    EXPECT_EQ(std::uncaught_exceptions(), expected_);
    static_cast<void>(suspend(store_, yield.tag));
    EXPECT_EQ(std::uncaught_exceptions(), expected_);
  }

 private:
  Store& store_;
  int expected_;
};

TEST(exception, in_flight_is_counted_on_its_own_stack_only) {
  Store store;
  const Entry entry(store);
  Body unwinds(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(thrown_by([&] {
                const SuspendsInDestructor local(store, 1);
                throw Counted(1);
              }),
              1);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  });
  Body leaves_normally(0, 0, [&](std::span<Value>) { const SuspendsInDestructor local(store, 0); });
  const Outcome unwinding =
      checked::resume_to_suspension(store, checked::cont_new(store, unwinds), yield.suspends);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  const Outcome leaving = checked::resume_to_suspension(
      store, checked::cont_new(store, leaves_normally), yield.suspends);
  checked::resume_to_end(store, unwinding.handle);
  checked::resume_to_end(store, leaving.handle);
  EXPECT_EQ(Counted::living, 0);
}

TEST(exception, in_flight_on_the_resumer_is_hidden_from_the_body) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_EQ(thrown_by([] { throw Counted(2); }), 2);
  });
  struct ResumesInDestructor {
    Store& store;
    const Function& function;
    ~ResumesInDestructor() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      checked::resume_to_end(store, checked::cont_new(store, function));
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
  };
  EXPECT_EQ(thrown_by([&] {
              const ResumesInDestructor local{store, body};
              throw Counted(1);
            }),
            1);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

}  // namespace
}  // namespace fiberproof
