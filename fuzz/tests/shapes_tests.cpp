// Each shape is found in a program that was written for it, and not in one that only comes near.
#include "fuzz/reference/shapes.hpp"

#include "fuzz/tests/arrivals.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

/// The shapes of these steps, after declarations of their own, by their words.
std::string shapes_in(std::string_view steps, std::string_view declarations = {}) {
  std::string text = machine_program_with(steps);
  text.insert(text.find('\n') + 1, declarations);
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  const std::bitset<shapes> found = shapes_of(program);
  std::string words;
  for (std::size_t shape = 0; shape < shapes; ++shape) {
    if (found[shape]) {
      words += words.empty() ? "" : ", ";
      words += shape_words[shape];
    }
  }
  return words;
}

TEST(shapes, are_none_in_a_plain_program) {
  EXPECT_EQ(shapes_in(""), "");
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 2 room 3
    try
    throw
    resume h0 1 to h0
    return)"),
            "");
}

TEST(shapes, of_suspensions) {
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t1 t0
    suspend t0 0 room 0)"),
            "suspend by a later clause");
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    new h1 f1 on s0
    resume h1 0 to h1
    suspend t0 0 room 0)"),
            "suspend beyond the nearest stack");
  EXPECT_EQ(
      shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t1 t0
    new h1 f1 on s0
    resume h1 0 to h1
    suspend t0 0 room 0
    drop h0)"),
      "suspend by a later clause, suspend beyond the nearest stack, suspend by a later clause "
      "beyond the nearest stack, drop of a chain");
}

TEST(shapes, of_another_parent) {
  constexpr std::string_view begin = R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 0
)";
  EXPECT_EQ(shapes_in(std::string(begin) + R"(
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 0)"),
            "");
  EXPECT_EQ(shapes_in(std::string(begin) + R"(
    new h1 f1 on s0
    resume h1 0 to h1
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 0)"),
            "suspend under another parent");
}

TEST(shapes, of_exceptions) {
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    cleanup
    throw
    suspend t0 0 room 0
    drop h0)"),
            "suspend in a destructor, drop with an exception on its way");
  EXPECT_EQ(shapes_in(R"(
    try
    enter
    cleanup
    throw
    try
    throw)"),
            "catch in a destructor, throw through an entry");  // It continues after the last step.
  EXPECT_EQ(shapes_in(R"(
    try
    enter other
    throw)"),
            "throw through an entry, throw out of the other store");
}

TEST(shapes, of_traps_and_switches) {
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nresume h0 0 to h0\ntrap"), "");
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0
    new h1 f1 on s0
    resume h1 0 to h1
    trap
    return)"),
            "trap through two stacks");
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    new h1 f1 on s0
    resume h1 0 to h1
    suspend t0 0 room 3
    new h2 f1 on s0
    resume h2 0 to h2 switches t0
    switch h0 t0 0 room 3 to h3
    switch h3 t0 0 room 3 to h4)"),
            "suspend beyond the nearest stack, switch to a chain, switch "
            "that cuts a chain, switch to what a switch cut");
}

TEST(shapes, of_entries_and_threads) {
  EXPECT_EQ(shapes_in("enter\nenter\nenter"), "entries at their limit");
  EXPECT_EQ(shapes_in("enter other\nenter"), "");
  EXPECT_EQ(shapes_in("enter other\nenter other"), "store entered inside another of its own");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nmove\nresume h0 0 to h0"), "");
  EXPECT_EQ(shapes_in(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 0
    move
    resume h0 0 to h0)"),
            "move with a suspended chain, resume on another thread");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nrepeat 1 11"), "");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nrepeat 1 12"), "more alive than are compared");
}

TEST(shapes, of_wide_numbers) {
  EXPECT_EQ(shapes_in("new h0 f1 on s0", "numbers 65534\n"), "");
  EXPECT_EQ(shapes_in("new h0 f1 on s0", "numbers 65535\n"), "number beyond 16 bits");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nresume h0 0 to h0", "revisions 4294967294\n"), "");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nresume h0 0 to h0", "revisions 4294967295\n"),
            "revision beyond 32 bits");
  const auto after = [](std::string_view clauses) {
    return "new h0 f1 on s0\nresume h0 0 to h0 after " + std::string(clauses) +
           " suspends t0\nsuspend t0 0 room 0";
  };
  EXPECT_EQ(shapes_in(after("255")), "");
  EXPECT_EQ(shapes_in(after("256")), "clause beyond 8 bits");
  EXPECT_EQ(shapes_in(after("65536")), "clause beyond 8 bits, clause beyond 16 bits");
  EXPECT_EQ(shapes_in("new h0 f1 on s0\nresume h0 0 to h0 suspends t0\nsuspend t0 256 room 0"),
            "values across beyond 8 bits");
}

}  // namespace
}  // namespace fiberproof::fuzz
