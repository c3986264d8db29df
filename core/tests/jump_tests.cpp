// Jumps (setjmp and longjmp): allowed within a stack, refused with a line if one has left its stack
// (F3).
#include "core/instrumentation.hpp"
#include "core/tests/nested_bodies.hpp"

#include <gtest/gtest.h>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof {
namespace {

#ifndef FIBERPROOF_SANITIZED  // Their longjmp takes the stack of another fiber for a damaged one.
TEST(jump, within_a_stack_is_allowed) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [](std::span<Value> values) {
    std::jmp_buf here;
    volatile std::uint64_t jumps = 0;
    if (setjmp(here) < 3) {
      jumps = jumps + 1;
      std::longjmp(here, static_cast<int>(jumps));
    }
    values[0] = {jumps, 0};
  });
  EXPECT_EQ(resume(store, *cont_new(store, &body))->values[0].low, 3u);
}

std::jmp_buf outside;

enum class Then { close_the_entry, open_an_entry, leave_the_entry_behind };

void jump_out_of(Store& store, std::size_t depth) {
  std::vector<std::string> notes;
  static std::function<void()> jump = [] { std::longjmp(outside, 1); };
  run_nested(store, depth, notes, jump);
}

void jump_over_the_entry(Store& store) {
  if (setjmp(outside) != 0) {
    return;
  }
  [&] {
    const Entry entry(store);
    jump_out_of(store, 2);
  }();
}

[[noreturn]] void jump_and_then(Then then) {
  {
    Store store;
    if (then == Then::leave_the_entry_behind) {
      jump_over_the_entry(store);
    } else {
      const Entry entry(store);
      if (setjmp(outside) == 0) {
        jump_out_of(store, 3);
      }
      if (then == Then::open_an_entry) {
        const Entry again(store);
        std::_Exit(4);
      }
    }
  }
  std::_Exit(3);
}

constexpr auto left_by_a_jump =
    "^fiberproof: F3: continuation [23]: a jump \\(longjmp\\) left its stack";

TEST(jump, out_of_a_body_is_refused_when_the_entry_closes) {
  EXPECT_EXIT(jump_and_then(Then::close_the_entry), testing::KilledBySignal(SIGABRT),
              left_by_a_jump);
}

TEST(jump, out_of_a_body_is_refused_when_the_next_entry_opens) {
  EXPECT_EXIT(jump_and_then(Then::open_an_entry), testing::KilledBySignal(SIGABRT), left_by_a_jump);
}

TEST(jump, out_of_a_body_past_the_entry_is_refused_when_the_store_ends) {
  EXPECT_EXIT(jump_and_then(Then::leave_the_entry_behind), testing::KilledBySignal(SIGILL),
              "^fiberproof: C2 violated: active == nullptr");
}

[[noreturn]] void jump_to_the_body_that_resumed() {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    if (setjmp(outside) == 0) jump_out_of(store, 1);
  });
  static_cast<void>(resume(store, *cont_new(store, &outer)));
  std::_Exit(3);
}

TEST(jump, to_the_resuming_body_is_refused_when_that_body_ends) {
  EXPECT_EXIT(jump_to_the_body_that_resumed(), testing::KilledBySignal(SIGILL),
              "^fiberproof: C2 violated: store.active == &self");
}
#endif

}  // namespace
}  // namespace fiberproof
