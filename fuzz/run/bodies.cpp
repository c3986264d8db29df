// Has the sanitizers' instrumentation, as the body of an embedder would. A body with hardly any
// room has none, and keeps its frames small: L8 promises it no more than the headroom.
#include "fuzz/run/bodies.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/run/overflow.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

/// After `back` the frame outside continues.
MaybeExit beyond(Exit exit) {
  return exit == Exit::back ? MaybeExit{} : exit;
}

Value as_value(const PlainValue& plain) {
  return {plain.low, plain.high};
}

[[noreturn, gnu::noinline]] void throw_it(std::uint32_t serial) {
  throw BodyException{serial};
}

/// One run at a time. An array call finds it here, since its arguments are what is judged.
Bodies* running = nullptr;

}  // namespace

/// Notes a frame as long as it exists; walks must meet it.
class Bodies::FrameMark {
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

/// When the body of a probed continuation ends, in any way, reads its control context (T4) and puts
/// the exit probe between the trampoline and the parent. Where the trampoline is to be stepped
/// through, arranges for that.
class Bodies::ProbedEnd {
 public:
  ProbedEnd(Unwinder& unwinder, StackIndex self, NativeStack& stack)
      : unwinder_(unwinder), self_(self), stack_(stack) {}
  ProbedEnd(const ProbedEnd&) = delete;
  ProbedEnd& operator=(const ProbedEnd&) = delete;
  ~ProbedEnd() {
    if (stack_.stepped_through) {
      unwinder_.step_through_end(self_);
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
  Unwinder& unwinder_;
  StackIndex self_;
  NativeStack& stack_;
};

/// When an exception leaves a cleanup: it is on its way while the destructor takes steps.
class Bodies::Destructor {
 public:
  Destructor(Bodies& bodies, StackIndex self, std::uint32_t exception)
      : bodies_(bodies), self_(self), exception_(exception) {}
  Destructor(const Destructor&) = delete;
  Destructor& operator=(const Destructor&) = delete;
  ~Destructor() {
    bodies_.natives_[self_].held_up.push_back(BodyException::latest);
    bodies_.arrived(self_, {.kind = Arrival::Kind::cleaning, .exception = exception_});
    if (bodies_.interpret(self_) == Exit::over) {
      bodies_.progress_.end_of_steps();
    }
    bodies_.natives_[self_].held_up.pop_back();
  }

 private:
  Bodies& bodies_;
  StackIndex self_;
  std::uint32_t exception_;
};

void Bodies::run() {
  running = this;
  for (bool is_here = true;; is_here = !is_here) {
    const auto moves = [this] { return be_embedder(); };
    if (!(is_here ? moves() : other_thread_.run(moves))) {
      return;
    }
  }
}

/// Takes steps in an entry of this thread. Returns whether they continue on the other one.
bool Bodies::be_embedder() {
  const Entry entry(embedder_.store());
  const auto frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  natives_.add(0, *embedder_.store().active, {0, frame + 16});
  observers_.judge.renew_modes();
  arrived(0, {});
  for (;;) {
    std::uint32_t exception = 0;
    try {
      if (interpret(0) == Exit::moved) {
        return true;
      }
      break;
    } catch (const BodyException& caught) {
      exception = caught.thrown_in;
    }
    arrived(0, {.kind = Arrival::Kind::caught, .exception = exception});
  }
  observers_.owners.look();
  if (!embedder_.has_own_stores()) {
    embedder_.abandon_all(view_, natives_);
  }
  return false;
}

FIBERPROOF_UNINSTRUMENTED bool Bodies::array_call(const FuncRef& self, void* caller_vmctx,
                                                  Value* values, std::uint32_t capacity) {
  Bodies& bodies = *running;
  const Reference& reference = bodies.view_.reference();
  const StackIndex index = reference.running();
  if (reference.arrival().tight) {
    return bodies.end_at_once(index, values, capacity);
  }
  const oracle::ArrayCallSeen call{reinterpret_cast<std::uint64_t>(&self),
                                   reinterpret_cast<std::uint64_t>(caller_vmctx),
                                   reinterpret_cast<std::uint64_t>(values),
                                   capacity,
                                   0,
                                   0};
  return bodies.run_body(index, call, values);
}

/// A body with no room for steps: looks at its arguments, makes its results, and returns. The
/// parent judges.
FIBERPROOF_UNINSTRUMENTED bool Bodies::end_at_once(StackIndex self, Value* values,
                                                   std::uint32_t capacity) {
  // Word by word: a copy of more may be a call of a sanitizer's memcpy, which has a large frame.
  const Reference& reference = view_.reference();
  const PlainValue* const expected = reference.arrival().values.data();
  const std::size_t count = reference.arrival().values.size();
  std::uint32_t first_wrong_argument = Judge::TightBody::none_wrong;
  const std::uint64_t next_low = count < capacity ? values[count].low : 0;
  const std::uint64_t next_high = count < capacity ? values[count].high : 0;
  for (std::uint32_t place = 0; place < count && place < capacity; ++place) {
    if (values[place].low != expected[place].low || values[place].high != expected[place].high) {
      first_wrong_argument = place;
      break;
    }
  }
  observers_.judge.ran_tight(first_wrong_argument, next_low, next_high);
  const std::uint32_t returns =
      view_.progress.program().functions[reference.stack(self).function].returns;
  for (std::uint32_t place = 0; place < returns; ++place) {
    const PlainValue made = value_made(reference.serial() + 1, place);
    values[place].low = made.low;
    values[place].high = made.high;
  }
  return true;
}

bool Bodies::run_body(StackIndex self, const oracle::ArrayCallSeen& call, Value* values) {
  NativeStack& stack = natives_[self];
  const ProbedEnd end(observers_.unwinder, self, stack);
  observers_.store_judge.started(self, call);
  arrived(self,
          {.kind = Arrival::Kind::started, .values = {values, stack.continuation().args.length}});
  progress_.count_started();
  Exit exit = interpret(self);
  if (exit == Exit::over) {
    progress_.end_of_steps();
    exit = Exit::returned;
  }
  if (exit == Exit::returned) {
    const std::uint32_t returns =
        view_.progress.program().functions[view_.reference().stack(self).function].returns;
    for (std::uint32_t place = 0; place < returns; ++place) {
      values[place] = as_value(value_made(view_.reference().serial(), place));
    }
    return true;
  }
  if (stack.latest_refusal) {
    embedder_.store(view_.reference().stack(self).store).trap = stack.latest_refusal;
  }
  return false;
}

[[gnu::noinline]] Exit Bodies::interpret(StackIndex self) {
  const FrameMark mark(natives_[self], __builtin_frame_address(0));
  // Memory of this frame, instrumented or not, must live through every switch.
  std::array<std::uint64_t, 4> locals;
  const auto address = reinterpret_cast<std::uint64_t>(&locals);
  const Span span{address, address + sizeof locals};
  fill_with_pattern(span);
  for (;;) {
    if (view_.progress.options().walk_everywhere) {
      observers_.walker.walk_from_here(self);
      observers_.unwinder.unwind_from_here(self);
    }
    const Step* const step = progress_.next();
    if (step == nullptr) {
      return Exit::over;
    }
    const MaybeExit exit =
        observers_.owners.are_wanted() ? take_as_owner(*step, self) : take(*step, self);
    view_.check(oracle::s4_locals(span));
    if (exit) {
      return *exit;
    }
  }
}

MaybeExit Bodies::take(const Step& step, StackIndex self) {
  progress_.take(step);
  view_.snapshot(self);
  if (view_.reference().skipped()) {
    return std::nullopt;
  }
  switch (step.kind) {
    case Kind::return_: return Exit::returned;
    case Kind::trap: return Exit::trapped;
    case Kind::throw_: throw_it(view_.reference().serial());
    case Kind::rethrow: throw;
    case Kind::call: return call_down(self, step.count);
    case Kind::try_: return try_steps(self);
    case Kind::cleanup: return cleanup_steps(self);
    case Kind::back: return Exit::back;
    case Kind::enter:
    case Kind::enter_other: return enter(self), std::nullopt;
    case Kind::move: return Exit::moved;
    case Kind::leave: return Exit::left;
    case Kind::walk: return observers_.walker.walk_active_chain(self), std::nullopt;
    case Kind::walk_suspended: return observers_.walker.walk_slot(step.handle), std::nullopt;
    case Kind::overrun: return observers_.walker.judge_guard_pages(self), std::nullopt;
    case Kind::walk_broken:
      return observers_.broken_walker.walk_active_chain(step.damage, self), std::nullopt;
    case Kind::walk_suspended_broken:
      return observers_.broken_walker.walk_slot(step.damage, step.handle), std::nullopt;
    case Kind::resume_again: return operations_.resume_again(), std::nullopt;
    case Kind::trespass: return observers_.walker.trespass(), std::nullopt;
    case Kind::overflow:
      return overflow_stack(view_.end_place(), view_.reference().serial() % 2 == 0), std::nullopt;
    case Kind::initialize:
    case Kind::start:
      starts_.take(step, natives_[self].span);
      observers_.judge.renew_modes();
      return arrived(self, {}), std::nullopt;
    case Kind::collect: return arrived(self, {}), std::nullopt;
    default: arrived(self, operations_.operate(step, self)); return std::nullopt;
  }
}

[[gnu::noinline]] MaybeExit Bodies::call_down(StackIndex self, std::uint32_t frames) {
  if (frames == 1) {
    return beyond(interpret(self));
  }
  const FrameMark mark(natives_[self], __builtin_frame_address(0));
  return call_down(self, frames - 1);
}

[[gnu::noinline]] MaybeExit Bodies::try_steps(StackIndex self) {
  try {
    return beyond(interpret(self));
  } catch (const BodyException& caught) {
    arrived(self, {.kind = Arrival::Kind::caught, .exception = caught.thrown_in});
    return beyond(interpret(self));
  }
}

/// What leaves the frame is caught and thrown anew, so that it is one object, whose address is
/// known to whoever frees it if the stack is abandoned meanwhile.
[[gnu::noinline]] MaybeExit Bodies::cleanup_steps(StackIndex self) {
  std::uint32_t exception = 0;
  try {
    return beyond(interpret(self));
  } catch (const BodyException& passing) {
    exception = passing.thrown_in;
  }
  const Destructor destructor(*this, self, exception);
  throw_it(exception);
}

/// The initial stack of the new entry takes the steps until the entry is closed.
[[gnu::noinline]] void Bodies::enter(StackIndex self) {
  const StackIndex initial = view_.reference().running();
  {
    const Entry entry(embedder_.store());
    natives_.add(initial, *embedder_.store().active, natives_[self].span);
    arrived(initial, {});
    if (interpret(initial) == Exit::over) {
      progress_.end_of_steps();
    }
  }
  arrived(self, {});
}

}  // namespace fiberproof::fuzz
