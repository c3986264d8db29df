// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/record_judge.hpp"

#include "fuzz/run/trap_words.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using State = ReferenceStack::State;

// Values at either end of a longer buffer that are looked at.
constexpr std::size_t values_looked_at = 4;

// With more live continuations than these, the end of the active chain is not looked for.
constexpr std::size_t chain_looked_at_max = 12;

// A pooled stack of at most so many bytes stays with its record (core/stack.hpp).
constexpr std::uint64_t kept_bytes_max = 128 * 1024;

template <class T>
std::uint64_t address_of(const T* object) {
  return reinterpret_cast<std::uint64_t>(object);
}

oracle::BufferWords words_of(const ArgsObject& buffer) {
  return {buffer.length, buffer.capacity, address_of(buffer.data)};
}

std::uint64_t args_buffer(const NativeStack& stack, std::uint32_t capacity) {
  return stack.span.end - spec::buffer_below - spec::buffer_bytes(capacity);
}

}  // namespace

void RecordJudge::begin(bool have_owners) {
  owner_bytes_ = have_owners ? sizeof(std::uint64_t) : 0;
  for (std::uint8_t number = 0; number < stores; ++number) {
    records_[number] = view_.embedder.store(number).records().size();
  }
  rotating_ = 0;
}

void RecordJudge::made(StackIndex index, const Continuation& record) {
  NativeStack& stack = natives_[index];
  stack.stack = record.stack;
  const std::uint32_t capacity = view_.reference().stack(index).args_capacity;
  const std::uint64_t buffer = args_buffer(stack, capacity);
  fill_with_pattern({buffer, buffer + spec::buffer_bytes(capacity)});
}

void RecordJudge::started(StackIndex index) {
  // A switch hands over a handle as well, as the last value.
  const bool by_switch = view_.reference().arrival().handle != no_stack;
  const std::size_t length = view_.reference().stack(index).args.size() + (by_switch ? 1 : 0);
  natives_[index].args_length = static_cast<std::uint32_t>(length);
}

void RecordJudge::judge(StackIndex index) const {
  const ReferenceStack& expected = view_.reference().stack(index);
  const NativeStack& stack = natives_[index];
  judge_stack(stack);
  judge_limits(expected, stack);
  judge_args(index);
  if (expected.state == State::suspended) {
    judge_room(expected, stack);
  }
  if (expected.state == State::parent) {
    view_.same(SpecId::C2, "handlers of the resume that a parent waits in",
               address_of(stack.handlers), address_of(stack.record->handlers));
  }
}

void RecordJudge::judge_stack(const NativeStack& stack) const {
  const Continuation& got = stack.continuation();
  const bool is_pooled = stack.leased.stack == nullptr;
  const bool is_kept = is_pooled && stack.span.end - stack.span.lowest <= kept_bytes_max;
  view_.check(
      oracle::c7_stack_facts({address_of(stack.stack), stack.span.end - spec::saved_rsp_below_top,
                              address_of(&stack.stack->sanitizer()), is_pooled, is_kept},
                             {address_of(got.stack), address_of(got.control_context),
                              address_of(got.sanitizer), got.stack_is_pooled, got.stack_is_kept}));
}

/// The trap handler of a stack, and the limits of one that was never entered.
void RecordJudge::judge_limits(const ReferenceStack& expected, const NativeStack& stack) const {
  const Continuation& got = stack.continuation();
  view_.same(SpecId::C4, "trap that is raised again on a stack",
             expected.reraised ? address_of(&got.reraised) : 0, address_of(got.trap_handler.trap));
  if (expected.reraised) {
    view_.check(oracle::arrival_trap(*expected.reraised,
                                     in_plain_words(got.reraised, view_, expected.store)));
  }
  if (expected.state == State::fresh) {
    view_.check(oracle::c4_fresh_limits(
        stack.span, address_of(&got.trap_handler),
        {got.limits.stack_limit, got.limits.entry_frame_pointer, got.limits.entry_stack_pointer,
         address_of(got.limits.trap_handler)}));
  }
}

/// The args object says the same from the start of a continuation to its end, and only values that
/// are handed in are written to its buffer and around it.
void RecordJudge::judge_args(StackIndex index) const {
  const ReferenceStack& expected = view_.reference().stack(index);
  const NativeStack& stack = natives_[index];
  const std::uint32_t capacity = expected.args_capacity;
  const std::uint64_t buffer = args_buffer(stack, capacity);
  const std::uint32_t length =
      stack.args_length.value_or(static_cast<std::uint32_t>(expected.args.size()));
  view_.check(oracle::c5_args({length, capacity, capacity == 0 ? 0 : buffer},
                              words_of(stack.continuation().args)));
  judge_values(expected.args, buffer);
  judge_rest(buffer + spec::buffer_bytes(length),
             buffer + spec::buffer_bytes(capacity) - owner_bytes_);
  const LayoutRequest layout = view_.layout_of(index);
  view_.check(oracle::t6_capacity_untouched(layout));
  if (expected.state == State::fresh) {
    view_.check(oracle::l2_launch_words(layout));
    if (!stack.probed && !stack.stepped_through) {
      view_.check(oracle::l1_control_context_and_capacity(layout));
    }
  }
}

void RecordJudge::judge_room(const ReferenceStack& expected, const NativeStack& stack) const {
  view_.check(oracle::c5_room({expected.values.size(), expected.values_capacity, stack.room},
                              words_of(stack.continuation().values)));
  judge_values(expected.values, stack.room);
  judge_rest(stack.room + spec::buffer_bytes(static_cast<std::uint32_t>(expected.values.size())),
             stack.room + spec::buffer_bytes(expected.values_capacity));
}

void RecordJudge::judge_values(std::span<const PlainValue> expected, std::uint64_t buffer) const {
  for (std::size_t place = 0; place < expected.size(); ++place) {
    if (place >= values_looked_at && place + values_looked_at < expected.size()) {
      place = expected.size() - values_looked_at;
    }
    const std::uint64_t value = buffer + spec::value_bytes * place;
    view_.check(oracle::c5_value(expected[place], {read_word(value), read_word(value + 8)}));
  }
}

/// [first, end) of a buffer, if it is that way round, has no values.
void RecordJudge::judge_rest(std::uint64_t first, std::uint64_t end) const {
  if (first >= end) {
    return;
  }
  constexpr std::uint64_t looked_at = values_looked_at * spec::value_bytes;
  view_.check(oracle::c5_untouched({first, std::min(end, first + looked_at)}));
  view_.check(oracle::c5_untouched({std::max(first, end - std::min(end, looked_at)), end}));
}

void RecordJudge::judge_returned(StackIndex index) const {
  const ReferenceStack& expected = view_.reference().stack(index);
  const NativeStack& stack = natives_[index];
  const std::uint32_t returns = view_.layout_of(index).returns;
  const std::uint32_t capacity = expected.args_capacity;
  const std::uint64_t buffer = args_buffer(stack, capacity);
  view_.check(oracle::c5_args({returns, capacity, capacity == 0 ? 0 : buffer},
                              words_of(stack.continuation().args)));
  view_.check(oracle::t6_capacity_untouched(view_.layout_of(index)));
  if (stack.args_length) {
    judge_rest(buffer + spec::buffer_bytes(std::max(returns, *stack.args_length)),
               buffer + spec::buffer_bytes(capacity) - owner_bytes_);
  }
}

void RecordJudge::judge_store() {
  const std::uint8_t own = view_.reference().running_store();
  const Store& store = view_.store();
  view_.same(SpecId::C2, "continuations that the store has made",
             view_.embedder.numbers_before(own) + view_.reference().made_count(own),
             store.created_count());
  view_.same(SpecId::C7, "exceptions of the thread, in the store",
             address_of(&thread_exception_state()), address_of(store.exceptions));
  view_.same(SpecId::F3, "an exception or a trap is left in the store", false,
             store.raised != nullptr || store.trap.has_value() || !store.foreign.is_empty());
  judge_initial();
  const std::size_t records = store.records().size();
  view_.same(SpecId::C7, "a record of the store is gone", false, records < records_[own]);
  records_[own] = records;
  if (records != 0) {
    rotating_ = (rotating_ + 1) % records;
    judge_any(store.records()[rotating_]);
  }
}

/// The initial stack of the active chain.
void RecordJudge::judge_initial() const {
  if (view_.reference().live().size() > chain_looked_at_max) {
    return;
  }
  const StackIndex running = view_.reference().running();
  StackIndex initial = running;
  while (!view_.reference().stack(initial).initial) {
    initial = view_.reference().stack(initial).parent;
  }
  const StackRecord& got = *natives_[initial].record;
  view_.same(SpecId::C2, "initial stack of the innermost entry", address_of(&got),
             address_of(&view_.store().entry->initial()));
  view_.same(SpecId::C4, "trap that is raised again on a stack", 0,
             address_of(got.trap_handler.trap));
  if (initial != running) {
    view_.same(SpecId::C2, "handlers of the resume that a parent waits in",
               address_of(natives_[initial].handlers), address_of(got.handlers));
  }
}

/// A record keeps its stack with all that belongs to it, or nothing.
void RecordJudge::judge_any(const Continuation& record) const {
  view_.same(SpecId::C7, "address of the control context in a record",
             record.stack == nullptr ? 0 : record.stack->bounds().top - spec::saved_rsp_below_top,
             address_of(record.control_context));
  if (record.state >= fiberproof::State::returned) {
    view_.same(SpecId::C2, "parent of a record that has ended", 0, address_of(record.parent));
  }
}

}  // namespace fiberproof::fuzz
