// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/store_judge.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>
#include <exception>

namespace fiberproof::fuzz {
namespace {

// With more live continuations than these, only those that a step involves are compared, and one of
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

ReferenceStack::State state_of(const StackRecord& record) {
  return static_cast<ReferenceStack::State>(record.state);
}

/// The step that threw what the innermost handler of this thread has caught, which there is.
std::uint32_t exception_handled() {
  const std::exception_ptr handled = std::current_exception();
  sanitizer_written(&handled, sizeof handled);
  // Both C++ libraries keep the address of the object, and nothing else.
  static_assert(sizeof handled == sizeof(const BodyException*));
  const BodyException* object = nullptr;
  __builtin_memcpy(&object, &handled, sizeof object);
  return object->thrown_in;
}

}  // namespace

void StoreJudge::begin(bool probing) {
  probing_ = probing;
  rotating_ = 0;
  records_.begin(owners_.are_wanted());
}

void StoreJudge::made(StackIndex index, Continuation& record) {
  const StackBounds bounds = record.stack->bounds();
  NativeStack& stack = natives_.add(index, record, {bounds.limit(), bounds.top});
  stack.leased = embedder_.take_lease();
  stack.revision = record.revision;
  view_.snapshot(index);
  const LayoutRequest layout = view_.layout_of(index);
  view_.check(oracle::l1_control_context_and_capacity(layout));
  view_.check(oracle::l2_launch_words(layout));
  view_.check(oracle::l3_args_object(layout));
  view_.check(oracle::l7_aligned(layout));
  judge_protection(layout);
  records_.made(index, record);
  owners_.made(index);
  view_.check(oracle::c4_fresh_limits(stack.span, address_of(&record.trap_handler),
                                      words_of(record.limits)));
  view_.same(SpecId::C8, "the stack has guard pages", stack.leased.stack == nullptr,
             record.stack->has_guard_pages());
  const std::span<const StackIndex> live = view_.reference().live();
  for (const StackIndex other : live.last(std::min(live.size(), looked_at_max))) {
    if (other != index) {
      view_.check(oracle::c7_stacks_apart(stack.span, natives_[other].span));
    }
  }
  if (probing_) {
    stack.probed = true;
    write_word(bounds.top - spec::saved_rip_below_top,
               reinterpret_cast<std::uint64_t>(&fiberproof_start_probe));
  } else if (unwinder_.wants_to_step_through(index)) {
    stack.stepped_through = true;
    write_word(bounds.top - spec::saved_rip_below_top, unwinder_.start_of_steps());
  }
}

std::optional<StoreJudge::Records> StoreJudge::count_records() const {
  const auto& records = view_.store().records();
  if (records.size() > records_looked_at_max) {
    return std::nullopt;
  }
  const auto without_stack = std::ranges::count(records, nullptr, &Continuation::stack);
  return Records{records.size(), static_cast<std::size_t>(without_stack)};
}

void StoreJudge::judge_records(const std::optional<Records>& before) const {
  if (before && view_.store().records().size() != before->all) {
    view_.same(SpecId::C7, "records without a stack when the store makes another record", 0,
               before->without_stack);
  }
}

/// Under AddressSanitizer no instrumented code may touch what surrounds the args buffer.
void StoreJudge::judge_protection([[maybe_unused]] const LayoutRequest& layout) const {
#ifdef FIBERPROOF_ASAN
  for (std::uint64_t word = layout.first_rsp(); word < layout.top; word += sizeof word) {
    const bool is_forbidden = __asan_address_is_poisoned(reinterpret_cast<void*>(word)) != 0;
    view_.check(oracle::l3_forbidden(layout, word, is_forbidden));
  }
#endif
}

void StoreJudge::started(StackIndex index, const oracle::ArrayCallSeen& call) {
  records_.started(index);
  view_.snapshot(index);
  const LayoutRequest layout = view_.layout_of(index);
  view_.check(oracle::f1_arguments(layout, call));
  if (natives_[index].probed) {
    view_.check(oracle::t1_entry(layout, fiberproof_start_registers));
    const bool by_switch = view_.progress.step()->kind == Step::Kind::switch_;
    view_.same(SpecId::S3, "payload that arrives in RDI",
               by_switch ? switch_payload : spec::resume_payload, fiberproof_start_registers.rdi);
  }
}

void StoreJudge::judge() {
  const Reference& reference = view_.reference();
  const StackIndex running = reference.running();
  const Store& store = view_.store();
  view_.same(SpecId::C2, "record of the running stack", view_.record_of(running),
             address_of(store.active));
  view_.same(SpecId::C2, "state of the running stack", ReferenceStack::State::running,
             state_of(*store.active));
  view_.same(SpecId::C7, "continuations that have a stack",
             reference.live_count(reference.running_store()), store.live_count());
  judge_limits(running);
  judge_exceptions(running);
  for (const StackIndex index : reference.ended()) {
    judge_ended(index);
  }
  records_.judge_store();
  const std::span<const StackIndex> live = reference.live();
  if (live.empty()) {
    return;
  }
  rotating_ = (rotating_ + 1) % live.size();
  const StackIndex in_turn = live[rotating_];
  const bool are_all_compared = live.size() <= looked_at_max;
  if (are_all_compared) {
    std::ranges::for_each(live, [this](StackIndex index) { judge_continuation(index); });
  } else {
    judge_continuation(in_turn);
  }
  records_.judge(in_turn);
  for (const StackIndex index :
       {running, reference.stack(running).parent, reference.arrival().handle}) {
    if (!are_all_compared && index != no_stack && reference.stack(index).is_live()) {
      judge_continuation(index);
    }
  }
  const StackIndex arrived = reference.arrival().handle;
  if (arrived != no_stack && arrived != in_turn && reference.stack(arrived).is_live()) {
    records_.judge(arrived);
  }
}

void StoreJudge::judge_continuation(StackIndex index) {
  const ReferenceStack& expected = view_.reference().stack(index);
  NativeStack& stack = natives_[index];
  const Continuation& got = stack.continuation();
  view_.same(SpecId::C2, "state of a continuation", expected.state, state_of(got));
  view_.same(SpecId::C2, "number of a continuation", expected.number,
             got.id - embedder_.numbers_before(expected.store));
  view_.same(SpecId::C2, "record of the parent", view_.record_of(expected.parent),
             address_of(got.parent));
  view_.check(oracle::c1_revision(expected.uses != stack.uses, stack.revision, got.revision));
  stack.uses = expected.uses;
  stack.revision = got.revision;
  const bool waits = expected.state == ReferenceStack::State::fresh ||
                     expected.state == ReferenceStack::State::suspended;
  if (waits) {
    view_.same(SpecId::C3, "record of the last ancestor", view_.record_of(expected.last_ancestor),
               address_of(got.last_ancestor));
  }
  // The entry keeps the limits of a stack that waits around it.
  if (stack.entered && expected.state != ReferenceStack::State::running) {
    view_.check(oracle::c4_limits(stack.limits, words_of(got.limits)));
  }
  if (expected.state != ReferenceStack::State::running) {
    judge_kept_exceptions(index);
  }
}

/// The exceptions of a stack stay with it (F3). The thread's are those of the stack that runs on
/// it.
void StoreJudge::judge_exceptions(StackIndex running) const {
  const ExpectedExceptions expected = view_.reference().exceptions(running);
  const ExceptionState& got = thread_exception_state();
  view_.same(SpecId::F3, "exceptions on their way on the running stack", expected.uncaught,
             got.uncaught);
  view_.same(SpecId::F3, "the running stack handles an exception", expected.caught.has_value(),
             got.caught != nullptr);
  if (expected.caught) {
    view_.same(SpecId::F3, "step that threw the exception that is handled", *expected.caught,
               exception_handled());
  }
}

void StoreJudge::judge_kept_exceptions(StackIndex index) const {
  const ExpectedExceptions expected = view_.reference().exceptions(index);
  const ExceptionState& got = natives_[index].record->exceptions;
  view_.same(SpecId::F3, "exceptions on their way on a stack that waits", expected.uncaught,
             got.uncaught);
  view_.same(SpecId::F3, "a stack that waits handles an exception", expected.caught.has_value(),
             got.caught != nullptr);
}

/// One that has ended in the latest step. Nothing has used its record again yet.
void StoreJudge::judge_ended(StackIndex index) {
  const ReferenceStack& expected = view_.reference().stack(index);
  NativeStack& stack = natives_[index];
  const Continuation& got = stack.continuation();
  view_.same(SpecId::C2, "state of a continuation that has ended", expected.state, state_of(got));
  view_.check(oracle::c1_revision(expected.uses != stack.uses, stack.revision, got.revision));
  stack.revision = got.revision;
  if (expected.state == ReferenceStack::State::returned) {
    records_.judge_returned(index);
  } else {
    view_.check(oracle::c5_cleared(words_of(got.args)));
    view_.check(oracle::c5_cleared(words_of(got.values)));
  }
  // The outermost of several that ended arrived last.
  if (stack.probed && stack.at_end.rip != 0 && index == view_.reference().ended().back()) {
    view_.check(oracle::t4_exit(stack.at_end, fiberproof_exit_registers, fiberproof_exit_arrivals));
    view_.check(oracle::t5_payload(false, expected.state == ReferenceStack::State::returned,
                                   fiberproof_exit_registers.rdi));
  }
  owners_.ended(index);
  embedder_.give_back(stack);
}

void StoreJudge::judge_limits(StackIndex running) {
  NativeStack& stack = natives_[running];
  const oracle::LimitWords got = words_of(view_.store().limits);
  if (stack.entered) {
    return view_.check(oracle::c4_limits(stack.limits, got));
  }
  stack.entered = true;
  stack.limits = got;
  const ReferenceStack& expected = view_.reference().stack(running);
  const std::uint64_t trap_handler = address_of(&stack.record->trap_handler);
  if (!expected.initial) {
    view_.check(oracle::c4_first_limits(stack.span, trap_handler, got));
  } else if (expected.outer != no_stack) {
    // An entry that a body opens is on the body's own stack.
    const oracle::LimitWords& outer = natives_[expected.outer].limits;
    view_.check(oracle::c4_limits({outer[0], got[1], got[2], trap_handler}, got));
  }
}

}  // namespace fiberproof::fuzz
