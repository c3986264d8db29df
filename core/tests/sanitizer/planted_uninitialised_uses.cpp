// MemorySanitizer and Valgrind on a continuation stack: uses of unwritten memory, also of values
// that were passed there.
#include "core/tests/sanitizer/self_test.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace fiberproof::self_test {
namespace {

volatile std::uint64_t sink = 0;

/// A decision that depends on `number`.
[[gnu::noinline]] void decide_by(const std::uint64_t& number) {
  if (opaque(&number)[0] == 42) {
    sink = 1;
  }
}

/// An unwritten value.
std::unique_ptr<Value, void (*)(void*)> unwritten_value() {
  return {static_cast<Value*>(std::malloc(sizeof(Value))), &std::free};
}

[[gnu::noinline]] void decide_by_a_local() {
  std::array<std::uint64_t, 8> numbers;
  decide_by(*opaque(&numbers[3]));
}

void unwritten_local() {
  run_on_fiber([](Store&) { decide_by_a_local(); });
}

void unwritten_local_after_a_suspension() {
  run_on_fiber([](Store& own) {
    std::array<std::uint64_t, 8> numbers;
    std::uint64_t* const fourth = opaque(&numbers[3]);
    pause(own);
    decide_by(*fourth);
  });
}

void unwritten_local_on_a_stack_used_before() {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    std::array<std::uint64_t, 64> numbers{};
    opaque(numbers.data())[1] = 1;
    pause(own);
    decide_by(*opaque(&numbers[1]));
  });
  go_on(store, begin(store, body));
  require(abandon(store, begin(store, body).handle).has_value(), "an abandonment");
  const Body last(0, 0, [](std::span<Value>) { decide_by_a_local(); });
  begin(store, last);
}

void unwritten_value_of_a_resume() {
  Store store;
  const Entry entry(store);
  const Body body(1, 0, [](std::span<Value> values) { decide_by(values[0].low); });
  const auto value = unwritten_value();
  begin(store, body, {value.get(), 1});
}

void unwritten_value_of_a_suspension() {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    const auto value = unwritten_value();
    require(suspend(own, pause_tag, {value.get(), 1}).has_value(), "a suspension");
  });
  const Outcome paused = begin(store, body);
  decide_by(paused.values[0].low);
  go_on(store, paused);
}

void unwritten_result() {
  Store store;
  const Entry entry(store);
  const Body body(0, 2, [](std::span<Value> values) { values[0] = {1, 2}; });
  const Outcome returned = begin(store, body);
  decide_by(returned.values[1].low);
}

// The place of a result is not an argument.
void unwritten_place_of_a_result() {
  Store store;
  const Entry entry(store);
  const Body body(1, 2, [](std::span<Value> values) { decide_by(values[1].low); });
  const Value argument{1, 2};
  begin(store, body, {&argument, 1});
}

void unwritten_place_of_a_result_on_a_stack_used_before() {
  Store store;
  const Entry entry(store);
  const Body fill(4, 4, [](std::span<Value> values) {
    for (Value& value : values) value = {1, 2};
  });
  begin(store, fill);
  const Body body(0, 1, [](std::span<Value> values) { decide_by(values[0].low); });
  begin(store, body);
}

constexpr Mode modes[] = {
    {"unwritten-local", unwritten_local},
    {"unwritten-local-after-a-suspension", unwritten_local_after_a_suspension},
    {"unwritten-local-on-a-stack-used-before", unwritten_local_on_a_stack_used_before},
    {"unwritten-value-of-a-resume", unwritten_value_of_a_resume},
    {"unwritten-value-of-a-suspension", unwritten_value_of_a_suspension},
    {"unwritten-result", unwritten_result},
    {"unwritten-place-of-a-result", unwritten_place_of_a_result},
    {"unwritten-place-of-a-result-on-a-stack-used-before",
     unwritten_place_of_a_result_on_a_stack_used_before},
};

}  // namespace

std::span<const Mode> planted_uninitialised_uses() {
  return modes;
}

}  // namespace fiberproof::self_test
