// The reference alone, against arrivals worked out from SPEC.md by hand: destructors that take
// steps while an exception is on its way (F3).
#include "fuzz/tests/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Lines = TakenSteps::Lines;

TEST(reference_destructors, a_destructor_holds_an_exception_up) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    try
    resume h0 0 to h0 suspends t0
    cleanup
    throw
    suspend t0 0 room 0
    resume h0 0 to h0 suspends t0
    back)");
  EXPECT_EQ(taken.lines,
            (Lines{"0 has 1", "0 continues", "1 starts ()", "1 continues", "1 holds up 5",
                   "0 gets clause 0 of 1 ()", "1 resumes with ()", "0 catches 5"}));
}

TEST(reference_destructors, a_second_exception_may_not_leave_a_destructor) {
  EXPECT_EQ(arrivals_of(R"(
    cleanup
    throw
    throw
    new h0 f1 on s0
    resume h0 0 to h0
    throw
    try
    throw
    back
    return)"),
            (Lines{"0 continues", "0 holds up 2", "skipped", "0 has 1", "1 starts ()", "skipped",
                   "1 continues", "1 catches 8", "1 continues", "0 gets results ()"}));
}

TEST(reference_destructors, a_body_does_not_end_while_its_destructor_runs) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0
    cleanup
    throw
    return
    trap
    back)"),
            (Lines{"0 has 1", "1 starts ()", "1 continues", "1 holds up 4", "skipped", "skipped",
                   "0 catches 4"}));
}

TEST(reference_destructors, a_chain_with_an_exception_on_its_way_waits_outside_a_destructor) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    cleanup
    throw
    suspend t0 0 room 0
    cleanup
    throw
    resume h0 0 to h0
    try
    resume h0 0 to h0
    back)"),
            (Lines{"0 has 1", "1 starts ()", "1 continues", "1 holds up 4",
                   "0 gets clause 0 of 1 ()", "0 continues", "0 holds up 7", "skipped",
                   "0 continues", "1 resumes with ()", "0 catches 4"}));
}

TEST(reference_destructors, destructors_end_after_the_last_step) {
  TakenSteps taken(R"(
    try
    new h0 f1 on s0
    resume h0 0 to h0
    cleanup
    cleanup
    throw
    call 2)");
  taken.lines.clear();
  taken.end();
  EXPECT_EQ(taken.lines, (Lines{"1 holds up 6", "0 catches 6"}));
}

TEST(reference_destructors, exceptions_are_those_of_the_native_stack) {
  const TakenSteps taken(R"(
    try
    throw
    cleanup
    throw
    enter
    new h0 f1 on s0
    resume h0 0 to h0
    try
    throw)");
  const ExpectedExceptions outer = taken.reference.exceptions(0);
  EXPECT_EQ(outer.uncaught, 1u);
  EXPECT_EQ(outer.caught, 2u);
  const ExpectedExceptions entry = taken.reference.exceptions(1);
  EXPECT_EQ(entry.uncaught, 1u);
  EXPECT_EQ(entry.caught, 2u);
  const ExpectedExceptions inner = taken.reference.exceptions(2);
  EXPECT_EQ(inner.uncaught, 0u);
  EXPECT_EQ(inner.caught, 9u);
}

}  // namespace
}  // namespace fiberproof::fuzz
