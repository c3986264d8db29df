// Each step that is an operation of core's, and what it gave. On its own, since core's operations
// are inline: here they have the sanitizers' instrumentation, and the coverage that guides an
// engine through them.
#include "core/continuation.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/run/runner.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Kind = MachineStep::Kind;

constexpr CalleeSaved operation_patterns{0x3d3d3d3d00000001, 0x3d3d3d3d00000002, 0x3d3d3d3d00000003,
                                         0x3d3d3d3d00000004, 0x3d3d3d3d00000005};

const Tag tags[machine_bounds::tags] = {"t0", "t1", "t2", "t3"};

/// The handler table of one resume, which lives as long as that.
class ClauseTable {
 public:
  explicit ClauseTable(const MachineStep& step) {
    for (const std::uint8_t tag : step.suspends) {
      tags_[count_++] = &tags[tag];
    }
    first_switch_ = count_;
    for (const std::uint8_t tag : step.switches) {
      tags_[count_++] = &tags[tag];
    }
  }

  /// Made by what there is for it, where clauses are of one kind.
  Handlers handlers() const {
    const std::span<const Tag* const> all(tags_.data(), count_);
    if (first_switch_ == count_) {
      return Handlers::suspends(all);
    }
    return first_switch_ == 0 ? Handlers::switches(all) : Handlers{all, first_switch_};
  }

 private:
  std::array<const Tag*, machine_bounds::suspend_clauses + machine_bounds::switch_clauses> tags_{};
  std::uint32_t count_ = 0;
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
  const std::exception_ptr made = std::make_exception_ptr(MachineException{serial});
  sanitizer_written(&made, sizeof made);
  return made;
}

}  // namespace

std::size_t tag_index(const Tag* tag) {
  return static_cast<std::size_t>(tag - tags);
}

/// An operation on its way through the probe, which no exception may pass.
struct MachineRunner::ProbedOperation {
  MachineRunner& runner;
  const MachineStep& step;
  Seen seen{};
  std::exception_ptr thrown{};

  static void run(void* probed) {
    auto& self = *static_cast<ProbedOperation*>(probed);
    try {
      self.seen = self.runner.operate_unprobed(self.step);
    } catch (...) {
      self.thrown = std::current_exception();
      sanitizer_written(&self.thrown, sizeof self.thrown);
    }
  }
};

Seen MachineRunner::operate(const MachineStep& step) {
  if (!probing_) {
    return operate_unprobed(step);
  }
  ProbedOperation operation{*this, step};
  ProbedCall call{.function = &ProbedOperation::run,
                  .argument = &operation,
                  .frame_shift = reference_.serial() * 16 & 0x70,
                  .before = operation_patterns,
                  .after = {},
                  .frame = 0};
  fiberproof_probe_call(call);
  check(oracle::s4_kept_by_the_caller(call.before, call.after));
  check(oracle::s4_modes(modes_, floating_point_modes()));
  if (operation.thrown != nullptr) {
    std::rethrow_exception(std::exchange(operation.thrown, nullptr));
  }
  return operation.seen;
}

Seen MachineRunner::operate_unprobed(const MachineStep& step) {
  switch (step.kind) {
    case Kind::new_: return make(step);
    case Kind::bind: return bind(step);
    case Kind::drop: return drop(step);
    case Kind::resume:
    case Kind::throw_into: return resume_or_throw(step);
    default: return suspend_or_switch(step);
  }
}

std::span<const Value> MachineRunner::values_for(std::span<Value> room, std::uint32_t count) const {
  for (std::uint32_t place = 0; place < count; ++place) {
    const PlainValue made = value_made(reference_.serial(), place);
    room[place] = {made.low, made.high};
  }
  return room.first(count);
}

Seen MachineRunner::make(const MachineStep& step) {
  const std::optional<Records> before = count_records();
  const Seen seen = make_unjudged(step);
  judge_records(before);
  return seen;
}

Seen MachineRunner::make_unjudged(const MachineStep& step) {
  const fiberproof::Function* const function =
      step.function == MachineStep::null_function ? nullptr : &functions_[step.function];
  const MachineStack& shape = program_->stacks[step.stack];
  if (shape.kind == StackShape::Kind::mapped) {
    const bool is_unsaid =
        shape.bytes == machine_bounds::store_stack_bytes && reference_.serial() % 2 == 0;
    return handle_or_refusal(cont_new(*store_, function, is_unsaid ? 0 : shape.bytes));
  }
  auto leased = stacks_.lease(shape);
  if (!leased) {
    return refusal(leased.error());
  }
  const auto made = cont_new(*store_, function, *leased->stack);
  if (made) {
    leased_ = std::move(*leased);
  } else {
    stacks_.give_back(std::move(*leased));
  }
  return handle_or_refusal(made);
}

Seen MachineRunner::bind(const MachineStep& step) {
  return handle_or_refusal(
      cont_bind(*store_, slots_[step.handle], values_for(values_in_, step.values)));
}

Seen MachineRunner::drop(const MachineStep& step) {
  const auto dropped = abandon(*store_, slots_[step.handle]);
  return dropped ? Seen{} : refusal(dropped.error());
}

[[gnu::noinline]] Seen MachineRunner::resume_or_throw(const MachineStep& step) {
  const ClauseTable table(step);
  const Handlers handlers = table.handlers();
  const Handle handle = slots_[step.handle];
  const std::span<const Value> values = values_for(values_in_, step.values);
  if (options_.on_resume != nullptr) {
    options_.on_resume(handle, std::span(values_in_).first(values.size()));
  }
  const auto outcome =
      step.kind == Kind::resume
          ? resume(*store_, handle, values, handlers)
          : resume_throw(*store_, handle, exception_of(reference_.serial()), handlers);
  if (!outcome) {
    // Whether it was refused or what it ran has trapped: core answers both in the same way.
    const bool ran = reference_.arrival().kind == Arrival::Kind::trapped;
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

/// Of a continuation that runs or waits around what does: by a handle that says what its record
/// says, which nobody was given. Says before what the check must find, and does not come back.
void MachineRunner::resume_again(const MachineStep& step) {
  Continuation& record = *slots_[step.handle].record;
  const StackIndex parent = reference_.stack(reference_.slot(step.handle).stack).parent;
  fmt::print(stderr, "{}C3, {:#018x} against {:#018x}\n", about_to_break, record_of(parent), 0);
  std::fflush(stderr);
  static_cast<void>(resume(*store_, Handle{&record, record.revision}));
}

[[gnu::noinline]] Seen MachineRunner::suspend_or_switch(const MachineStep& step) {
  std::array<Value, machine_bounds::values_across> out;
  std::array<Value, machine_bounds::values_across> in;
  const std::span<const Value> values = values_for(out, step.values);
  const std::span<Value> room(in.data(), step.room);
  const auto received = step.kind == Kind::suspend
                            ? suspend(*store_, tags[step.tag], values, room)
                            : switch_to(*store_, slots_[step.handle], tags[step.tag], values, room);
  if (!received) {
    return refusal(received.error());
  }
  // The room goes with this frame, so what came is compared here.
  judge_values(*received);
  return {.kind = Arrival::Kind::resumed};
}

}  // namespace fiberproof::fuzz
