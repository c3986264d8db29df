// What came of a step, and the whole store after it, against the reference. Only observes, and so
// is not instrumented, though it runs on whichever stack has the control.
#include "core/sanitizer.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

// With more continuations than these, those that a step has to do with are looked at, and one of
// the others in turn.
constexpr std::size_t looked_at_max = 12;

// In a store that has more of them, records are not counted.
constexpr std::size_t records_looked_at_max = 64;

constexpr std::uint64_t switch_payload = 3ull << 32;  // SPEC.md, Control effects

template <class T>
std::uint64_t address_of(const T* object) {
  return reinterpret_cast<std::uint64_t>(object);
}

oracle::LimitWords words_of(const Limits& limits) {
  return {limits.stack_limit, limits.entry_frame_pointer, limits.entry_stack_pointer,
          address_of(limits.trap_handler)};
}

oracle::BufferWords words_of(const ArgsObject& buffer) {
  return {buffer.length, buffer.capacity, address_of(buffer.data)};
}

PlainValue as_plain(const Value& value) {
  return {value.low, value.high};
}

/// The trap in the reference's words; `numbers_before` continuations were made in earlier runs.
struct InPlainWords {
  std::uint64_t numbers_before;
  using Kind = ExpectedTrap::Kind;

  ExpectedTrap operator()(const NullFunction&) const { return {Kind::null_function}; }
  ExpectedTrap operator()(const StackTooSmall& trap) const {
    return {Kind::stack_too_small, trap.required_bytes, trap.usable_bytes};
  }
  ExpectedTrap operator()(const StackError& trap) const {
    using enum ExpectedTrap::NoStack;
    if (trap.reason == StackError::Reason::not_mapped) {
      cannot_map(trap.requested_bytes);
    }
    const auto why = trap.reason == StackError::Reason::too_large ? too_large : too_small;
    return {Kind::no_stack, trap.requested_bytes, static_cast<std::uint64_t>(why)};
  }
  ExpectedTrap operator()(const NullHandle&) const { return {Kind::null_handle}; }
  ExpectedTrap operator()(const ConsumedHandle&) const { return {Kind::consumed_handle}; }
  ExpectedTrap operator()(const TooManyValues& trap) const {
    return {Kind::too_many_values, trap.given, trap.length, trap.capacity};
  }
  ExpectedTrap operator()(const UnhandledTag& trap) const {
    return {trap.wanted == UnhandledTag::Wanted::suspend_handler ? Kind::unhandled_suspend
                                                                 : Kind::unhandled_switch,
            tag_index(trap.tag)};
  }
  ExpectedTrap operator()(const BodyFailed& trap) const {
    return {Kind::body_failed, trap.continuation - numbers_before};
  }
};

}  // namespace

// What came of a step.

void MachineRunner::arrived(StackIndex self, const Seen& seen) {
  if (tight_) {
    settle_tight();
  }
  const Arrival& expected = reference_.arrival();
  check(oracle::arrival_stack(expected, self));
  check(oracle::arrival_kind(expected, seen.kind));
  judge_seen(seen);
  judge_store();
  log_store();
}

/// A body without room for steps has come and gone since the last arrival.
void MachineRunner::settle_tight() {
  tight_ = false;
  ++outcome_.continuations;
  check(oracle::f1_argument_values(tight_wrong_argument_));
  if (reference_.arrival().handle != no_stack) {
    judge_handle(to_handle(tight_next_argument_));
  }
  reference_.end_of_steps();
  log(nullptr);
}

void MachineRunner::judge_seen(const Seen& seen) {
  const Arrival& expected = reference_.arrival();
  switch (expected.kind) {
    case Arrival::Kind::went_on: return;
    case Arrival::Kind::made:
      return step_->kind == MachineStep::Kind::new_ ? note_made(expected.handle, seen.handle)
                                                    : judge_handle(seen.handle);
    case Arrival::Kind::refused:
      judge_trap(expected.trap, *seen.trap);
      native(expected.stack).latest_refusal = seen.trap;
      return;
    case Arrival::Kind::trapped: return judge_trap(expected.trap, *seen.trap);
    case Arrival::Kind::started:
    case Arrival::Kind::returned: return judge_values(seen.values);
    case Arrival::Kind::suspended:
      check(oracle::arrival_clause(expected.clause, seen.clause));
      judge_values(seen.values);
      return judge_handle(seen.handle);
    case Arrival::Kind::resumed: return;  // Its values were judged where their room is.
    case Arrival::Kind::caught:
      return check(oracle::arrival_exception(expected.exception, seen.exception));
  }
}

void MachineRunner::judge_trap(const ExpectedTrap& expected, const Trap& got) {
  check(oracle::arrival_trap(expected, std::visit(InPlainWords{numbers_before_}, got)));
  const auto* const consumed = std::get_if<ConsumedHandle>(&got);
  const bool is_first_refusal = reference_.arrival().kind == Arrival::Kind::refused &&
                                !reference_.stack(reference_.running()).reraised;
  if (consumed != nullptr && is_first_refusal) {
    check(oracle::c1_refused_as(slots_[step_->handle].revision, consumed->handle_revision));
  }
  // Once for each kind in a run. That of a consumed handle where the step still has the handle.
  const std::uint32_t bit = 1u << static_cast<unsigned>(expected.kind);
  const bool has_facts = consumed == nullptr || is_first_refusal;
  if ((texts_judged_ & bit) == 0 && has_facts) {
    texts_judged_ |= bit;
    judge_text(expected, describe(got));
  }
}

/// What core says of a trap to people.
void MachineRunner::judge_text(const ExpectedTrap& expected, std::string_view text) {
  const bool names_handle = expected.kind == ExpectedTrap::Kind::consumed_handle;
  oracle::TextFacts facts = names_handle ? facts_of(slots_[step_->handle]) : oracle::TextFacts{};
  facts.numbers_before = numbers_before_;
  check(oracle::text_says(oracle::rule_of({.kind = Arrival::Kind::refused, .trap = expected}),
                          oracle::phrases_of(expected, facts), text));
}

/// The handle is refused as one of the continuation that has its record now.
oracle::TextFacts MachineRunner::facts_of(Handle refused) const {
  for (std::size_t index = reference_.stack_count(); index-- > 1;) {
    const NativeStack& stack = *natives_[index];
    if (stack.record == refused.record) {
      const std::uint64_t number = reference_.stack(static_cast<StackIndex>(index)).number;
      return {numbers_before_, number + numbers_before_, refused.revision, stack.revision};
    }
  }
  return {};
}

/// The values that arrive, and after them the handle of a chain that has switched to this stack.
void MachineRunner::judge_values(std::span<const Value> got) {
  if (tight_) {
    settle_tight();
  }
  const Arrival& expected = reference_.arrival();
  const bool switched = expected.handle != no_stack && expected.kind != Arrival::Kind::suspended;
  check(oracle::c5_value_count(expected.values.size() + (switched ? 1 : 0), got.size()));
  for (std::size_t place = 0; place < expected.values.size(); ++place) {
    check(oracle::c5_value(expected.values[place], as_plain(got[place])));
  }
  if (switched) {
    judge_handle(to_handle(got.back()));
  }
}

void MachineRunner::judge_handle(Handle handle) {
  const Arrival& expected = reference_.arrival();
  const Continuation& record = native(expected.handle).continuation();
  check(oracle::c1_handle(address_of(&record), address_of(handle.record), record.revision,
                          handle.revision));
  slots_[expected.to] = handle;
}

/// A new continuation: its layout, and that nobody else has its stack or its record.
void MachineRunner::note_made(StackIndex index, Handle handle) {
  Continuation& made = *handle.record;
  const StackBounds bounds = made.stack->bounds();
  NativeStack& stack = new_native(index, made, {bounds.limit(), bounds.top});
  stack.leased = std::exchange(leased_, {});
  stack.revision = made.revision;
  slots_[reference_.arrival().to] = handle;
  snapshot(index);
  const LayoutRequest layout = layout_of(index);
  check(oracle::l1_control_context_and_capacity(layout));
  check(oracle::l2_launch_words(layout));
  check(oracle::l3_args_object(layout));
  check(oracle::l7_aligned(layout));
  judge_protection(layout);
  check(oracle::c4_fresh_limits(stack.span, address_of(&made.trap_handler), words_of(made.limits)));
  check(oracle::c8_has_guard_pages(stack.leased.stack == nullptr, made.stack->has_guard_pages()));
  const std::span<const StackIndex> live = reference_.live();
  for (const StackIndex other : live.last(std::min(live.size(), looked_at_max))) {
    if (other != index) {
      check(oracle::c7_stacks_apart(stack.span, native(other).span));
    }
  }
  if (probing_) {
    stack.probed = true;
    write_word(bounds.top - spec::saved_rip_below_top,
               reinterpret_cast<std::uint64_t>(&fiberproof_start_probe));
  } else if (step_through(index)) {
    stack.stepped_through = true;
    write_word(bounds.top - spec::saved_rip_below_top,
               reinterpret_cast<std::uint64_t>(&fiberproof_step_from_start));
  }
}

/// In a store that has few; else nothing.
std::optional<MachineRunner::Records> MachineRunner::count_records() const {
  const auto& records = store_->records();
  if (records.size() > records_looked_at_max) {
    return std::nullopt;
  }
  const auto without_stack = std::ranges::count(records, nullptr, &Continuation::stack);
  return Records{records.size(), static_cast<std::size_t>(without_stack)};
}

/// A record is made, by a creation that was refused, too, only where none was without a stack.
void MachineRunner::judge_records(const std::optional<Records>& before) {
  if (before && store_->records().size() != before->all) {
    check(oracle::c7_records_used_again(before->without_stack));
  }
}

/// Under AddressSanitizer no instrumented code may touch what surrounds the args buffer.
void MachineRunner::judge_protection([[maybe_unused]] const LayoutRequest& layout) {
#ifdef FIBERPROOF_ASAN
  for (std::uint64_t word = layout.first_rsp(); word < layout.top; word += sizeof word) {
    const bool is_forbidden = __asan_address_is_poisoned(reinterpret_cast<void*>(word)) != 0;
    check(oracle::l3_forbidden(layout, word, is_forbidden));
  }
#endif
}

void MachineRunner::judge_started(StackIndex self, const oracle::ArrayCallSeen& call) {
  snapshot(self);
  const LayoutRequest layout = layout_of(self);
  check(oracle::f1_arguments(layout, call));
  if (native(self).probed) {
    check(oracle::t1_entry(layout, fiberproof_start_registers));
    check(oracle::s3_payload(
        step_->kind == MachineStep::Kind::switch_ ? switch_payload : spec::resume_payload,
        fiberproof_start_registers.rdi));
  }
}

LayoutRequest MachineRunner::layout_of(StackIndex index) {
  const ReferenceStack& expected = reference_.stack(index);
  const Signature& signature = program_->functions[expected.function];
  NativeStack& stack = native(index);
  return {.top = stack.span.end,
          .usable_bytes = expected.usable_bytes,
          .params = signature.params,
          .returns = signature.returns,
          .start_routine = reinterpret_cast<std::uint64_t>(start_routine(Revision::trap)),
          .func_ref = address_of(static_cast<const FuncRef*>(&functions_[expected.function])),
          .caller_vmctx = address_of(store_),
          .args_object = address_of(&stack.continuation().args)};
}

// The store.

std::uint64_t MachineRunner::record_of(StackIndex index) {
  return index == no_stack ? 0 : address_of(native(index).record);
}

void MachineRunner::judge_store() {
  const StackIndex running = reference_.running();
  check(oracle::c2_active(record_of(running), address_of(store_->active)));
  check(oracle::c2_state(ReferenceStack::State::running,
                         static_cast<std::uint64_t>(store_->active->state)));
  check(oracle::c7_live(reference_.live().size(), store_->live_count()));
  judge_limits(running);
  for (const StackIndex index : reference_.ended()) {
    judge_ended(index);
  }
  const std::span<const StackIndex> live = reference_.live();
  if (live.size() <= looked_at_max) {
    for (const StackIndex index : live) {
      judge_continuation(index);
    }
    return;
  }
  rotating_ = (rotating_ + 1) % live.size();
  judge_continuation(live[rotating_]);
  for (const StackIndex index :
       {running, reference_.stack(running).parent, reference_.arrival().handle}) {
    if (index != no_stack && reference_.stack(index).is_live()) {
      judge_continuation(index);
    }
  }
}

void MachineRunner::judge_continuation(StackIndex index) {
  const ReferenceStack& expected = reference_.stack(index);
  NativeStack& stack = native(index);
  const Continuation& got = stack.continuation();
  check(oracle::c2_state(expected.state, static_cast<std::uint64_t>(got.state)));
  check(oracle::c2_identity(expected.number, got.id - numbers_before_));
  check(oracle::c2_parent(record_of(expected.parent), address_of(got.parent)));
  check(oracle::c1_revision(expected.uses != stack.uses, stack.revision, got.revision));
  stack.uses = expected.uses;
  stack.revision = got.revision;
  const bool waits = expected.state == ReferenceStack::State::fresh ||
                     expected.state == ReferenceStack::State::suspended;
  if (waits) {
    check(
        oracle::c3_last_ancestor(record_of(expected.last_ancestor), address_of(got.last_ancestor)));
    judge_buffers(expected, got);
  }
  // Of one that waits around an entry, the entry keeps them.
  if (stack.entered && expected.state != ReferenceStack::State::running) {
    check(oracle::c4_limits(stack.limits, words_of(got.limits)));
  }
}

void MachineRunner::judge_buffers(const ReferenceStack& expected, const Continuation& got) {
  const bool fresh = expected.state == ReferenceStack::State::fresh;
  const ArgsObject& buffer = fresh ? got.args : got.values;
  check(oracle::c5_length(fresh ? expected.args.size() : expected.values.size(), buffer.length));
  check(oracle::c5_capacity(fresh ? expected.args_capacity : expected.values_capacity,
                            buffer.capacity));
}

/// One that has come to its end in the latest step. Its record has not been used again.
void MachineRunner::judge_ended(StackIndex index) {
  const ReferenceStack& expected = reference_.stack(index);
  NativeStack& stack = native(index);
  const Continuation& got = stack.continuation();
  check(oracle::c2_state(expected.state, static_cast<std::uint64_t>(got.state)));
  check(oracle::c1_revision(expected.uses != stack.uses, stack.revision, got.revision));
  stack.revision = got.revision;
  if (expected.state == ReferenceStack::State::trapped) {
    check(oracle::c5_cleared(words_of(got.args)));
    check(oracle::c5_cleared(words_of(got.values)));
  }
  // Where several ended, the outermost was the last to arrive.
  if (stack.probed && stack.at_end.rip != 0 && index == reference_.ended().back()) {
    check(oracle::t4_exit(stack.at_end, fiberproof_exit_registers, fiberproof_exit_arrivals));
    check(oracle::t5_payload(false, expected.state == ReferenceStack::State::returned,
                             fiberproof_exit_registers.rdi));
  }
  give_back(stack);
}

void MachineRunner::judge_limits(StackIndex running) {
  NativeStack& stack = native(running);
  const oracle::LimitWords got = words_of(store_->limits);
  if (stack.entered) {
    return check(oracle::c4_limits(stack.limits, got));
  }
  stack.entered = true;
  stack.limits = got;
  const ReferenceStack& expected = reference_.stack(running);
  if (!expected.initial) {
    check(oracle::c4_first_limits(stack.span, address_of(&stack.record->trap_handler), got));
  } else if (expected.outer != no_stack) {
    // An entry that a body opens is on the body's own stack.
    const oracle::LimitWords& outer = native(expected.outer).limits;
    check(oracle::c4_limits({outer[0], got[1], got[2], address_of(&stack.record->trap_handler)},
                            got));
  }
}

}  // namespace fiberproof::fuzz
