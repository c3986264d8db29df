#include "core/invariants.hpp"

#include "core/check.hpp"
#include "core/thread_stack.hpp"

#include <algorithm>
#include <vector>

namespace fiberproof {
namespace {

using Records = std::vector<const Continuation*>;

bool is_live(const Continuation& record) {
  return record.state < State::returned;
}

const Continuation& as_continuation(const StackRecord& stack) {
  FIBER_CHECK(C2, stack.initial, ==, false);
  return static_cast<const Continuation&>(stack);
}

/// The innermost stack of this entry's chain: it runs, or waits for an inner entry to close.
const StackRecord* running_in(const Entry& entry) {
  const StackRecord* running = entry.store().active;
  for (const Entry* inner = Entry::innermost_of_thread(); inner != &entry;
       inner = inner->outer_of_thread()) {
    FIBER_CHECK(C2, inner, !=, nullptr);
    if (&inner->store() == &entry.store()) {
      running = inner->outer_active();
    }
  }
  return running;
}

/// The lowest address of the native stack that `stack`, of the chain of `entry`, is on.
std::uint64_t limit_of(const StackRecord& stack, const Entry& entry) {
  if (!stack.initial) {
    return as_continuation(stack).stack->bounds().limit();
  }
  const Entry* const outer = entry.outer_of_thread();
  return outer == nullptr ? thread_stack().lowest : limit_of(*running_in(*outer), *outer);
}

// C4.

void check_limits(const Limits& limits, const StackRecord& stack, std::uint64_t stack_limit) {
  FIBER_CHECK(C4, limits.trap_handler, ==, &stack.trap_handler);
  FIBER_CHECK(C4, limits.stack_limit, ==, stack_limit);
}

/// For a stack that the embedder has entered.
void check_entry_registers(const Limits& limits) {
  FIBER_CHECK(C4, limits.entry_stack_pointer, >, limits.stack_limit);
  FIBER_CHECK(C4, limits.entry_frame_pointer, >=, limits.entry_stack_pointer);
}

void check_limits_of_waiting(const Continuation& record) {
  check_limits(record.limits, record, record.stack->bounds().limit());
  if (record.state != State::fresh) {
    check_entry_registers(record.limits);
    FIBER_CHECK(C4, record.limits.entry_frame_pointer, <, record.stack->bounds().top);
  }
  // Only a running stack can have a trap that is raised again.
  FIBER_CHECK(C4, record.trap_handler.trap, ==, nullptr);
}

// C2 and C3. `visited` gets every record that some chain holds.

void visit(const Store& store, const Continuation& record, Records& visited) {
  visited.push_back(&record);
  FIBER_CHECK(C2, visited.size(), <=, store.live_count());
}

/// From the stack that runs out to the initial one, which opened `entry`.
void check_active_chain(const Entry& entry, Records& visited) {
  const StackRecord* stack = running_in(entry);
  FIBER_CHECK(C2, stack, !=, nullptr);
  FIBER_CHECK(C2, stack->state, ==, State::running);
  while (!stack->initial) {
    const Continuation& inner = as_continuation(*stack);
    visit(entry.store(), inner, visited);
    stack = inner.parent;
    FIBER_CHECK(C2, stack, !=, nullptr);
    FIBER_CHECK(C2, stack->state, ==, State::parent);
    if (!stack->initial) {
      check_limits_of_waiting(as_continuation(*stack));
    }
  }
  FIBER_CHECK(C2, stack, ==, &entry.initial());
  if (stack->state == State::parent) {
    check_limits(stack->limits, *stack, limit_of(*stack, entry));
    check_entry_registers(stack->limits);
  }
  FIBER_CHECK(C4, stack->trap_handler.trap, ==, nullptr);
}

/// From a fresh or suspended stack out to its last ancestor.
void check_detached_chain(const Store& store, const Continuation& head, Records& visited) {
  FIBER_CHECK(C3, head.last_ancestor, !=, nullptr);
  if (head.state == State::fresh) {
    FIBER_CHECK(C3, head.last_ancestor, ==, &head);
  }
  const Continuation* stack = &head;
  for (;;) {
    visit(store, *stack, visited);
    check_limits_of_waiting(*stack);
    if (stack == head.last_ancestor) {
      FIBER_CHECK(C3, stack->parent, ==, nullptr);
      return;
    }
    FIBER_CHECK(C3, stack->parent, !=, nullptr);
    FIBER_CHECK(C3, stack->parent->initial, ==, false);
    stack = &as_continuation(*stack->parent);
    FIBER_CHECK(C3, stack->state, ==, State::parent);
  }
}

void check_chains(const Store& store, const Records& live) {
  Records visited;
  const Entry* outermost = nullptr;
  for (const Entry* entry = store.entry; entry != nullptr; entry = entry->outer_of_thread()) {
    if (&entry->store() == &store) {
      check_active_chain(*entry, visited);
      outermost = entry;
    }
  }
  FIBER_CHECK(C2, store.active == nullptr, ==, outermost == nullptr);
  FIBER_CHECK(C2, outermost == nullptr || outermost->outer_active() == nullptr, ==, true);
  for (const Continuation* const record : live) {
    if (record->state == State::fresh || record->state == State::suspended) {
      check_detached_chain(store, *record, visited);
    }
  }

  // Every live stack is in exactly one chain, so no other is running or a parent.
  std::ranges::sort(visited);
  FIBER_CHECK(C2, visited.size(), ==, live.size());
  for (std::size_t index = 0; index < live.size(); ++index) {
    FIBER_CHECK(C2, visited[index], ==, live[index]);
  }
}

void check_registers(const Store& store) {
  if (store.entry != nullptr) {
    const StackRecord& active = *store.active;
    check_limits(store.limits, active, limit_of(active, *store.entry));
    check_entry_registers(store.limits);
  }
}

// C5.

void check_buffer(const ArgsObject& buffer) {
  FIBER_CHECK(C5, buffer.length, <=, buffer.capacity);
  FIBER_CHECK(C5, buffer.capacity == 0 || buffer.data != nullptr, ==, true);
}

void check_buffers(const Continuation& record) {
  check_buffer(record.args);
  if (record.state == State::suspended) {
    check_buffer(record.values);
  }
  const StackBounds bounds = record.stack->bounds();
  const auto data = reinterpret_cast<std::uint64_t>(record.args.data);
  if (record.args.capacity != 0) {
    FIBER_CHECK(C5, data, >=, bounds.limit());
    FIBER_CHECK(C5, data, <, bounds.top);
    FIBER_CHECK(C5, record.args.capacity, <=, (bounds.top - data) / sizeof(Value));
  }
}

// C1 and C7.

void check_ids(const Store& store, const Records& live) {
  std::vector<std::uint64_t> ids;
  for (const Continuation* const record : live) {
    FIBER_CHECK(C1, record->id, !=, 0u);
    FIBER_CHECK(C1, record->id, <=, store.created_count());
    ids.push_back(record->id);
  }
  std::ranges::sort(ids);
  const auto twice = std::ranges::adjacent_find(ids);
  FIBER_CHECK(C1, twice - ids.begin(), ==, ids.end() - ids.begin());
}

/// A live record has a stack; no two records have memory in common, also between two uses.
void check_stacks(const Store& store, const Records& live) {
  FIBER_CHECK(C7, live.size(), ==, store.live_count());
  std::vector<StackBounds> all;
  for (const Continuation& record : store.records()) {
    FIBER_CHECK(C7, !is_live(record) || record.stack != nullptr, ==, true);
    FIBER_CHECK(C7, is_live(record) || record.parent == nullptr, ==, true);
    if (record.stack != nullptr) {
      all.push_back(record.stack->bounds());
    }
  }
  std::ranges::sort(all, {}, &StackBounds::top);
  for (std::size_t index = 1; index < all.size(); ++index) {
    FIBER_CHECK(C7, all[index - 1].top, <=, all[index].limit());
  }
}

}  // namespace

void check_invariants(const Store& store) {
  Records live;
  for (const Continuation& record : store.records()) {
    if (is_live(record)) {
      live.push_back(&record);
    }
  }
  std::ranges::sort(live);
  check_stacks(store, live);
  check_ids(store, live);
  check_chains(store, live);
  check_registers(store);
  for (const Continuation* const record : live) {
    check_buffers(*record);
  }
}

}  // namespace fiberproof
