// In a file of its own, since core's operations are inline: here they have the sanitizers'
// instrumentation, and the coverage that guides a fuzzer through them.
#include "fuzz/run/operations.hpp"

#include "core/continuation.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/run/trap_words.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

constexpr CalleeSaved operation_patterns{0x3d3d3d3d00000001, 0x3d3d3d3d00000002, 0x3d3d3d3d00000003,
                                         0x3d3d3d3d00000004, 0x3d3d3d3d00000005};

// As many have room in the frame of a suspension or a switch.
constexpr std::size_t few_values = program_bounds::usual_values_across;

/// The handler table of one resume. Lives as long as the resume.
class ClauseTable {
 public:
  ClauseTable(const Step& step, Embedder& embedder) {
    if (step.before != 0) [[unlikely]] {
      all_ = embedder.long_table_of(step);
      first_switch_ = step.before + static_cast<std::uint32_t>(step.suspends.size());
      return;
    }
    std::size_t count = 0;
    for (const std::uint8_t tag : step.suspends) {
      few_[count++] = &program_tags[tag];
    }
    first_switch_ = static_cast<std::uint32_t>(count);
    for (const std::uint8_t tag : step.switches) {
      few_[count++] = &program_tags[tag];
    }
    all_ = std::span(few_).first(count);
  }
  ClauseTable(const ClauseTable&) = delete;
  ClauseTable& operator=(const ClauseTable&) = delete;

  /// By the constructor that core has for it, where all clauses are of one kind.
  Handlers handlers() const {
    if (first_switch_ == all_.size()) {
      return Handlers::suspends(all_);
    }
    return first_switch_ == 0 ? Handlers::switches(all_) : Handlers{all_, first_switch_};
  }

 private:
  std::array<const Tag*, program_bounds::suspend_clauses + program_bounds::switch_clauses> few_{};
  std::span<const Tag* const> all_;
  std::uint32_t first_switch_ = 0;
};

Seen refusal(const Trap& trap) {
  return {.kind = Arrival::Kind::refused, .trap = trap};
}

Seen handle_or_refusal(const std::expected<Handle, Trap>& made) {
  return made ? Seen{.kind = Arrival::Kind::made, .handle = *made} : refusal(made.error());
}

/// What resume_throw raises.
std::exception_ptr exception_of(std::uint32_t serial) {
  const std::exception_ptr made = std::make_exception_ptr(BodyException{serial});
  sanitizer_written(&made, sizeof made);
  return made;
}

/// The memory of one suspension: the values that it hands over, and room for those that it waits
/// for, between values that nobody may write.
struct SuspensionWords {
  std::array<Value, few_values> out;
  Value between;
  std::array<Value, few_values> in;
  Value above;

  /// The room, and a value on either side.
  Span around_the_room(std::size_t room) const {
    const auto lowest = reinterpret_cast<std::uint64_t>(&between);
    return {lowest, lowest + (room + 2) * sizeof(Value)};
  }
};

std::uint64_t end_of(std::span<const Value> values) {
  return reinterpret_cast<std::uint64_t>(values.data() + values.size());
}

/// After a suspension: no word has been written but those of the values that it received.
/// `handed_over` are of the step with that serial number.
void judge_words(const RunView& view, const SuspensionWords& words, std::uint32_t serial,
                 std::span<const Value> handed_over, std::size_t room, std::size_t received_count) {
  for (std::uint32_t place = 0; place < handed_over.size(); ++place) {
    view.check(oracle::c5_value(value_made(serial, place),
                                {handed_over[place].low, handed_over[place].high}));
  }
  const Span around = words.around_the_room(room);
  const std::span<const Value> received = std::span(words.in).first(std::min(received_count, room));
  view.check(oracle::c5_untouched({around.lowest, end_of({&words.between, 1})}));
  view.check(oracle::c5_untouched({end_of(received), around.end}));
}

}  // namespace

Operations::Operations(const RunView& view, Embedder& embedder, Judge& judge,
                       StoreJudge& store_judge)
    : view_(view),
      embedder_(embedder),
      judge_(judge),
      store_judge_(store_judge),
      values_in_(program_bounds::values_in) {}

void Operations::begin(bool probing) {
  probing_ = probing;
}

/// An operation inside the probe, which no exception may pass.
struct Operations::Probed {
  Operations& operations;
  const Step& step;
  Seen seen{};
  std::exception_ptr thrown{};

  static void run(void* probed) {
    auto& self = *static_cast<Probed*>(probed);
    try {
      self.seen = self.operations.operate_unprobed(self.step);
    } catch (...) {
      self.thrown = std::current_exception();
      sanitizer_written(&self.thrown, sizeof self.thrown);
    }
  }
};

Seen Operations::operate(const Step& step, StackIndex self) {
  store_ = &embedder_.store(view_.reference().stack(self).store);
  judge_.take_operation();
  if (!probing_) {
    return operate_unprobed(step);
  }
  Probed operation{*this, step};
  ProbedCall call{.function = &Probed::run,
                  .argument = &operation,
                  .frame_shift = view_.reference().serial() * 16 & 0x70,
                  .before = operation_patterns,
                  .after = {},
                  .frame = 0};
  fiberproof_probe_call(call);
  view_.check(oracle::s4_kept_by_the_caller(call.before, call.after));
  if (operation.thrown != nullptr) {
    std::rethrow_exception(std::exchange(operation.thrown, nullptr));
  }
  return operation.seen;
}

Seen Operations::operate_unprobed(const Step& step) {
  switch (step.kind) {
    case Kind::new_: return make(step);
    case Kind::bind: return bind(step);
    case Kind::drop: return drop(step);
    case Kind::resume:
    case Kind::throw_into: return resume_or_throw(step);
    default: return suspend_or_switch(step);
  }
}

/// Many values that are refused are never read: they are whatever the room has.
std::span<const Value> Operations::values_for(std::span<Value> room, std::uint32_t count) const {
  if (count > few_values && view_.reference().arrival().kind == Arrival::Kind::refused) {
    return room.first(count);
  }
  for (std::uint32_t place = 0; place < count; ++place) {
    const PlainValue made = value_made(view_.reference().serial(), place);
    room[place] = {made.low, made.high};
  }
  return room.first(count);
}

/// Memory for `count` values: in the frame, for few; else until the end of the run, or for a step
/// that is refused and so never waits, what the next step may use again.
std::span<Value> Operations::memory_for(std::size_t count, std::span<Value> few) {
  if (count <= few.size()) {
    return few.first(count);
  }
  return view_.reference().arrival().kind == Arrival::Kind::refused
             ? std::span(values_in_).first(count)
             : embedder_.room_for(count);
}

Seen Operations::make(const Step& step) {
  const auto before = store_judge_.count_records();
  Seen seen = make_unjudged(step);
  store_judge_.judge_records(before);
  const std::uint64_t revisions = view_.progress.program().revisions;
  if (revisions != 0 && seen.kind == Arrival::Kind::made) {
    // As if so many handles of it had been consumed before.
    Continuation& record = *seen.handle.record;
    const std::uint64_t more = revisions > record.revision ? revisions - record.revision : 0;
    record.revision += more;
    seen.handle.revision += more;
  }
  return seen;
}

Seen Operations::make_unjudged(const Step& step) {
  const fiberproof::Function* const function =
      step.function == Step::null_function ? nullptr : &embedder_.function(step.function);
  const StackShape& shape = view_.progress.program().stacks[step.stack];
  if (shape.kind == StackShape::Kind::mapped) {
    const bool is_unsaid =
        shape.bytes == program_bounds::store_stack_bytes && view_.reference().serial() % 2 == 0;
    return handle_or_refusal(cont_new(*store_, function, is_unsaid ? 0 : shape.bytes));
  }
  const auto leased = embedder_.lease(shape);
  if (!leased) {
    return refusal(leased.error());
  }
  const auto made = cont_new(*store_, function, **leased);
  if (!made) {
    embedder_.give_back_lease();
  }
  return handle_or_refusal(made);
}

Seen Operations::bind(const Step& step) {
  return handle_or_refusal(
      cont_bind(*store_, view_.slot(step.handle), values_for(values_in_, step.values)));
}

Seen Operations::drop(const Step& step) {
  const auto dropped = abandon(*store_, view_.slot(step.handle));
  return dropped ? Seen{} : refusal(dropped.error());
}

[[gnu::noinline]] Seen Operations::resume_or_throw(const Step& step) {
  const ClauseTable table(step, embedder_);
  const Handlers handlers = table.handlers();
  const Handle handle = view_.slot(step.handle);
  const std::span<const Value> values = values_for(values_in_, step.values);
  const auto on_resume = view_.progress.options().on_resume;
  if (on_resume != nullptr) {
    on_resume(handle, std::span(values_in_).first(values.size()));
  }
  judge_.resumes_with(handlers);
  const auto outcome =
      step.kind == Kind::resume
          ? resume(*store_, handle, values, handlers)
          : resume_throw(*store_, handle, exception_of(view_.reference().serial()), handlers);
  if (!outcome) {
    // Rejected, or what it ran has trapped: core answers both in the same way.
    const bool ran = view_.reference().arrival().kind == Arrival::Kind::trapped;
    return {.kind = ran ? Arrival::Kind::trapped : Arrival::Kind::refused, .trap = outcome.error()};
  }
  if (outcome->kind == fiberproof::Outcome::Kind::returned) {
    return {.kind = Arrival::Kind::returned, .values = outcome->values};
  }
  return {.kind = Arrival::Kind::suspended,
          .clause = outcome->handler_index,
          .values = outcome->values,
          .handle = outcome->handle};
}

void Operations::resume_again() {
  const PredictedEnd& end = *view_.reference().process_end();
  Continuation& record = view_.natives[end.stack].continuation();
  const Handle forged{&record, record.revision};
  announce(view_.end_place());
  if (end.by_throw) {
    static_cast<void>(
        resume_throw(embedder_.store(), forged, exception_of(view_.reference().serial())));
  } else {
    static_cast<void>(resume(embedder_.store(), forged));
  }
}

[[gnu::noinline]] Seen Operations::suspend_or_switch(const Step& step) {
  const std::uint32_t serial = view_.reference().serial();
  SuspensionWords words;
  fill_with_pattern(words.around_the_room(step.room <= few_values ? step.room : 0));
  const std::span<const Value> values = values_for(memory_for(step.values, words.out), step.values);
  const std::span<Value> room = memory_for(step.room, words.in);
  judge_.suspends_with(values, room);
  const auto received =
      step.kind == Kind::suspend
          ? suspend(*store_, program_tags[step.tag], values, room)
          : switch_to(*store_, view_.slot(step.handle), program_tags[step.tag], values, room);
  const bool has_few = step.room <= few_values;
  const bool was_read = received || step.values <= few_values;
  judge_words(view_, words, serial, was_read ? values : std::span<const Value>{},
              has_few ? room.size() : 0, has_few && received ? received->size() : 0);
  if (!received) {
    return refusal(received.error());
  }
  // The room ends with this frame, so the values are compared here.
  judge_.values(*received);
  return {.kind = Arrival::Kind::resumed};
}

}  // namespace fiberproof::fuzz
