// The backtrace for people: functions with their lines, stack by stack.
#include "core/backtrace.hpp"

#include "core/body.hpp"
#include "core/continuation.hpp"

#include <gtest/gtest.h>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace fiberproof;

const Tag wait_tag("wait");
const Tag* const wait_tags[] = {&wait_tag};

// Static functions, each with a frame, and the line of the call in each.
int line_of_innermost = 0;
int line_of_outer = 0;

[[gnu::noinline]] static std::string backtrace_in_static_function(const Store& store) {
  line_of_innermost = __LINE__ + 1;
  std::string text = backtrace(store);
  asm volatile("");
  return text;
}

[[gnu::noinline]] static std::string called_from_a_body(const Store& store) {
  line_of_outer = __LINE__ + 1;
  std::string text = backtrace_in_static_function(store);
  asm volatile("");
  return text;
}

[[gnu::noinline]] void suspend_in_a_function(Store& store) {
  EXPECT_TRUE(suspend(store, wait_tag).has_value());
  asm volatile("");
}

[[gnu::noinline]] void resume_in_a_function(Store& store, Handle handle) {
  EXPECT_TRUE(resume(store, handle).has_value());
  asm volatile("");
}

/// Expects `parts` in `text` in this order.
void expect_in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t from = 0;
  for (const std::string& part : parts) {
    const std::size_t found = text.find(part, from);
    ASSERT_NE(found, std::string::npos) << "no " << part << " after " << from << " in:\n" << text;
    from = found + part.size();
  }
}

std::size_t count_of(std::string_view part, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string at_line(int line) {
  return "backtrace_tests.cpp:" + std::to_string(line) + "\n";
}

TEST(backtrace, names_all_functions_of_the_active_chain_in_order) {
  Store store;
  const Entry entry(store);
  std::string text;
  Body inner(0, 0, [&](std::span<Value>) { text = called_from_a_body(store); });
  Body outer(0, 0,
             [&](std::span<Value>) { resume_in_a_function(store, *cont_new(store, &inner)); });
  resume_in_a_function(store, *cont_new(store, &outer));

  expect_in_order(
      text, {"continuation 2, running:\n", "  #0 ", "backtrace_in_static_function",
             at_line(line_of_innermost), "  #1 ", "called_from_a_body", at_line(line_of_outer),
             "fiberproof_fiber_start", "fiberproof_continuation_start", "continuation 1, parent:\n",
             "resume_in_a_function", "fiberproof_continuation_start",
             "the initial stack, parent:\n", "resume_in_a_function", "TestBody"});
  EXPECT_EQ(count_of("continuation_start\n", text) + count_of("continuation_start at", text), 2u)
      << text;
  EXPECT_EQ(text.find("no further"), text.npos) << text;
}

TEST(backtrace, names_the_line_of_a_switch_and_the_functions_inlined_there) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [](Store& running, std::span<Value>) { suspend_in_a_function(running); });
  const Handle handle =
      resume(store, *cont_new(store, &body), {}, Handlers::suspends(wait_tags))->handle;
  const std::string text = backtrace(store, handle);
  // An inlined function has its parameters only where the compiler kept its linkage name.
  expect_in_order(text, {"continuation 1, suspended:\n", "stack_switch", "switch.hpp:", "suspend",
                         "suspend_in_a_function", "backtrace_tests.cpp:", "fiberproof_fiber_start",
                         "fiberproof_continuation_start"});
  EXPECT_EQ(text.find("initial"), text.npos) << text;
  EXPECT_TRUE(resume(store, handle).has_value());
}

TEST(backtrace, of_a_fresh_continuation_is_its_trampoline) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [](std::span<Value>) {});
  const Handle handle = *cont_new(store, &body);
  const std::string text = backtrace(store, handle);
  expect_in_order(text, {"continuation 1, fresh:\n", "  #0 ", "fiberproof_continuation_start"});
  EXPECT_EQ(count_of("#", text), 1u) << text;
  EXPECT_TRUE(resume(store, handle).has_value());
}

TEST(backtrace, of_a_consumed_handle_is_the_reason_of_the_refusal) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [](std::span<Value>) {});
  const Handle handle = *cont_new(store, &body);
  EXPECT_TRUE(resume(store, handle).has_value());
  expect_in_order(backtrace(store, handle), {"no further: a consumed handle to continuation 1"});
}

TEST(backtrace, fits_on_a_stack_of_16_kilobytes) {
  Store store({.stack_bytes = 16 * 1024});
  const Entry entry(store);
  std::string text;
  Body body(0, 0, [&](std::span<Value>) { text = called_from_a_body(store); });
  resume_in_a_function(store, *cont_new(store, &body));
  expect_in_order(text, {"called_from_a_body", "TestBody"});
}

[[gnu::noinline]] void enter_another_store(std::string& text) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) { text = thread_backtrace(); });
  resume_in_a_function(store, *cont_new(store, &body));
}

TEST(backtrace, of_the_thread_goes_through_an_entry_in_a_body) {
  Store store;
  const Entry entry(store);
  std::string text;
  Body body(0, 0, [&](std::span<Value>) { enter_another_store(text); });
  resume_in_a_function(store, *cont_new(store, &body));
  expect_in_order(
      text, {"continuation 1, running:\n", "continuation_start", "the initial stack, parent:\n",
             "enter_another_store", "continuation 1, running:\n", "continuation_start",
             "the initial stack, parent:\n", "TestBody"});
}

}  // namespace
