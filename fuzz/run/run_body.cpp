// The side of those who take steps: the embedder, and the body of every continuation. Has the
// sanitizers' instrumentation, as any body; but what a stack with hardly any room runs has not, and
// keeps its frames small: L8 promises it no more than the headroom.
#include "core/sanitizer.hpp"
#include "fuzz/run/overflow.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

using Kind = MachineStep::Kind;

/// The next frame goes on where this one ended by `back`.
MaybeExit beyond(Exit exit) {
  return exit == Exit::back ? MaybeExit{} : exit;
}

Value as_value(const PlainValue& plain) {
  return {plain.low, plain.high};
}

}  // namespace

/// Notes a frame, for the walks, as long as it exists.
class MachineRunner::FrameMark {
 public:
  FrameMark(NativeStack& stack, const void* frame) : frames_(stack.frames) {
    frames_.push_back(reinterpret_cast<std::uint64_t>(frame));
  }
  FrameMark(const FrameMark&) = delete;
  FrameMark& operator=(const FrameMark&) = delete;
  ~FrameMark() { frames_.pop_back(); }

 private:
  std::vector<std::uint64_t>& frames_;
};

/// When a body that is probed ends, in whichever way, puts the exit probe between the trampoline
/// and the parent. The context is read as it is then (T4). And where it is to be stepped through,
/// arranges for that.
class MachineRunner::ProbedEnd {
 public:
  ProbedEnd(MachineRunner& runner, StackIndex self)
      : runner_(runner), self_(self), stack_(runner.native(self)) {}
  ProbedEnd(const ProbedEnd&) = delete;
  ProbedEnd& operator=(const ProbedEnd&) = delete;
  ~ProbedEnd() {
    if (stack_.stepped_through) {
      runner_.step_through_end(self_);
    }
    if (!stack_.probed) {
      return;
    }
    const std::uint64_t context = stack_.span.end - spec::saved_rsp_below_top;
    stack_.at_end = oracle::context_at(context);
    fiberproof_exit_target = stack_.at_end.rip;
    fiberproof_exit_arrivals = 0;
    fiberproof_exit_args = &stack_.continuation().args;
    write_word(stack_.span.end - spec::saved_rip_below_top,
               reinterpret_cast<std::uint64_t>(&fiberproof_exit_probe));
  }

 private:
  MachineRunner& runner_;
  StackIndex self_;
  NativeStack& stack_;
};

void MachineRunner::run_embedder() {
  const Entry entry(*store_);
  const auto frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  new_native(0, *store_->active, {0, frame + 16});
  arrived(0, {});
  for (;;) {
    try {
      interpret(0);
      break;
    } catch (const MachineException& caught) {
      arrived(0, {.kind = Arrival::Kind::caught, .exception = caught.thrown_in});
    }
  }
  if (!own_store_) {
    give_all_back();
  }
}

FIBERPROOF_UNINSTRUMENTED bool MachineRunner::array_call(const FuncRef& self, void* caller_vmctx,
                                                         Value* values, std::uint32_t capacity) {
  MachineRunner& runner = *running_;
  const StackIndex index = runner.reference_.running();
  if (runner.reference_.arrival().tight) {
    return runner.end_at_once(index, values, capacity);
  }
  const oracle::ArrayCallSeen call{reinterpret_cast<std::uint64_t>(&self),
                                   reinterpret_cast<std::uint64_t>(caller_vmctx),
                                   reinterpret_cast<std::uint64_t>(values),
                                   capacity,
                                   0,
                                   0};
  return runner.run_body(index, call, values);
}

/// A body with no room for steps: looks at its arguments, makes its results, and returns. The
/// parent judges.
FIBERPROOF_UNINSTRUMENTED bool MachineRunner::end_at_once(StackIndex self, Value* values,
                                                          std::uint32_t capacity) {
  // Word by word: a copy of more may be a call of a sanitizer's memcpy, which has a large frame.
  const PlainValue* const expected = reference_.arrival().values.data();
  const std::size_t count = reference_.arrival().values.size();
  tight_ = true;
  if (count < capacity) {
    tight_next_argument_.low = values[count].low;
    tight_next_argument_.high = values[count].high;
  }
  tight_wrong_argument_.reset();
  for (std::uint32_t place = 0; place < count && place < capacity; ++place) {
    if (values[place].low != expected[place].low || values[place].high != expected[place].high) {
      tight_wrong_argument_ = place;
      break;
    }
  }
  const std::uint32_t returns = program_->functions[reference_.stack(self).function].returns;
  for (std::uint32_t place = 0; place < returns; ++place) {
    const PlainValue made = value_made(reference_.serial() + 1, place);
    values[place].low = made.low;
    values[place].high = made.high;
  }
  return true;
}

bool MachineRunner::run_body(StackIndex self, const oracle::ArrayCallSeen& call, Value* values) {
  NativeStack& stack = native(self);
  const ProbedEnd end(*this, self);
  judge_started(self, call);
  arrived(self,
          {.kind = Arrival::Kind::started, .values = {values, stack.continuation().args.length}});
  ++outcome_.continuations;
  Exit exit = interpret(self);
  if (exit == Exit::over) {
    reference_.end_of_steps();
    log(nullptr);
    exit = Exit::returned;
  }
  if (exit == Exit::returned) {
    const std::uint32_t returns = program_->functions[reference_.stack(self).function].returns;
    for (std::uint32_t place = 0; place < returns; ++place) {
      values[place] = as_value(value_made(reference_.serial(), place));
    }
    return true;
  }
  if (stack.latest_refusal) {
    store_->trap = stack.latest_refusal;
  }
  return false;
}

[[gnu::noinline]] Exit MachineRunner::interpret(StackIndex self) {
  const FrameMark mark(native(self), __builtin_frame_address(0));
  // Memory of this frame, instrumented or not, must live through every switch.
  std::array<std::uint64_t, 4> locals;
  const auto address = reinterpret_cast<std::uint64_t>(&locals);
  const Span span{address, address + sizeof locals};
  fill_with_pattern(span);
  for (;;) {
    if (options_.walk_everywhere) {
      walk_from_here(self);
    }
    const MachineStep* const step = reference_.next();
    if (step == nullptr) {
      return Exit::over;
    }
    const MaybeExit exit = take(*step, self);
    check(oracle::s4_locals(span));
    if (exit) {
      return *exit;
    }
  }
}

MaybeExit MachineRunner::take(const MachineStep& step, StackIndex self) {
  step_ = &step;
  ++outcome_.steps;
  reference_.take();
  log(&step);
  snapshot(self);
  if (reference_.skipped()) {
    return std::nullopt;
  }
  switch (step.kind) {
    case Kind::return_: return Exit::returned;
    case Kind::trap: return Exit::trapped;
    case Kind::throw_: throw_it(reference_.serial());
    case Kind::rethrow: throw;
    case Kind::call: return call_down(self, step.count);
    case Kind::try_: return try_steps(self);
    case Kind::back: return Exit::back;
    case Kind::enter: return enter(self), std::nullopt;
    case Kind::leave: return Exit::left;
    case Kind::walk: return walk_active_chain(self), std::nullopt;
    case Kind::walk_suspended: return walk_slot(step.handle), std::nullopt;
    case Kind::overrun: return judge_guard_pages(self), std::nullopt;
    case Kind::walk_broken: return walk_broken(step.damage, self), std::nullopt;
    case Kind::walk_suspended_broken:
      return walk_broken_slot(step.damage, step.handle), std::nullopt;
    case Kind::resume_again: return resume_again(step), std::nullopt;
    case Kind::trespass: return trespass(step), std::nullopt;
    case Kind::overflow:
      return overflow_stack(native(self).continuation().id, reference_.depth()), std::nullopt;
    case Kind::initialize:
    case Kind::start: return take_beside(step, self), std::nullopt;
    default: arrived(self, operate(step)); return std::nullopt;
  }
}

/// The store is as it was after it, and so is who takes the step.
[[gnu::noinline]] void MachineRunner::take_beside(const MachineStep& step, StackIndex self) {
  starts_.take(step, native(self).span);
  modes_ = floating_point_modes();
  aim_start_probe();
  step_ = &step;
  arrived(self, {});
}

[[noreturn, gnu::noinline]] void MachineRunner::throw_it(std::uint32_t serial) {
  throw MachineException{serial};
}

[[gnu::noinline]] MaybeExit MachineRunner::call_down(StackIndex self, std::uint32_t frames) {
  if (frames == 1) {
    return beyond(interpret(self));
  }
  const FrameMark mark(native(self), __builtin_frame_address(0));
  return call_down(self, frames - 1);
}

[[gnu::noinline]] MaybeExit MachineRunner::try_steps(StackIndex self) {
  try {
    return beyond(interpret(self));
  } catch (const MachineException& caught) {
    arrived(self, {.kind = Arrival::Kind::caught, .exception = caught.thrown_in});
    return beyond(interpret(self));
  }
}

/// The steps until the entry is closed again are the initial stack's.
[[gnu::noinline]] void MachineRunner::enter(StackIndex self) {
  const StackIndex initial = reference_.running();
  {
    const Entry entry(*store_);
    new_native(initial, *store_->active, native(self).span);
    arrived(initial, {});
    if (interpret(initial) == Exit::over) {
      reference_.end_of_steps();
      log(nullptr);
    }
  }
  arrived(self, {});
}

}  // namespace fiberproof::fuzz
