// The store: all continuations of one embedder, the stack that runs, and what belongs to it.
//
// A store is used by one thread at a time; it may move to another while no entry is open. Code of
// the embedder opens an Entry, which makes the native stack that it is on the initial stack of a
// new chain. A body may open one, too: the chain that it is part of waits untouched until it
// closes.
#pragma once

#include "core/check.hpp"
#include "core/continuation_start.hpp"
#include "core/record.hpp"
#include "core/stack.hpp"
#include "core/trap.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <span>

namespace fiberproof {

class Entry;

struct StoreOptions {
  std::uint64_t stack_bytes = 64 * 1024;  ///< usable ones of a stack, where cont_new names none
  Trampoline trampoline = Trampoline::trap;
  StackPoolOptions stacks{};
};

/// What a stack that suspends itself gives to the stack that goes on.
struct HandedOver {
  std::span<const Value> values;
  Continuation* suspended;
};

class Store {
 public:
  explicit Store(StoreOptions chosen = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Discards what was not run to its end, as `abandon` does. No entry may be open.
  ~Store();

  StoreOptions options;  ///< for what is made next; those of the pool are taken at the beginning

  // The machine's registers, which the operations in continuation.hpp work on.
  StackRecord* active = nullptr;         ///< the stack that runs; null outside of every entry
  Limits limits;                         ///< its limits (C4); outside, they refuse everything
  ExceptionState* exceptions = nullptr;  ///< that of the thread that runs it
  Entry* entry = nullptr;                ///< the innermost
  HandedOver handed_over{};              ///< by the latest suspension
  std::exception_ptr raised;  ///< ended the body that trapped last, kept for its resumer (F3), or
                              ///< is to be raised in the continuation that is resumed next
  std::optional<Trap> trap;   ///< likewise, where the body named a reason
  ExceptionState foreign;     ///< likewise, where what ended it is no exception of C++

  /// Continuations that have a stack: made, and neither ended nor abandoned.
  std::size_t live_count() const { return live_count_; }
  std::uint64_t created_count() const { return created_count_; }
  StackPool& stacks() { return stacks_; }
  /// All records that were ever made, live or not.
  const std::deque<Continuation>& records() const { return records_; }

  // For the operations only.

  /// A record with a stack of this store's pool, and one with a stack of the caller's. The record
  /// is as it was left.
  std::expected<Continuation*, StackError> take(std::uint64_t stack_bytes) {
    Continuation* const idle = idle_;
    if (idle == nullptr || idle->stack->bounds().usable_bytes != stack_bytes) [[unlikely]] {
      return take_otherwise(stack_bytes);
    }
    idle_ = idle->next_idle;
    --idle_count_;
    ++live_count_;
    return idle;
  }
  Continuation& take(Stack& stack);

  /// The number of a continuation that was made in its record.
  std::uint64_t next_id() { return ++created_count_; }

  /// Takes back one that will not run any more. Its stack stays with it, as long as that is one of
  /// many alike; what is in the memory stays until the next operation.
  void give_back(Continuation& ended) {
    FIBER_CHECK(C7, ended.state, >=, State::returned);
    ended.parent = nullptr;
    --live_count_;
    if (!ended.stack_is_kept || idle_count_ >= idle_max_) [[unlikely]] {
      return give_back_otherwise(ended);
    }
    ended.next_idle = idle_;
    idle_ = &ended;
    ++idle_count_;
  }

 private:
  std::expected<Continuation*, StackError> take_otherwise(std::uint64_t stack_bytes);
  void give_back_otherwise(Continuation& ended);
  Continuation& record_for(Stack& stack);
  void take_stack_from(Continuation& idle);

  Trap not_entered_{NullHandle{}};
  TrapHandler refuse_{&not_entered_};
  StackPool stacks_;
  std::deque<Continuation> records_;   ///< never move
  Continuation* idle_ = nullptr;       ///< with their stacks, the latest first
  Continuation* stackless_ = nullptr;  ///< without
  std::size_t idle_count_ = 0;
  std::size_t idle_max_;
  std::size_t live_count_ = 0;
  std::uint64_t created_count_ = 0;
};

/// While it lives, the native stack that it was made on is the initial stack of the store's active
/// chain, and the function that made it is where the chain ends: so it is a local variable of that
/// function. Entries of a thread nest strictly.
class Entry {
 public:
  [[gnu::always_inline]] explicit Entry(Store& store) : store_(store) {
    const auto frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    std::uint64_t stack_pointer = 0;
    asm("mov %%rsp, %0" : "=r"(stack_pointer));
    open(frame, stack_pointer);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry();

  /// The innermost entry that this thread has open, of whichever store.
  static Entry* innermost_of_thread();

  Store& store() const { return store_; }
  const StackRecord& initial() const { return initial_; }
  /// The entry of the same thread that was open before.
  const Entry* outer_of_thread() const { return outer_of_thread_; }
  /// What the store had active before, null where it was not entered.
  const StackRecord* outer_active() const { return outer_active_; }

 private:
  void open(std::uint64_t frame_pointer, std::uint64_t stack_pointer);

  Store& store_;
  StackRecord initial_;
  StackRecord* outer_active_ = nullptr;
  Limits outer_limits_;
  ExceptionState* outer_exceptions_ = nullptr;
  Entry* outer_of_store_ = nullptr;
  Entry* outer_of_thread_ = nullptr;
};

}  // namespace fiberproof
