// The first and the last steps of a continuation: the arguments of its function, its results, the
// smallest stack, and both variants of the trampoline.
#include "core/tests/checked.hpp"

#include "core/instrumentation.hpp"
#include "core/layout.hpp"
#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <limits>
#include <span>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");

TEST(start, returns_its_values) {
  Store store;
  const Entry entry(store);
  Body add(1, 1, [](std::span<Value> values) { values[0] = {values[0].low + values[0].high, 7}; });
  const Value argument{20, 22};
  const auto outcome = resume(store, *cont_new(store, &add), {&argument, 1});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
  ASSERT_EQ(outcome->values.size(), 1u);
  EXPECT_EQ(outcome->values[0], (Value{42, 7}));
}

TEST(start, makes_the_record_running_and_a_return_makes_it_returned) {
  Store store;
  const Entry entry(store);
  const Continuation* self = nullptr;
  Body body(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(store.active, self);
    EXPECT_EQ(self->state, State::running);
    EXPECT_EQ(self->parent, &entry.initial());
    EXPECT_EQ(entry.initial().state, State::parent);
  });
  const Handle handle = checked::cont_new(store, body);
  self = handle.record;
  checked::resume_to_end(store, handle);
  EXPECT_EQ(self->state, State::returned);
  EXPECT_EQ(self->parent, nullptr);
  EXPECT_EQ(store.active, &entry.initial());
  EXPECT_EQ(entry.initial().state, State::running);
  EXPECT_EQ(store.live_count(), 0u);
}

/// Notes what it is called with, in its vmctx.
struct Call {
  const FuncRef* self;
  void* caller_vmctx;
  Value* values;
  std::uint32_t capacity;
};

bool note_call(const FuncRef& self, void* caller_vmctx, Value* values, std::uint32_t capacity) {
  *static_cast<Call*>(self.vmctx) = {&self, caller_vmctx, values, capacity};
  return true;
}

TEST(start, passes_the_function_the_store_and_the_whole_buffer) {
  Store store;
  const Entry entry(store);
  Call seen{};
  for (const std::uint32_t parameters : {0u, 1u, 5u}) {
    for (const std::uint32_t results : {0u, 1u, 7u}) {
      const Function function(&note_call, &seen, parameters, results);
      const Handle handle = checked::cont_new(store, function);
      const ArgsObject args = handle.record->args;
      const auto values = checked::resume_to_end(store, handle);
      EXPECT_EQ(seen.self, &function);
      EXPECT_EQ(seen.caller_vmctx, &store);
      EXPECT_EQ(seen.capacity, std::max(parameters, results));
      EXPECT_EQ(seen.values, args.data);
      EXPECT_EQ(seen.values == nullptr, seen.capacity == 0);
      EXPECT_EQ(values.size(), results);
    }
  }
}

TEST(start, returns_as_many_values_as_the_function_has_results) {
  Store store;
  const Entry entry(store);
  Body more_results(1, 3, [](std::span<Value> values) {
    EXPECT_EQ(values.size(), 3u);
    EXPECT_EQ(values[0], number(1));
    std::ranges::copy(numbers(2, 3, 4), values.begin());
  });
  EXPECT_TRUE(
      are_numbers(checked::resume_to_end(store, checked::cont_new(store, more_results), numbers(1)),
                  {2, 3, 4}));
  Body fewer_results(3, 1, [](std::span<Value> values) {
    EXPECT_TRUE(are_numbers(values, {1, 2, 3}));
    values[0] = number(4);
  });
  EXPECT_TRUE(are_numbers(
      checked::resume_to_end(store, checked::cont_new(store, fewer_results), numbers(1, 2, 3)),
      {4}));
}

TEST(start, can_run_the_same_function_many_times_at_once) {
  Store store;
  const Entry entry(store);
  Body body(1, 1, [&](std::span<Value> values) {
    checked::suspend(store, yield.tag);
    values[0].low += 100;
  });
  std::array<Handle, 10> handles;
  for (std::uint64_t index = 0; index < handles.size(); ++index) {
    const Value argument{index, 0};
    handles[index] = checked::resume_to_suspension(store, checked::cont_new(store, body),
                                                   yield.suspends, {&argument, 1})
                         .handle;
  }
  for (std::uint64_t index = 0; index < handles.size(); ++index) {
    EXPECT_EQ(checked::resume_to_end(store, handles[index])[0].low, 100 + index);
  }
}

TEST(continuation, nests_4096_deep) {
  Store store;
  const Entry entry(store);
  DeepChain chain([](Store& inner) {
    check_invariants(inner);
    EXPECT_EQ(inner.live_count(), 4096u);
    return number(7);
  });
  EXPECT_TRUE(are_numbers(
      checked::resume_to_end(store, checked::cont_new(store, chain), numbers(4096)), {7}));
  EXPECT_EQ(store.live_count(), 0u);
}

bool do_nothing(const FuncRef&, void*, Value*, std::uint32_t) {
  return true;
}

// L8: an accepted start can run, with as much to spare as it needs.
TEST(continuation, headroom_covers_the_first_frames_twice) {
  Store store;
  const Entry entry(store);
  Stack stack = *Stack::map(64 * 1024);
  const StackBounds bounds = stack.bounds();
  std::memset(reinterpret_cast<void*>(bounds.limit()), 0xa5, bounds.usable_bytes);
  const Function function(&do_nothing, nullptr, 2, 1);
  const std::uint64_t first_rsp = bounds.top - laid_out_bytes(2);
  checked::resume_to_end(store, cont_new(store, &function, stack).value());
  const auto* const lowest = reinterpret_cast<const unsigned char*>(bounds.limit());
  const auto* const touched = std::find_if(lowest, lowest + bounds.usable_bytes,
                                           [](unsigned char byte) { return byte != 0xa5; });
  ASSERT_LT(reinterpret_cast<std::uint64_t>(touched), first_rsp);
  const std::uint64_t used = first_rsp - reinterpret_cast<std::uint64_t>(touched);
  RecordProperty("bytes_used", static_cast<int>(used));
  EXPECT_LE(used, headroom_bytes / 2);
}

// The boundary grid: what is accepted runs, whatever the stack, and what is refused names its
// sizes.

FIBERPROOF_UNINSTRUMENTED bool touch_both_ends(const FuncRef&, void*, Value* values,
                                               std::uint32_t capacity) {
  if (capacity != 0) {
    values[0] = number(1);
    values[capacity - 1] = number(capacity);
  }
  return true;
}

/// Makes and runs a continuation with a buffer of `slots` values, and says whether that was
/// accepted. `make` is cont_new on the stack in question.
template <class Make>
bool runs(Store& store, std::uint32_t parameters, std::uint32_t results, std::uint64_t usable_bytes,
          Make make) {
  const std::uint32_t slots = std::max(parameters, results);
  const Function function(&touch_both_ends, nullptr, parameters, results);
  const std::expected<Handle, Trap> made = make(function);
  if (!made) {
    const auto& refused = reason<StackTooSmall>(made.error());
    EXPECT_EQ(refused.usable_bytes, usable_bytes);
    EXPECT_EQ(refused.required_bytes, 0x40 + std::uint64_t{slots} * 16 + headroom_bytes);
    EXPECT_EQ(store.live_count(), 0u);
    return false;
  }
  const auto values = resume(store, *made)->values;
  EXPECT_EQ(values.size(), results);
  if (results != 0 && results == slots) {
    EXPECT_EQ(values.front(), results == 1 ? number(results) : number(1));
    EXPECT_EQ(values.back(), number(results));
  }
  return true;
}

/// All of the grid on stacks of one kind and size: each is accepted exactly where it fits.
template <class Make>
void expect_boundary(Store& store, std::uint64_t usable_bytes, Make make) {
  const std::uint64_t free_bytes = usable_bytes - 0x40 - headroom_bytes;
  const auto exact = static_cast<std::uint32_t>(free_bytes / 16);
  for (const std::uint32_t slots : {0u, 1u, exact - 1, exact, exact + 1, 1u << 16, (1u << 28) - 1,
                                    1u << 28, std::numeric_limits<std::uint32_t>::max()}) {
    const bool fits = std::uint64_t{slots} * 16 <= free_bytes;
    EXPECT_EQ(runs(store, slots, 0, usable_bytes, make), fits) << slots << " parameters";
    EXPECT_EQ(runs(store, 0, slots, usable_bytes, make), fits) << slots << " results";
    EXPECT_EQ(runs(store, slots, slots, usable_bytes, make), fits) << slots << " of both";
  }
}

constexpr std::array grid_pages{1u, 2u, 512u};

TEST(start, accepted_on_a_pooled_stack_can_run) {
  Store store;
  const Entry entry(store);
  for (const std::uint64_t pages : grid_pages) {
    expect_boundary(store, pages * page_bytes(), [&](const Function& function) {
      return cont_new(store, &function, pages * page_bytes());
    });
  }
}

TEST(start, accepted_on_a_mapped_stack_can_run) {
  Store store;
  const Entry entry(store);
  for (const std::uint64_t pages : grid_pages) {
    for (const std::uint64_t bytes_above_top : {std::uint64_t{0}, page_bytes() - 16}) {
      Stack stack = *Stack::map(pages * page_bytes(), bytes_above_top);
      expect_boundary(store, pages * page_bytes(),
                      [&](const Function& function) { return cont_new(store, &function, stack); });
    }
  }
}

// There is no guard page: what lies below and above is watched instead.
TEST(start, accepted_in_supplied_memory_can_run_and_stays_inside) {
  Store store;
  const Entry entry(store);
  constexpr std::size_t margin = 4096;
  for (const std::uint64_t pages : grid_pages) {
    for (const std::size_t misalignment : {0u, 1u, 15u}) {
      std::vector<unsigned char> memory(2 * margin + pages * page_bytes() + misalignment, 0xa5);
      const std::span inside = std::span(memory).subspan(margin, pages * page_bytes());
      {
        Stack stack = *Stack::supply(std::as_writable_bytes(inside.subspan(misalignment)));
        expect_boundary(store, stack.bounds().usable_bytes, [&](const Function& function) {
          return cont_new(store, &function, stack);
        });
      }
      const auto is_untouched = [](unsigned char byte) { return byte == 0xa5; };
      EXPECT_TRUE(std::all_of(memory.begin(), memory.begin() + margin, is_untouched));
      EXPECT_TRUE(
          std::all_of(inside.data() + inside.size(), memory.data() + memory.size(), is_untouched));
    }
  }
}

// Variants of the trampoline.

const Body fails(0, 2, [](std::span<Value> values) {
  values[0] = number(1);
  return false;
});

TEST(trampoline, trap_reports_a_trap_as_a_trap) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::cont_new(store, fails);
  EXPECT_EQ(reason<BodyFailed>(checked::resume_to_trap(store, handle)).continuation, 1u);
  EXPECT_EQ(handle.record->state, State::trapped);
}

// Guards Wasmtime issue 13028, which trampoline v44 has on purpose: whatever the resumer does with
// these values, nobody made them.
TEST(trampoline, v44_reports_a_trap_as_a_return) {
  Store store({.trampoline = Trampoline::v44});
  const Entry entry(store);
  const Body throws(0, 2, [](std::span<Value>) { throw 1; });
  for (const Function* const function :
       {static_cast<const Function*>(&fails), static_cast<const Function*>(&throws)}) {
    const Handle handle = checked::cont_new(store, *function);
    const auto outcome = resume(store, handle);
    ASSERT_TRUE(outcome.has_value()) << "as Wasmtime 44.0.0 has it";
    EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
    EXPECT_EQ(outcome->values.size(), 2u) << "though there are none";
    EXPECT_EQ(handle.record->state, State::returned);
  }
}

TEST(trampoline, is_chosen_when_the_continuation_is_made) {
  Store store;
  const Entry entry(store);
  const Handle before = checked::cont_new(store, fails);
  store.options.trampoline = Trampoline::v44;
  const Handle after = checked::cont_new(store, fails);
  checked::resume_to_end(store, after);
  reason<BodyFailed>(checked::resume_to_trap(store, before));
}

// A trap that v44 hides is bad enough; it must not come up where another continuation traps.
TEST(trampoline, v44_leaves_no_trap_to_the_next_continuation) {
  Store store({.trampoline = Trampoline::v44});
  const Entry entry(store);
  const Body throws(0, 0, [](std::span<Value>) { throw 1; });
  const Body gives_reason(0, 0, [](std::span<Value>) {
    return std::expected<void, Trap>(std::unexpected(NullHandle{}));
  });
  checked::resume_to_end(store, checked::cont_new(store, throws));
  checked::resume_to_end(store, checked::cont_new(store, gives_reason));
  EXPECT_EQ(store.raised, nullptr);
  EXPECT_FALSE(store.trap.has_value());
  store.options.trampoline = Trampoline::trap;
  const Handle handle = checked::cont_new(store, fails);
  reason<BodyFailed>(checked::resume_to_trap(store, handle));
}

TEST(trampoline, v44_leaves_no_trap_to_the_next_use_of_its_record) {
  Store store;
  const Entry entry(store);
  const Body resumes_failing(0, 0, [&](std::span<Value>) {
    store.options.trampoline = Trampoline::trap;
    const Handle child = checked::cont_new(store, fails);
    reason<BodyFailed>(checked::resume_to_trap(store, child));
  });
  store.options.trampoline = Trampoline::v44;
  checked::resume_to_end(store, checked::cont_new(store, resumes_failing));
  const Body makes_one(
      0, 0, [&](std::span<Value>) { checked::abandon(store, checked::cont_new(store, fails)); });
  checked::resume_to_end(store, checked::cont_new(store, makes_one));
}

}  // namespace
}  // namespace fiberproof
