// T7 with the unwinder of the C++ runtime: it walks through every trampoline, and a body can throw
// and catch as anywhere. This program must not link libunwind, which defines the same functions.
#include "core/tests/unwind/nest.hpp"

#include <unwind.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <exception>
#include <stdexcept>

namespace fiberproof::unwind {
namespace {

using Procedures = std::vector<const void*>;

// Addresses of the procedures that the frames belong to, innermost first.
[[gnu::noinline]] Procedures walk() {
  Procedures procedures;
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void* result) {
        int is_before_instruction = 0;
        const auto rip = _Unwind_GetIPInfo(context, &is_before_instruction);
        const auto place = rip - (is_before_instruction == 0 ? 1 : 0);
        static_cast<Procedures*>(result)->push_back(
            _Unwind_FindEnclosingFunction(reinterpret_cast<void*>(place)));
        return _URC_NO_REASON;
      },
      &procedures);
  return procedures;
}

[[gnu::noinline]] void run_outermost(Nest& nest) {
  EXPECT_TRUE(nest.run());
}

template <class Procedure>
const void* address_of(Procedure* procedure) {
  return reinterpret_cast<const void*>(procedure);
}

void expect_outermost_is_reached_through(std::size_t depth) {
  for (const Trampoline trampoline : {Trampoline::trap, Trampoline::v44}) {
    Procedures procedures;
    Nest nest(depth, trampoline, [&](Nest&) {
      procedures = walk();
      return true;
    });
    run_outermost(nest);
    EXPECT_EQ(std::ranges::count(procedures, address_of(start_routine(trampoline))),
              static_cast<std::ptrdiff_t>(depth));
    EXPECT_EQ(std::ranges::count(procedures, address_of(run_outermost)), 1);
  }
}

TEST(unwind, libgcc_reaches_the_outermost_frame_through_3_continuations) {
  expect_outermost_is_reached_through(3);
}

TEST(unwind, libgcc_reaches_the_outermost_frame_through_100_continuations) {
  expect_outermost_is_reached_through(100);
}

[[gnu::noinline]] void raise_at(std::size_t calls) {
  if (calls == 0) throw std::runtime_error("from below");
  raise_at(calls - 1);
  asm volatile("");  // a frame for each call
}

TEST(unwind, an_exception_caught_in_a_body_does_not_disturb_the_others) {
  int caught_count = 0;
  const auto raise_and_catch = [&] {
    try {
      raise_at(5);
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "from below");
      ++caught_count;
    }
  };
  for (const Trampoline trampoline : {Trampoline::trap, Trampoline::v44}) {
    Nest nest(100, trampoline, [&](Nest& running) {
      raise_and_catch();
      running.suspend_innermost();
      raise_and_catch();
      running.suspend_all();
      raise_and_catch();
      return true;
    });
    EXPECT_TRUE(nest.run());
  }
  EXPECT_EQ(caught_count, 6);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

}  // namespace
}  // namespace fiberproof::unwind
