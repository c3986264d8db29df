#include "fuzz/run/run_log.hpp"

namespace fiberproof::fuzz {
namespace {

std::uint64_t address_of(const void* object) {
  return reinterpret_cast<std::uint64_t>(object);
}

oracle::LimitWords words_of(const Limits& limits) {
  return {limits.stack_limit, limits.entry_frame_pointer, limits.entry_stack_pointer,
          address_of(limits.trap_handler)};
}

RunObserver observer_of_runs = nullptr;

}  // namespace

void observe_runs(RunObserver observer) {
  observer_of_runs = observer;
}

RunObserver run_observer() {
  return observer_of_runs;
}

void RunLog::begin(std::size_t watched_place) {
  count_ = 0;
  unlogged_ = 0;
  watched_place_ = watched_place;
  is_full_ = false;
}

void RunLog::note(const Step* step, const Reference& reference) {
  const bool is_beyond_model =
      step != nullptr && (step->kind == Step::Kind::enter_other || step->kind == Step::Kind::move);
  is_full_ = is_full_ || is_beyond_model || count_ == run_log_bounds::transitions ||
             reference.live().size() > run_log_bounds::live;
  if (is_full_) {
    ++unlogged_;
    return;
  }
  if (count_ == transitions_.size()) {
    transitions_.emplace_back();
  }
  LoggedTransition& latest = transitions_[count_++];
  const Arrival& arrival = reference.arrival();
  latest.step = step == nullptr ? std::nullopt : std::optional(*step);
  latest.serial = reference.serial();
  latest.skipped = reference.skipped();
  latest.arrival = arrival.kind;
  latest.trap = arrival.trap.kind;
  latest.running = reference.running();
  latest.made = arrival.handle;
  latest.to = arrival.to;
  for (std::size_t index = 0; index < program_bounds::handles; ++index) {
    latest.slots[index] = reference.slot(index);
    latest.good[index] = reference.is_good(reference.slot(index));
  }
  latest.live = static_cast<std::uint32_t>(reference.live().size());
  latest.stacks.clear();
  latest.store.reset();
  latest.records.clear();
  for (const StackIndex index : reference.live()) note_stack(latest, reference, index);
  for (const StackIndex index : reference.ended()) note_stack(latest, reference, index);
  for (StackIndex index = reference.running(); index != no_stack;) {
    const ReferenceStack& stack = reference.stack(index);
    if (stack.initial) note_stack(latest, reference, index);
    index = stack.initial ? stack.outer : stack.parent;
  }
}

void RunLog::note_stack(LoggedTransition& latest, const Reference& reference, StackIndex index) {
  const ReferenceStack& stack = reference.stack(index);
  latest.stacks.push_back({index, stack.state, stack.initial, stack.reraised.has_value(),
                           stack.parent, stack.last_ancestor, stack.outer, stack.uses,
                           stack.args.size(), stack.args_capacity, stack.values.size(),
                           stack.values_capacity});
}

void RunLog::note_store(LoggedTransition& latest, const Store& store,
                        const std::array<Handle, program_bounds::handles>& slots) {
  latest.store = {address_of(store.active), address_of(&store.entry->initial()),
                  words_of(store.limits), store.live_count(), slots};
}

void RunLog::note_record(LoggedTransition& latest, const LoggedStack& stack,
                         const StackRecord& record) const {
  LoggedRecord& seen = latest.records.emplace_back();
  seen.index = stack.index;
  seen.initial = record.initial;
  seen.reraised = record.trap_handler.trap != nullptr;
  seen.state = static_cast<std::uint64_t>(record.state);
  seen.address = address_of(&record);
  seen.trap_handler = address_of(&record.trap_handler);
  seen.limits = words_of(record.limits);
  // A continuation of the reference is one of core, too: a run makes its records itself.
  if (stack.initial) return;
  const auto& made = static_cast<const Continuation&>(record);
  seen.parent = address_of(made.parent);
  seen.last_ancestor = address_of(made.last_ancestor);
  seen.revision = made.revision;
  seen.args_length = made.args.length;
  seen.args_capacity = made.args.capacity;
  seen.values_length = made.values.length;
  seen.values_capacity = made.values.capacity;
  seen.watched.reset();
  if (stack.state >= ReferenceStack::State::returned) return;
  seen.stack_limit = made.stack->bounds().limit();
  seen.usable_bytes = made.stack->bounds().usable_bytes;
  const ArgsObject& buffer = made.state == State::fresh ? made.args : made.values;
  const bool waits = made.state == State::fresh || made.state == State::suspended;
  if (waits && watched_place_ < buffer.length) seen.watched = buffer.data[watched_place_].low;
}

}  // namespace fiberproof::fuzz
