// LeakSanitizer: memory that only a suspended continuation refers to is in use; memory that only an
// ended one referred to is leaked. The check comes at the end of the process.
#include "core/instrumentation.hpp"
#include "core/tests/sanitizer/self_test.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace fiberproof::self_test {
namespace {

using Numbers = std::array<std::uint64_t, 100>;

// Reachable for the check at the end.
Store* lasting_store = nullptr;
const Function* lasting_body = nullptr;

/// Leftovers of earlier calls in dead frames of this stack must not refer to anything. Not in a
/// fake frame.
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void overwrite_dead_frames() {
  std::array<std::uint64_t, 1024> zeros{};
  opaque(zeros.data())[1] = 0;
}

/// Holds memory in a register or a slot of a frame, and suspends itself.
[[gnu::noinline]] void hold_in_a_plain_local(Store& own) {
  auto* const numbers = opaque(new Numbers{});
  pause(own);
  delete numbers;
}

[[gnu::noinline]] void fill(std::unique_ptr<Numbers>& numbers) {
  opaque(&numbers)->reset(new Numbers{});
}

/// The same in a local that has an address, and so is in a fake frame and nowhere else.
[[gnu::noinline]] void hold_in_an_object(Store& own) {
  std::unique_ptr<Numbers> numbers;
  fill(numbers);
  overwrite_dead_frames();
  pause(own);
  require((*numbers)[0] == 0, "the memory that it holds");
}

template <class Hold>
void hold_while_suspended(Hold hold) {
  lasting_store = new Store;
  const Entry entry(*lasting_store);
  auto* const body = new Body(0, 0, [hold](Store& own, std::span<Value>) { hold(own); });
  lasting_body = body;
  begin(*lasting_store, *body);
}

void held_in_a_local_of_a_suspended_continuation() {
  hold_while_suspended(hold_in_a_plain_local);
}

void held_in_an_object_of_a_suspended_continuation() {
  hold_while_suspended(hold_in_an_object);
}

void held_by_one_that_waits_for_a_suspended_one() {
  hold_while_suspended([](Store& own) {
    std::unique_ptr<Numbers> numbers;
    fill(numbers);
    overwrite_dead_frames();
    const Body inner(0, 0, [](Store& own_too, std::span<Value>) { hold_in_an_object(own_too); });
    const auto outcome = resume(own, *cont_new(own, &inner));
    require(outcome.has_value(), "the inner one to end");
    require((*numbers)[0] == 0, "the memory that it holds");
  });
}

void held_on_the_stack_of_the_thread_at_exit() {
  std::unique_ptr<Numbers> numbers;
  fill(numbers);
  overwrite_dead_frames();
  run_on_fiber([](Store&) { std::exit(0); });
}

[[gnu::noinline]] void leak_from_stacks_of_a_store(bool abandoned) {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    auto* const numbers = opaque(new Numbers{});
    pause(own);
    (*numbers)[0] = 1;
  });
  const Outcome paused = begin(store, body);
  if (abandoned) {
    require(abandon(store, paused.handle).has_value(), "an abandonment");
  } else {
    go_on(store, paused);
  }
}

void leaked_by_a_continuation_that_ended() {
  leak_from_stacks_of_a_store(false);
  overwrite_dead_frames();
}

void leaked_by_a_continuation_that_was_abandoned() {
  leak_from_stacks_of_a_store(true);
  overwrite_dead_frames();
}

constexpr Mode modes[] = {
    {"held-in-a-local-of-a-suspended-continuation", held_in_a_local_of_a_suspended_continuation},
    {"held-in-an-object-of-a-suspended-continuation",
     held_in_an_object_of_a_suspended_continuation},
    {"held-by-one-that-waits-for-a-suspended-one", held_by_one_that_waits_for_a_suspended_one},
    {"held-on-the-stack-of-the-thread-at-exit", held_on_the_stack_of_the_thread_at_exit},
    {"leaked-by-a-continuation-that-ended", leaked_by_a_continuation_that_ended},
    {"leaked-by-a-continuation-that-was-abandoned", leaked_by_a_continuation_that_was_abandoned},
};

}  // namespace

std::span<const Mode> leak_modes() {
  return modes;
}

}  // namespace fiberproof::self_test
