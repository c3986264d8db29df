// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/judge.hpp"

#include "core/instrumentation.hpp"
#include "fuzz/run/trap_words.hpp"

namespace fiberproof::fuzz {

void Judge::begin(bool modes_vary) {
  modes_.begin(modes_vary);
  latest_ = 0;
  texts_judged_ = 0;
  is_tight_ = false;
}

void Judge::take_operation() {
  modes_.choose(view_.reference().serial());
}

void Judge::resumes_with(const Handlers& handlers) {
  natives_[latest_].handlers = &handlers;
}

void Judge::suspends_with(std::span<const Value> values, std::span<const Value> room) {
  handed_over_ = reinterpret_cast<std::uint64_t>(values.data());
  natives_[latest_].room = reinterpret_cast<std::uint64_t>(room.data());
}

void Judge::arrived(StackIndex self, const Seen& seen) {
  if (is_tight_) {
    settle_tight();
  }
  latest_ = self;
  const Arrival& expected = view_.reference().arrival();
  view_.same(SpecId::C2, "number of the stack that has the control", expected.stack, self);
  view_.same(oracle::rule_of(expected), "outcome of the step", expected.kind, seen.kind);
  view_.check(modes_.judge());
  judge_seen(seen);
  store_.judge();
  progress_.log_store(view_.store(), embedder_.slots(), natives_);
}

// Word by word, for the same reason as `Bodies::end_at_once`: it runs in the last bytes of a stack.
FIBERPROOF_UNINSTRUMENTED void Judge::ran_tight(std::uint32_t first_wrong_argument,
                                                std::uint64_t next_low, std::uint64_t next_high) {
  is_tight_ = true;
  tight_.first_wrong_argument = first_wrong_argument;
  tight_.next_argument.low = next_low;
  tight_.next_argument.high = next_high;
}

/// A body without room for steps has started and ended since the last arrival.
void Judge::settle_tight() {
  is_tight_ = false;
  progress_.count_started();
  const bool is_wrong = tight_.first_wrong_argument != TightBody::none_wrong;
  view_.check(oracle::f1_argument_values(is_wrong ? std::optional(tight_.first_wrong_argument)
                                                  : std::nullopt));
  if (view_.reference().arrival().handle != no_stack) {
    judge_handle_in_transit(tight_.next_argument);
  }
  progress_.end_of_steps();
}

void Judge::judge_seen(const Seen& seen) {
  const Arrival& expected = view_.reference().arrival();
  switch (expected.kind) {
    case Arrival::Kind::went_on: return;
    case Arrival::Kind::made:
      if (view_.progress.step()->kind != Step::Kind::new_) {
        return judge_handle(seen.handle);
      }
      store_.made(expected.handle, *seen.handle.record);
      return judge_handle(seen.handle);
    case Arrival::Kind::refused:
      judge_trap(expected.trap, *seen.trap);
      natives_[expected.stack].latest_refusal = seen.trap;
      return;
    case Arrival::Kind::trapped: return judge_trap(expected.trap, *seen.trap);
    case Arrival::Kind::started:
    case Arrival::Kind::returned: return values(seen.values);
    case Arrival::Kind::suspended:
      view_.same(SpecId::C2, "index of the clause that handles a suspension", expected.clause,
                 seen.clause);
      view_.same(SpecId::C5, "address of the values of a suspension", handed_over_,
                 reinterpret_cast<std::uint64_t>(seen.values.data()));
      values(seen.values);
      return judge_handle(seen.handle);
    case Arrival::Kind::resumed: return;  // Its values were judged where their room is.
    case Arrival::Kind::caught:
    case Arrival::Kind::cleaning:
      return view_.same(SpecId::F3, "number of the step that threw the exception",
                        expected.exception, seen.exception);
  }
}

void Judge::judge_trap(const ExpectedTrap& expected, const Trap& got) {
  view_.check(oracle::arrival_trap(expected,
                                   in_plain_words(got, view_, view_.reference().running_store())));
  const auto* const consumed = std::get_if<ConsumedHandle>(&got);
  const Reference& reference = view_.reference();
  const bool is_first_refusal = reference.arrival().kind == Arrival::Kind::refused &&
                                !reference.stack(reference.running()).reraised;
  if (consumed != nullptr && is_first_refusal) {
    view_.same(SpecId::C1, "revision in the trap on a consumed handle",
               view_.slot(view_.progress.step()->handle).revision, consumed->handle_revision);
  }
  // Once for each kind in a run; for a consumed handle where the step still has the handle.
  const std::uint32_t bit = 1u << static_cast<unsigned>(expected.kind);
  const bool has_facts = consumed == nullptr || is_first_refusal;
  if ((texts_judged_ & bit) == 0 && has_facts) {
    texts_judged_ |= bit;
    judge_text(view_, expected, describe(got));
  }
}

void Judge::values(std::span<const Value> got) {
  if (is_tight_) {
    settle_tight();
  }
  const Arrival& expected = view_.reference().arrival();
  const bool switched = expected.handle != no_stack && expected.kind != Arrival::Kind::suspended;
  view_.same(SpecId::C5, "number of values that arrive",
             expected.values.size() + (switched ? 1 : 0), got.size());
  for (std::size_t place = 0; place < expected.values.size(); ++place) {
    view_.check(oracle::c5_value(expected.values[place], {got[place].low, got[place].high}));
  }
  if (switched) {
    judge_handle_in_transit({got.back().low, got.back().high});
  }
}

/// C5 says which word is which; core's own reading of a handle would share an error of its writing.
void Judge::judge_handle_in_transit(const PlainValue& value) {
  judge_handle({reinterpret_cast<Continuation*>(value.low), value.high});
}

void Judge::judge_handle(Handle handle) {
  const Arrival& expected = view_.reference().arrival();
  const Continuation& record = natives_[expected.handle].continuation();
  view_.check(oracle::c1_handle(reinterpret_cast<std::uint64_t>(&record),
                                reinterpret_cast<std::uint64_t>(handle.record), record.revision,
                                handle.revision));
  view_.same(SpecId::C1, "number of the continuation that a handle names",
             view_.number_of(expected.handle), handle.record->id);
  embedder_.put(expected.to, handle);
}

}  // namespace fiberproof::fuzz
