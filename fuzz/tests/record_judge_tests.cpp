// Every word of a record and its buffers is looked at: a run in which one of them is changed behind
// core's back, while the continuation waits, ends with the rule that the word belongs to.
#include "fuzz/run/record_judge.hpp"

#include "fuzz/run/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace fiberproof::fuzz {
namespace {

using Change = void(Continuation& waiting);

/// A continuation is suspended with room for three values, having had one argument of three, while
/// the steps of another are taken.
constexpr const char* program_text = R"(fiberproof program 2
stack s0 pooled 65536
function f0 params 1 returns 3
function f1 params 0 returns 0
tags 1
steps
  new h0 f0 on s0
  resume h0 1 to h0 suspends t0
  suspend t0 1 room 3
  bind h0 1 to h0
  new h1 f1 on s0
  resume h1 0 to h1
  drop h7
  drop h7
  drop h7
end
)";

Continuation* first_resumed = nullptr;
Change* wanted_change = nullptr;

void change_the_first_when_the_second_is_resumed(Handle resumed, std::span<Value> values) {
  static_cast<void>(values);
  if (first_resumed == nullptr) {
    first_resumed = resumed.record;
  } else if (wanted_change != nullptr) {
    wanted_change(*first_resumed);
  }
}

[[noreturn]] void print_and_leave(const Finding& finding) {
  fmt::print(stderr, "{}: {}\n", name_of(finding.violation.id), sentence_of(finding.violation));
  std::fflush(stderr);
  ::_exit(3);
}

void run_with(Change* change) {
  static Program program;
  ASSERT_TRUE(parse(program_text, program).has_value());
  first_resumed = nullptr;
  wanted_change = change;
  run(program, &print_and_leave, {.on_resume = &change_the_first_when_the_second_is_resumed});
}

void expect_reported(const std::string& what, Change* change) {
  EXPECT_EXIT(run_with(change), testing::ExitedWithCode(3), what);
}

void flip(const void* at) {
  const auto address = reinterpret_cast<std::uint64_t>(at);
  write_word(address, read_word(address) ^ 1);
}

TEST(record_judge, an_unchanged_run_is_accepted) {
  run_with(nullptr);
}

TEST(record_judge, each_word_of_the_args_object_is_looked_at) {
  expect_reported("C5: length of the args buffer",
                  [](Continuation& record) { ++record.args.length; });
  expect_reported("C5: capacity of the args buffer",
                  [](Continuation& record) { ++record.args.capacity; });
  expect_reported("C5: address of the args buffer",
                  [](Continuation& record) { ++record.args.data; });
}

TEST(record_judge, each_word_of_the_room_of_a_suspension_is_looked_at) {
  expect_reported("C5: length of the room", [](Continuation& record) { ++record.values.length; });
  expect_reported("C5: capacity of the room",
                  [](Continuation& record) { ++record.values.capacity; });
  expect_reported("C5: address of the room", [](Continuation& record) { ++record.values.data; });
}

TEST(record_judge, values_and_the_words_beside_them_are_looked_at) {
  expect_reported("C5: low half of a value",
                  [](Continuation& record) { flip(&record.args.data[0].low); });
  expect_reported("C5: high half of a value",
                  [](Continuation& record) { flip(&record.values.data[0].high); });
  expect_reported("C5: word beside the values of a buffer",
                  [](Continuation& record) { flip(&record.args.data[1].low); });
  expect_reported("C5: word beside the values of a buffer",
                  [](Continuation& record) { flip(&record.args.data[2].high); });
  expect_reported("C5: word beside the values of a buffer",
                  [](Continuation& record) { flip(&record.values.data[1].low); });
  expect_reported("C5: word beside the values of a buffer",
                  [](Continuation& record) { flip(&record.values.data[2].high); });
  expect_reported("T6: args_capacity",
                  [](Continuation& record) { flip(&record.args.data[3].low); });
}

TEST(record_judge, the_stack_of_a_record_and_its_owner_are_looked_at) {
  expect_reported("C7: (stack of|address of the control context in) a record",
                  [](Continuation& record) { record.stack = nullptr; });
  expect_reported("C7: address of the control context",
                  [](Continuation& record) { ++record.control_context; });
  expect_reported("C7: annotations of the stack",
                  [](Continuation& record) { record.sanitizer = nullptr; });
  expect_reported("C7: the stack is of the store's pool",
                  [](Continuation& record) { record.stack_is_pooled = false; });
  expect_reported("C7: the stack stays with its record",
                  [](Continuation& record) { record.stack_is_kept = false; });
}

TEST(record_judge, the_trap_handler_of_a_stack_that_waits_is_looked_at) {
  expect_reported("C4: trap that is raised again",
                  [](Continuation& record) { record.trap_handler.trap = &record.reraised; });
}

}  // namespace
}  // namespace fiberproof::fuzz
