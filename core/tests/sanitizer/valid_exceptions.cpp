// Valid switches with exceptions, which end a body, are handed to one, or are being handled while
// it is suspended; and with traps.
#include "core/tests/sanitizer/valid_switches.hpp"

#include "core/sanitizer.hpp"

#include <cstdint>
#include <exception>

namespace fiberproof::self_test {
namespace {

/// Runs what must end by an exception.
template <class Action>
void expect_exception(int wanted, Action action) {
  int caught = 0;
  try {
    action();
  } catch (int number) {
    caught = number;
  }
  require(caught == wanted, "the exception of the body");
  switches += 2;
}

}  // namespace

void exceptions_that_end_bodies(Store& store) {
  const auto number = static_cast<int>(1 + random_below(100));
  const std::uint32_t depth = random_below(4);
  const Body thrower(0, 0, [=](Store& own, std::span<Value>) {
    nest(own, depth, 1);
    auto action = [&] {
      if (opaque(std::uint64_t{1}) == 1) throw number;
      return std::uint64_t{0};
    };
    descend(random_below(4), action);
  });
  const Body outer(0, 0, [&](Store& own, std::span<Value>) {
    expect_exception(number, [&] {
      Outcome outcome = begin_nested(own, thrower);
      const Value answer = outcome.values[0];
      run(own, outcome.handle, {&answer, 1});
    });
    throw number + 1;
  });
  expect_exception(number + 1, [&] { run(store, fresh(store, outer)); });
}

void exceptions_handed_over(Store& store) {
  const bool caught_inside = random_below(2) == 0;
  const Body body(0, 0, [=](Store& own, std::span<Value>) {
    try {
      auto action = [&] {
        pause(own);
        return std::uint64_t{0};
      };
      descend(random_below(4), action);
    } catch (int) {
      if (!caught_inside) throw;
    }
  });
  const Outcome paused = run(store, fresh(store, body));
  const auto exception = std::make_exception_ptr(7);
  sanitizer_written(&exception, sizeof exception);  // by the C++ runtime
  if (caught_inside) {
    require(resume_throw(store, paused.handle, exception).has_value(), "a body that caught it");
    switches += 2;
  } else {
    expect_exception(7, [&] { static_cast<void>(resume_throw(store, paused.handle, exception)); });
  }
  try {
    static_cast<void>(resume_throw(store, fresh(store, body), exception));
    require(false, "a fresh one to end");
  } catch (int number) {
    require(number == 7, "the exception");
  }
}

/// Suspended inside a handler, whose exception it still has afterwards.
void exceptions_being_handled(Store& store) {
  const bool abandoned = rarely();
  const Body body(0, 0, [](Store& own, std::span<Value> values) {
    const auto number = static_cast<int>(random_below(1000));
    try {
      throw number;
    } catch (int) {
      pause(own);
      try {
        throw;
      } catch (int again) {
        require(again == number, "its own exception");
      }
    }
    static_cast<void>(values);
  });
  const Outcome first = run(store, fresh(store, body));
  const Outcome second = run(store, fresh(store, body));
  run(store, first.handle);
  if (abandoned) {
    require(abandon(store, second.handle).has_value(), "an abandonment");
  } else {
    run(store, second.handle);
  }
}

void traps(Store& store) {
  const std::uint32_t depth = random_below(3);
  const Body inner(0, 0, [=](Store& own, std::span<Value>) {
    nest(own, depth, 0);
    return false;
  });
  const Body outer(0, 0, [&](Store& own, std::span<Value>) {
    require(!resume(own, fresh(own, inner)).has_value(), "a trap");
    require(!suspend(own, pause_tag).has_value(), "everything to be refused from then on");
    switches += 2;
  });
  require(!resume(store, fresh(store, outer)).has_value(), "the same trap");
  switches += 2;
}

}  // namespace fiberproof::self_test
