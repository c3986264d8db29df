// This project as it is used: continuations of a Store, resumed and suspended by the operations of
// core/continuation.hpp. Where a row says nothing about stacks they are the store's pool's.
#include "core/continuation.hpp"

#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"

#include <cstdlib>
#include <deque>
#include <vector>

namespace fiberproof::bench {
namespace {

const Tag yielding{"yielding"};
const Tag* const yielding_tags[] = {&yielding};
const Handlers catch_yields = Handlers::suspends(yielding_tags);

[[noreturn, gnu::cold, gnu::noinline]] void refused() {
  std::abort();
}

/// Resumes what `handle` names, which suspends itself again.
[[gnu::always_inline]] inline void resume_again(Store& store, Handle& handle) {
  const auto outcome = resume(store, handle, {}, catch_yields);
  if (!outcome) [[unlikely]] {
    refused();
  }
  handle = outcome->handle;
}

[[gnu::always_inline]] inline void suspend_again(Store& store) {
  if (!suspend(store, yielding)) [[unlikely]] {
    refused();
  }
}

bool count_and_suspend(const FuncRef& self, void* caller_vmctx, Value*, std::uint32_t) {
  auto& store = *static_cast<Store*>(caller_vmctx);
  auto& count = *static_cast<std::uint64_t*>(self.vmctx);
  for (;;) {
    ++count;
    suspend_again(store);
  }
}

bool count_and_end(const FuncRef& self, void*, Value*, std::uint32_t) {
  ++*static_cast<std::uint64_t*>(self.vmctx);
  return true;
}

// Resume and suspend.

[[gnu::noinline]] void resume_repeatedly(Store& store, Handle& handle, std::uint64_t times) {
  for (; times != 0; --times) resume_again(store, handle);
}

Work measure_resume_suspend(benchmark::State& state) {
  std::uint64_t count = 0;
  const Function function(count_and_suspend, &count, 0, 0);
  Store store;
  const Entry entry(store);
  Handle handle = *cont_new(store, &function);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    resume_repeatedly(store, handle, batch);
  });
  return {pairs, count};
}

/// Answers each value with its successor.
bool answer_and_suspend(const FuncRef&, void* caller_vmctx, Value* values, std::uint32_t) {
  auto& store = *static_cast<Store*>(caller_vmctx);
  Value received = values[0];
  for (;;) {
    const Value answer{received.low + 1, 0};
    if (!suspend(store, yielding, {&answer, 1}, {&received, 1})) [[unlikely]] {
      refused();
    }
  }
}

/// Sends what was answered last.
[[gnu::noinline]] void send_repeatedly(Store& store, Handle& handle, Value& answered,
                                       std::uint64_t times) {
  for (; times != 0; --times) {
    const Value sent = answered;
    const auto outcome = resume(store, handle, {&sent, 1}, catch_yields);
    if (!outcome) [[unlikely]] {
      refused();
    }
    answered = outcome->values[0];
    handle = outcome->handle;
  }
}

Work measure_handing_over_values(benchmark::State& state) {
  const Function function(answer_and_suspend, nullptr, 1, 0);
  Store store;
  const Entry entry(store);
  Handle handle = *cont_new(store, &function);
  Value answered{};
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    send_repeatedly(store, handle, answered, batch);
  });
  return {pairs, answered.low};
}

// Many continuations.

[[gnu::noinline]] void resume_each(Store& store, std::vector<Handle>& handles) {
  for (Handle& handle : handles) resume_again(store, handle);
}

template <std::size_t continuation_count, bool staggered>
Work measure_ring(benchmark::State& state) {
  std::vector<std::uint64_t> counts(continuation_count);
  std::deque<Function> functions;
  Store store({.stacks = {.staggered = staggered}});
  const Entry entry(store);
  std::vector<Handle> handles;
  for (std::uint64_t& count : counts) {
    functions.emplace_back(count_and_suspend, &count, 0u, 0u);
    handles.push_back(*cont_new(store, &functions.back()));
  }
  resume_each(store, handles);
  const std::uint64_t pairs =
      time_batches(state, continuation_count, [&](std::uint64_t) { resume_each(store, handles); });
  return {pairs + continuation_count, counted_evenly(counts)};
}

// Short lives.

[[gnu::noinline]] void create_repeatedly(Store& store, const Function& function,
                                         std::uint64_t times) {
  for (; times != 0; --times) {
    const auto handle = cont_new(store, &function);
    if (!handle || !resume(store, *handle)) [[unlikely]] {
      refused();
    }
  }
}

Work measure_create_on_pooled_stack(benchmark::State& state) {
  std::uint64_t count = 0;
  const Function function(count_and_end, &count, 0, 0);
  Store store;
  const Entry entry(store);
  const std::uint64_t created = time_batches(state, creations_in_batch, [&](std::uint64_t batch) {
    create_repeatedly(store, function, batch);
  });
  return {created, count};
}

[[gnu::noinline]] void create_on_fresh_stack(Store& store, const Function& function) {
  auto stack = Stack::map(stack_bytes);
  if (!stack) [[unlikely]] {
    refused();
  }
  const auto handle = cont_new(store, &function, *stack);
  if (!handle || !resume(store, *handle)) [[unlikely]] {
    refused();
  }
}

Work measure_create_on_fresh_stack(benchmark::State& state) {
  std::uint64_t count = 0;
  const Function function(count_and_end, &count, 0, 0);
  Store store;
  const Entry entry(store);
  const std::uint64_t created = time_batches(state, mappings_in_batch, [&](std::uint64_t batch) {
    for (; batch != 0; --batch) create_on_fresh_stack(store, function);
  });
  return {created, count};
}

/// In the shapes that are the same for all: a store that is entered, and a continuation of it.
class ContinuationFiber {
 public:
  using Body = void(ContinuationFiber& self, void* argument);

  [[gnu::always_inline]] ContinuationFiber(StackBounds stack, Body* body, void* argument)
      : stack_(*Stack::supply({reinterpret_cast<std::byte*>(stack.limit()), stack.usable_bytes})),
        body_(body),
        argument_(argument),
        entry_(store_) {}
  ContinuationFiber(const ContinuationFiber&) = delete;
  ContinuationFiber& operator=(const ContinuationFiber&) = delete;

  [[gnu::always_inline]] void resume() { resume_again(store_, handle_); }
  [[gnu::always_inline]] void yield() { suspend_again(store_); }

 private:
  static bool enter(const FuncRef& func_ref, void*, Value*, std::uint32_t) {
    auto& self = *static_cast<ContinuationFiber*>(func_ref.vmctx);
    self.body_(self, self.argument_);
    return true;
  }

  Stack stack_;
  Body* body_;
  void* argument_;
  const Function function_{enter, this, 0, 0};
  Store store_;
  const Entry entry_;
  Handle handle_ = *cont_new(store_, &function_, stack_);
};

}  // namespace

void add_continuation() {
  add_benchmark(resume_suspend_row, "fiberproof", measure_resume_suspend);
  add_benchmark(hand_over_row, "fiberproof", measure_handing_over_values);
  add_shape_rows<ContinuationFiber>("fiberproof");
  add_benchmark(round_robin_64_row, "fiberproof", measure_ring<64, false>);
  add_benchmark(round_robin_64_row, "fiberproof_staggered", measure_ring<64, true>);
  add_benchmark(round_robin_4096_row, "fiberproof", measure_ring<4096, false>);
  add_benchmark(round_robin_4096_row, "fiberproof_staggered", measure_ring<4096, true>);
  add_benchmark(create_pooled_row, "fiberproof", measure_create_on_pooled_stack);
  add_benchmark(create_fresh_row, "fiberproof", measure_create_on_fresh_stack);
}

}  // namespace fiberproof::bench
