// AddressSanitizer on a continuation stack: the heap, the stack's own frames, and dead frames, also
// on a stack that has been used before in every way.
#include "core/tests/sanitizer/self_test.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace fiberproof::self_test {
namespace {

using Numbers = std::array<std::uint64_t, 8>;

volatile std::uint64_t sink = 0;
std::uint64_t kept_address = 0;

void heap_buffer_overflow() {
  run_on_fiber([](Store&) {
    const auto numbers = std::make_unique<Numbers>();
    opaque(numbers->data())[8] = 1;
  });
}

void heap_use_after_free_across_a_suspension() {
  Store store;
  const Entry entry(store);
  auto numbers = std::make_unique<Numbers>();
  const Body body(0, 0, [&](Store& own, std::span<Value>) {
    const std::uint64_t* const first = opaque(numbers->data());
    pause(own);
    sink = *first;
  });
  const Outcome paused = begin(store, body);
  numbers.reset();
  go_on(store, paused);
}

void stack_buffer_overflow() {
  run_on_fiber([](Store&) {
    Numbers numbers{};
    opaque(numbers.data())[8] = 1;
    sink = *opaque(&numbers[1]);
  });
}

/// Leaves the address of a local behind.
[[gnu::noinline]] void keep_address_of_local() {
  Numbers numbers{};
  kept_address = opaque(reinterpret_cast<std::uint64_t>(numbers.data()));
}

void stack_use_after_return() {
  run_on_fiber([](Store&) {
    keep_address_of_local();
    sink = *reinterpret_cast<std::uint64_t*>(kept_address);
  });
}

void stack_use_after_return_across_a_suspension() {
  run_on_fiber([](Store& own) {
    keep_address_of_local();
    pause(own);
    sink = *reinterpret_cast<std::uint64_t*>(kept_address);
  });
}

void stack_use_after_the_end_of_the_continuation() {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store&, std::span<Value>) {
    Numbers numbers{};
    kept_address = opaque(reinterpret_cast<std::uint64_t>(numbers.data()));
  });
  begin(store, body);
  sink = *reinterpret_cast<std::uint64_t*>(kept_address);
}

/// Suspends itself that many frames deep.
[[gnu::noinline]] std::uint64_t pause_deep(Store& own, std::uint32_t frames) {
  Numbers numbers{frames};
  opaque(numbers.data())[1] = 1;
  if (frames == 0) {
    pause(own);
    return 0;
  }
  return pause_deep(own, frames - 1) + *opaque(numbers.data());
}

void end_by_exception(Store& store) {
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    pause_deep(own, 1);
    throw 1;
  });
  const Outcome paused = begin(store, body);
  try {
    go_on(store, paused);
  } catch (int) {
    return;
  }
  require(false, "an exception");
}

/// Uses one stack for more continuations than a fake stack has frames of one size, and ends them in
/// every way: no frame may be lost.
void wear_out_a_stack(Store& store) {
  const Body body(0, 0, [](Store& own, std::span<Value>) { pause_deep(own, 3); });
  for (std::uint32_t count = 0; count < 5000; ++count) {
    go_on(store, begin(store, body));
    require(abandon(store, begin(store, body).handle).has_value(), "an abandonment");
    end_by_exception(store);
  }
  require(store.created_count() == 15'000 && store.records().size() == 1, "one stack, used again");
}

void stack_use_after_return_on_a_stack_used_before() {
  Store store;
  const Entry entry(store);
  wear_out_a_stack(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    keep_address_of_local();
    pause(own);
    sink = *reinterpret_cast<std::uint64_t*>(kept_address);
  });
  go_on(store, begin(store, body));
}

/// A body that leaves the address of a local of its own behind: the outermost frame that is
/// instrumented.
bool keep_address_of_own_local(const FuncRef&, void*, Value*, std::uint32_t) {
  Numbers numbers{};
  kept_address = opaque(reinterpret_cast<std::uint64_t>(numbers.data()));
  return true;
}

bool pause_in_outermost_frame(const FuncRef&, void* store, Value*, std::uint32_t) {
  Numbers numbers{};
  opaque(numbers.data())[1] = 1;
  pause(*static_cast<Store*>(store));
  return numbers[1] == 1;
}

void stack_use_after_the_end_on_a_stack_used_before() {
  Store store;
  const Entry entry(store);
  const Function paused(&pause_in_outermost_frame, nullptr, 0, 0);
  for (std::uint32_t count = 0; count < 5000; ++count) {
    require(abandon(store, begin(store, paused).handle).has_value(), "an abandonment");
  }
  const Function last(&keep_address_of_own_local, nullptr, 0, 0);
  begin(store, last);
  sink = *reinterpret_cast<std::uint64_t*>(kept_address);
}

constexpr Mode modes[] = {
    {"heap-buffer-overflow", heap_buffer_overflow},
    {"heap-use-after-free-across-a-suspension", heap_use_after_free_across_a_suspension},
    {"stack-buffer-overflow", stack_buffer_overflow},
    {"stack-use-after-return", stack_use_after_return},
    {"stack-use-after-return-across-a-suspension", stack_use_after_return_across_a_suspension},
    {"stack-use-after-the-end-of-the-continuation", stack_use_after_the_end_of_the_continuation},
    {"stack-use-after-return-on-a-stack-used-before",
     stack_use_after_return_on_a_stack_used_before},
    {"stack-use-after-the-end-on-a-stack-used-before",
     stack_use_after_the_end_on_a_stack_used_before},
};

}  // namespace

std::span<const Mode> planted_memory_errors() {
  return modes;
}

}  // namespace fiberproof::self_test
