// The body's side: the array call of all that is started. On a stack with room it takes steps; in
// any case it records how it was called and puts the exit probe between the trampoline and the
// parent. The array call itself is not instrumented and keeps its frame small: L8 promises it no
// more than the headroom. What else is here has the sanitizers', as any body.
#include "core/continuation.hpp"
#include "core/sanitizer.hpp"
#include "core/switch.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

constexpr CalleeSaved suspender_patterns{0x2c2c2c2c00000001, 0x2c2c2c2c00000002, 0x2c2c2c2c00000003,
                                         0x2c2c2c2c00000004, 0x2c2c2c2c00000005};

}  // namespace

FIBERPROOF_UNINSTRUMENTED bool StartRunner::array_call(const FuncRef& self, void* caller_vmctx,
                                                       Value* values, std::uint32_t capacity) {
  StartRunner& runner = *running_;
  Activation& activation = *runner.activations_[runner.depth_ - 1];
  const LayoutRequest& request = activation.request;
  const auto frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  // One by one: a copy of all may be a call of a sanitizer's memcpy, which has a large frame.
  activation.seen.func_ref = reinterpret_cast<std::uint64_t>(&self);
  activation.seen.caller_vmctx = reinterpret_cast<std::uint64_t>(caller_vmctx);
  activation.seen.values = reinterpret_cast<std::uint64_t>(values);
  activation.seen.capacity = capacity;
  activation.seen.return_address = read_word(
      request.top - spec::buffer_bytes(activation.started.capacity) - spec::func_ref_below);
  activation.seen.frame = frame;
  activation.wrong_argument =
      first_wrong_value(values, 0, request.params, ValueKind::parameter, activation.owner);
  observe_arrival(activation, frame, runner.span_at(activation.depth - 1));
  if (!activation.started.tight) {
    runner.run_body(activation);
  }

  activation.succeeded = activation.end == Step::Kind::return_;
  if (activation.succeeded) {
    fill_values(values, 0, request.returns, ValueKind::result, activation.owner);
  }
  // The context is read as it is when the function ends (T4), so the probe's address is taken.
  const std::uint64_t context = request.top - spec::saved_rsp_below_top;
  activation.at_end = {read_word(context), read_word(context + 8), read_word(context + 16)};
  fiberproof_exit_target = activation.at_end.rip;
  fiberproof_exit_arrivals = 0;
  fiberproof_exit_args = &activation.continuation->args;
  write_word(request.top - spec::saved_rip_below_top,
             reinterpret_cast<std::uint64_t>(&fiberproof_exit_probe));
  if (activation.end == Step::Kind::throw_ && !activation.started.tight) {
    runner.throw_from(activation);
  }
  return activation.succeeded;
}

void StartRunner::throw_from(Activation& self) {
  struct Thrown : StartedException {
    explicit Thrown(Activation& thrower) {
      continuation = thrower.owner;
      thrower.thrown = reinterpret_cast<std::uint64_t>(static_cast<StartedException*>(this));
    }
  };
  throw Thrown(self);
}

void StartRunner::run_body(Activation& self) {
  judge_entry(self);
  set_floating_point_modes(self.owner);
  modes_ = floating_point_modes();
  // Memory of this frame, instrumented or not, must live through every switch.
  std::array<std::uint64_t, 4> locals;
  const auto locals_address = reinterpret_cast<std::uint64_t>(&locals);
  const Span locals_span{locals_address, locals_address + sizeof locals};
  fill_with_pattern(locals_span);
  const std::uint64_t continuations = progress_.outcome().continuations;
  self.end = Step::Kind::return_;
  while (take_next(&self)) {
  }
  if (reference().starts().depth() == self.depth) {
    progress_.end_beside();
  }
  judge_body(self, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)),
             continuations == progress_.outcome().continuations, locals_span);
}

void StartRunner::yield(const Step& step, Activation& self) {
  judge_effect_coding(step.index);
  self.handler_index = step.index;
  self.suspend_call.frame_shift = 0;
  self.suspend_call.function =
      step.kind == Step::Kind::yield ? &suspend_thunk : &suspend_apart_thunk;
  self.suspend_call.argument = &self;
  self.suspend_call.before = suspender_patterns;
  fiberproof_probe_call(self.suspend_call);
  observe_arrival(self, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)),
                  span_at(self.depth - 1));
  judge_resumed_suspension(step, self);
}

void StartRunner::suspend_thunk(void* activation) {
  auto& self = *static_cast<Activation*>(activation);
  Store& store = running_->store_;
  // To the parent in any case, with any index: what a handler table leads to is not asked here.
  Continuation& own = *self.continuation;
  StackRecord& parent = hand_over(store, own, {}, {});
  const std::uint64_t payload =
      transfer(store, own, parent, own.control_context, own.control_context,
               spec::suspend_payload + self.handler_index);
  received(store, own, payload);
}

/// As core's own suspension, but the state of this stack goes to a context elsewhere.
FIBERPROOF_UNINSTRUMENTED void StartRunner::suspend_apart_thunk(void* activation) {
  auto& self = *static_cast<Activation*>(activation);
  for (std::size_t index = 0; index < self.apart.below.size(); ++index) {
    self.apart.below[index] = pattern_at(index);
    self.apart.above[index] = pattern_at(index);
  }
  const std::uint64_t own = self.request.top - spec::saved_rsp_below_top;
  self.loaded_apart = {read_word(own), read_word(own + 8), read_word(own + 16)};
  self.suspended_apart = true;
  self.apart_switch = {};
  self.apart_switch.store = &self.apart.context;
  self.apart_switch.load = reinterpret_cast<const ControlContext*>(own);
  self.apart_switch.payload = spec::suspend_payload + self.handler_index;
  StackRecord& parent = hand_over(running_->store_, *self.continuation, {}, {});
  sanitizer_leave(*self.continuation->sanitizer, *parent.sanitizer);
  fiberproof_probe_switch(self.apart_switch);
  sanitizer_arrive(*self.continuation->sanitizer);
}

}  // namespace fiberproof::fuzz
