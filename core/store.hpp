// The store: all continuations of one embedder, the stack that runs, and its state.
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
  std::uint64_t stack_bytes = 64 * 1024;  ///< usable ones of a stack if cont_new gives no number
  Trampoline trampoline = Trampoline::trap;
  StackPoolOptions stacks{};
};

/// What a suspended stack passes to the stack that continues.
struct HandedOver {
  std::span<const Value> values;
  Continuation* suspended;
};

class Store {
 public:
  explicit Store(StoreOptions chosen = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Abandons every continuation that has not ended. No entry may be open.
  ~Store();

  StoreOptions options;  ///< of the next continuations; those of the pool are fixed at construction

  // The machine's registers, which the operations in continuation.hpp work on.
  StackRecord* active = nullptr;  ///< the stack that runs; null if no entry is open
  Limits limits;                  ///< its limits (C4); without an entry they refuse everything
  ExceptionState* exceptions = nullptr;  ///< that of the thread that runs it
  Entry* entry = nullptr;                ///< the innermost
  HandedOver handed_over{};              ///< by the latest suspension
  std::exception_ptr raised;  ///< ended the body that trapped last, kept for its resumer (F3), or
                              ///< is to be raised in the continuation that is resumed next
  std::optional<Trap> trap;   ///< of the same body, if it gave a reason
  ExceptionState foreign;     ///< of the same body, if the exception is not of C++

  /// Continuations that have neither ended nor been abandoned.
  std::size_t live_count() const { return live_count_; }
  std::uint64_t created_count() const { return created_count_; }
  /// Numbers the continuations on from `created`, as if so many had been made: for an embedder that
  /// continues another store's numbers. On input none has been made.
  void count_on_from(std::uint64_t created);
  StackPool& stacks() { return stacks_; }
  /// All records that were ever made, live or idle.
  const std::deque<Continuation>& records() const { return records_; }

  // For the operations only.

  /// A record with a stack from this store's pool, or with the caller's stack. Its fields are as
  /// its previous use left them.
  [[nodiscard]] std::expected<Continuation*, StackError> take(std::uint64_t stack_bytes) {
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

  /// The id of the next continuation.
  std::uint64_t next_id() { return ++created_count_; }

  /// Takes back a record that will not run any more. A pooled stack that is not large stays with
  /// it. The memory keeps its contents until the next operation.
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
  [[nodiscard]] std::expected<Continuation*, StackError> take_otherwise(std::uint64_t stack_bytes);
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

/// While an Entry lives, the native stack that it was made on is the initial stack of the store's
/// active chain, and the function that made it is where the chain ends. So it must be a local
/// variable of that function. Entries of a thread nest strictly.
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

  /// The innermost entry that this thread has open, of any store.
  static Entry* innermost_of_thread();

  Store& store() const { return store_; }
  const StackRecord& initial() const { return initial_; }
  /// The entry of the same thread that was open before.
  const Entry* outer_of_thread() const { return outer_of_thread_; }
  /// The stack that was active in the store before; null if no entry was open.
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
