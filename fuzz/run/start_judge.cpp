// What a body judges: how it was entered, what it finds each time that it goes on after a switch,
// and what it leaves. Only observes, and so is not instrumented, though it runs on the body's
// stack.
#include "core/continuation.hpp"
#include "core/control_effect.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/oracle/same.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

// More frames than between a body and its trampoline, or a switch and the probe that called it.
constexpr std::uint32_t frames_max = 32;

// A walk follows pointers through stacks that left the caches long ago.
constexpr std::uint32_t prefetch_distance = 3;

void prefetch_frames(std::uint64_t top) {
  for (std::uint64_t below = 64; below <= 1024; below += 64) {
    __builtin_prefetch(reinterpret_cast<const void*>(top - below));
  }
}

alignas(16) std::byte landing_stack[4096];

void set_context(std::uint64_t address, const oracle::ContextWords& words) {
  write_word(address, words.rsp);
  write_word(address + 8, words.rbp);
  write_word(address + 16, words.rip);
}

oracle::ContinuationSeen look_at(const Continuation& continuation, std::uint64_t context) {
  const auto args = reinterpret_cast<std::uint64_t>(&continuation.args);
  return {static_cast<std::uint64_t>(continuation.state), continuation.revision,
          oracle::context_at(context), read_word(args), read_word(args + 8)};
}

}  // namespace

[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void StartRunner::observe_arrival(Activation& self,
                                                                              std::uint64_t frame,
                                                                              Span parent) {
  const std::uint64_t context = self.request.top - spec::saved_rsp_below_top;
  BodyArrival& arrival = self.arrival;
  arrival.parent = {read_word(context), read_word(context + 8), read_word(context + 16)};
  arrival.from_body = frames_between(frame, self.request.top - spec::saved_rbp_below_top,
                                     self.stack_span(), frames_max);
  arrival.from_link =
      frames_between(arrival.parent.rbp, self.resume_call.frame, parent, frames_max);
  arrival.modes = floating_point_modes();
  arrival.entry_frame_pointer = running_->store_.limits.entry_frame_pointer;
  arrival.entry_stack_pointer = running_->store_.limits.entry_stack_pointer;
  const ArgsObject& args = self.continuation->args;
  arrival.args = {args.length, args.capacity, reinterpret_cast<std::uint64_t>(args.data)};
}

void StartRunner::judge_entry(Activation& self) {
  check(oracle::same(SpecId::S3, "payload that arrives in RDI", spec::resume_payload,
                     fiberproof_start_registers.rdi));
  check(oracle::t1_entry(self.request, fiberproof_start_registers));
  check(oracle::t2_call(self.request, self.seen));
  check(oracle::f1_arguments(self.request, self.seen));
  check(oracle::f1_argument_values(self.wrong_argument));
  check(oracle::f1_args_object(self.request, self.function->params, self.arrival.args));
  check(oracle::c4_entry(self.request, self.arrival.entry_frame_pointer,
                         self.arrival.entry_stack_pointer));
  check(oracle::t6_capacity_untouched(self.request));
  judge_arrival(self);
}

/// After every switch to this stack: where the parent will go on, and the chain through it.
void StartRunner::judge_arrival(const Activation& self) {
  const BodyArrival& arrival = self.arrival;
  check(oracle::s1_stored_somewhere(arrival.parent, span_at(self.depth - 1), arrival.from_link,
                                    after_switches_));
  check(oracle::t3_chain(arrival.from_body, arrival.from_link));
  check(oracle::t3_resume_address(arrival.parent.rip, after_switches_));
  check(oracle::same(SpecId::S4, "x87 control word and MXCSR modes after a switch", modes_,
                     arrival.modes));
}

/// After a suspension: as after every switch to this stack, and what the suspender keeps.
void StartRunner::judge_resumed_suspension(const Step& step, Activation& self) {
  judge_arrival(self);
  check(oracle::s4_kept_by_the_caller(self.suspend_call.before, self.suspend_call.after));
  if (step.kind == Step::Kind::yield_apart) {
    check(oracle::same(SpecId::S3, "payload that arrives in RDI", spec::resume_payload,
                       self.apart_switch.payload));
    check(oracle::s1_arrived({self.apart_switch.rsp, self.apart_switch.rbp, 0},
                             self.apart_switch.arrived_rsp, self.apart_switch.arrived_rbp));
  }
}

/// After all steps of a body whose frame pointer is `frame`. The innermost of its chain resumed
/// nothing, and walks all of it; and looks whether any other than that can be resumed (S5).
void StartRunner::judge_body(Activation& self, std::uint64_t frame, bool innermost, Span locals) {
  check(oracle::s4_locals(locals));
  judge_consumed(self, State::running);
  if (innermost) {
    const std::uint32_t other = self.owner % depth_;
    judge_consumed(*activations_[other], other + 1 == depth_ ? State::running : State::parent);
    walk_all_stacks(frame);
  }
}

/// `other` is resumed by the handle that was consumed by its latest resume (S5). For that moment
/// its context leads to where a resume that happens is reported, since its own words are stale.
void StartRunner::judge_consumed(const Activation& other, State state) {
  const std::uint64_t context = oracle::context_address(other.request.top);
  const oracle::ContextWords words = oracle::context_at(context);
  const auto landing_top = reinterpret_cast<std::uint64_t>(landing_stack + sizeof landing_stack);
  // As after a call: RSP is 8 below a multiple of 16 (psABI 3.2.2).
  set_context(context, {landing_top - 8, 0, reinterpret_cast<std::uint64_t>(&StartRunner::land)});
  const oracle::ContinuationSeen before = look_at(*other.continuation, context);
  const auto answer = resume(store_, other.handle);
  std::optional<std::uint64_t> refused_as;
  if (const auto* const refusal = answer ? nullptr : std::get_if<ConsumedHandle>(&answer.error())) {
    refused_as = refusal->current_revision;
  }
  check(oracle::s5_consumed(static_cast<std::uint64_t>(state), refused_as, before,
                            look_at(*other.continuation, context)));
  set_context(context, words);
}

void StartRunner::land() {
  running_->check(Violation{SpecId::S5, "resumes of what had been consumed", 0, 1});
  __builtin_unreachable();
}

/// What core makes of an index does not depend on anything else, so one is asked about once only
/// while it stays the same.
void StartRunner::judge_effect_coding(std::uint32_t index) {
  if (index_coded_ == index) {
    return;
  }
  index_coded_ = index;
  for (std::uint32_t discriminant = 0; discriminant <= spec::discriminants; ++discriminant) {
    const std::uint64_t payload =
        encode({static_cast<ControlEffect::Discriminant>(discriminant), index});
    const std::optional<ControlEffect> effect = decode(payload);
    oracle::EffectCoding coded{payload, effect.has_value(), 0, 0};
    if (effect) {
      coded.discriminant = static_cast<std::uint32_t>(effect->discriminant);
      coded.index = effect->handler_index;
    }
    check(oracle::e1_round_trip(discriminant, index, coded));
  }
}

/// The plain frame-pointer walk from `frame` to run() on the initial stack, through every link
/// (T3).
void StartRunner::walk_all_stacks(std::uint64_t frame) {
  if (walk_links_left_ < depth_) {
    return;
  }
  walk_links_left_ -= depth_;
  for (std::uint32_t depth = depth_; depth > 0; --depth) {
    if (depth > prefetch_distance) {
      prefetch_frames(activations_[depth - prefetch_distance - 1]->request.top);
    }
    const LayoutRequest& request = activations_[depth - 1]->request;
    const std::uint64_t link = request.top - spec::saved_rbp_below_top;
    const auto from_body = frames_between(frame, link, span_at(depth), frames_max);
    frame = read_word(link);
    const std::uint64_t outer =
        depth == 1 ? outer_frame_
                   : activations_[depth - 2]->request.top - spec::saved_rbp_below_top;
    const auto from_link = frames_between(frame, outer, span_at(depth - 1), frames_max);
    check(oracle::t3_chain(from_body, from_link));
    check(oracle::t3_resume_address(read_word(request.top - spec::saved_rip_below_top),
                                    after_switches_));
  }
}

}  // namespace fiberproof::fuzz
