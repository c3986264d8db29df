#include "core/store.hpp"

#include "core/check.hpp"
#include "core/continuation.hpp"
#include "core/foreign_exception.hpp"
#include "core/layout.hpp"
#include "core/sanitizer.hpp"
#include "core/thread_stack.hpp"

#include <utility>

namespace fiberproof {
namespace {

// Only the functions below use it, and none of them switches: an address of thread-local memory
// must not be kept across a switch.
constinit thread_local Entry* innermost_entry = nullptr;

/// Ends the process if the innermost entry's active continuation does not run here: then a jump has
/// left its stack unnoticed (F3).
void refuse_if_left_by_a_jump(const Entry& innermost) {
  const StackRecord* const active = innermost.store().active;
  if (active == nullptr || active->initial) {
    return;
  }
  const auto& left = static_cast<const Continuation&>(*active);
  const StackBounds bounds = left.stack->bounds();
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  if (here - bounds.limit() >= bounds.usable_bytes) {
    refuse(left.id, "a jump (longjmp) left its stack, which is not supported");
  }
}

/// Whether a local variable belongs to a function that a jump has left.
bool is_in_dead_frame(const void* variable) {
  const auto address = reinterpret_cast<std::uint64_t>(variable);
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  const ThreadStack& own = thread_stack();
  return here >= own.lowest && here < own.end && address >= own.lowest && address < here;
}

}  // namespace

Store::Store(StoreOptions chosen)
    : options(chosen), stacks_(chosen.stacks), idle_max_(chosen.stacks.kept_max) {
  limits.trap_handler = &refuse_;
}

Store::~Store() {
  FIBER_CHECK(C2, active, ==, nullptr);
  for (Continuation& record : records_) {
    if (record.state < State::returned) {
      discard(*this, record);
    }
  }
  FIBER_CHECK(C7, live_count_, ==, 0u);
  while (idle_ != nullptr) {
    take_stack_from(*std::exchange(idle_, idle_->next_idle));
  }
}

void Store::count_on_from(std::uint64_t created) {
  FIBER_CHECK(C1, created_count_, ==, 0u);
  created_count_ = created;
}

/// For when no record is idle, or the latest has a stack of another size.
std::expected<Continuation*, StackError> Store::take_otherwise(std::uint64_t stack_bytes) {
  if (idle_ != nullptr) {
    take_stack_from(*std::exchange(idle_, idle_->next_idle));
    --idle_count_;
  }
  const auto stack = stacks_.acquire(stack_bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  Continuation& record = record_for(**stack);
  record.stack_is_pooled = true;
  record.stack_is_kept = (*stack)->bounds().usable_bytes <= resident_bytes_max;
  return &record;
}

Continuation& Store::take(Stack& stack) {
  Continuation& record = record_for(stack);
  record.stack_is_pooled = false;
  record.stack_is_kept = false;
  return record;
}

Continuation& Store::record_for(Stack& stack) {
  Continuation& record = stackless_ == nullptr ? records_.emplace_back()
                                               : *std::exchange(stackless_, stackless_->next_idle);
  const StackBounds bounds = stack.bounds();
  record.stack = &stack;
  record.control_context =
      reinterpret_cast<ControlContext*>(bounds.top - control_context_bytes_below_top);
  record.sanitizer = &stack.sanitizer();
  record.limits = {bounds.limit(), 0, 0, &record.trap_handler};
  ++live_count_;
  return record;
}

void Store::give_back_otherwise(Continuation& ended) {
  take_stack_from(ended);
}

void Store::take_stack_from(Continuation& idle) {
  Stack& stack = *std::exchange(idle.stack, nullptr);
  idle.control_context = nullptr;
  idle.sanitizer = nullptr;
  if (idle.stack_is_pooled) {
    stacks_.release(stack);
  }
  idle.next_idle = std::exchange(stackless_, &idle);
}

[[gnu::noinline]] void Entry::open(std::uint64_t frame_pointer, std::uint64_t stack_pointer) {
  if (innermost_entry != nullptr) {
    FIBER_CHECK(C2, is_in_dead_frame(innermost_entry), ==, false);
    refuse_if_left_by_a_jump(*innermost_entry);
  }
  outer_of_thread_ = std::exchange(innermost_entry, this);
  outer_of_store_ = std::exchange(store_.entry, this);
  outer_active_ = std::exchange(store_.active, &initial_);
  outer_limits_ = store_.limits;
  outer_exceptions_ = std::exchange(store_.exceptions, &thread_exception_state());

  // The native stack here is the thread's own, or that of the continuation whose body this is.
  initial_.initial = true;
  initial_.state = State::running;
  initial_.sanitizer = &sanitizer_thread_stack();
  std::uint64_t stack_limit = thread_stack().lowest;
  if (const Entry* const outer = outer_of_thread_; outer != nullptr) {
    const bool same_store = &outer->store_ == &store_;
    initial_.sanitizer = (same_store ? outer_active_ : outer->store_.active)->sanitizer;
    stack_limit = (same_store ? outer_limits_ : outer->store_.limits).stack_limit;
  }
  store_.limits = {stack_limit, frame_pointer, stack_pointer, &initial_.trap_handler};
  initial_.limits = store_.limits;  // A walk reads them even if nothing was resumed from here.
}

Entry::~Entry() {
  FIBER_CHECK(C2, innermost_entry, !=, nullptr);
  refuse_if_left_by_a_jump(*innermost_entry);
  FIBER_CHECK(C2, innermost_entry, ==, this);
  FIBER_CHECK(C2, store_.active, ==, &initial_);
  innermost_entry = outer_of_thread_;
  store_.entry = outer_of_store_;
  store_.active = outer_active_;
  store_.limits = outer_limits_;
  store_.exceptions = outer_exceptions_;
}

Entry* Entry::innermost_of_thread() {
  return innermost_entry;
}

}  // namespace fiberproof
