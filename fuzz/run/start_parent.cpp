// The starter's side: makes a continuation, resumes it until it ends, and judges after every
// switch.
#include "core/continuation.hpp"
#include "core/sanitizer.hpp"
#include "core/switch.hpp"
#include "fuzz/oracle/same.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>
#include <utility>

namespace fiberproof::fuzz {
namespace {

// Around the layout of a continuation that will run; what is farther is for `initialize` steps.
constexpr std::uint64_t reach_to_run = 256;
// More frames than between any switch and the probe that called it.
constexpr std::uint32_t frames_to_probe_max = 16;

// One in so many continuations, the first of a run among them, meets garbage in every vector
// register; the others in the SSE part.
constexpr std::uint32_t vector_garbage_period = 64;

constexpr CalleeSaved resumer_patterns{0x1b1b1b1b00000001, 0x1b1b1b1b00000002, 0x1b1b1b1b00000003,
                                       0x1b1b1b1b00000004, 0x1b1b1b1b00000005};

constexpr Handlers no_handlers{};

// Where a continuation was refused there is none whose args object could have been written.
constexpr ArgsObject no_args{};

Span part_below(std::uint64_t address, Span span) {
  return {std::min(span.lowest, address), std::min(span.end, address)};
}

Span part_above(std::uint64_t address, Span span) {
  return {std::max(span.lowest, address), std::max(span.end, address)};
}

/// The control effect of the end of a body.
std::string_view name_of_end(std::uint64_t payload) {
  return payload == spec::return_payload ? "return"
         : payload == spec::trap_payload ? "trap"
                                         : "another effect";
}

}  // namespace

void StartRunner::start(const Step& step) {
  const StartEvent begun = event();
  Activation& child = activation_at(depth_ + 1);
  ++progress_.outcome().started;
  if (!make(child, step, begun)) {
    return;
  }
  ++progress_.outcome().continuations;
  progress_.outcome().started_values += begun.capacity;
  launch(child);
  for (;;) {
    resume_once(child);
    if (begun.tight) {
      progress_.end_beside();
    }
    if (event().kind != StartEvent::Kind::suspended) {
      judge_end(child, event());
      break;
    }
    judge_suspension(child, event());
  }
  stacks_.give_back(std::move(child.leased));
}

/// True where `made` is fresh and false where it was rightly refused.
bool StartRunner::make(Activation& made, const Step& step, const StartEvent& event) {
  const StackShape& shape = progress_.program().stacks[step.stack];
  auto leased = stacks_.lease(shape);
  if (!leased) {
    cannot_map(shape.bytes);
  }
  made.leased = std::move(*leased);
  made.function = &progress_.program().functions[step.function];
  made.started = event;
  made.depth = depth_ + 1;
  made.owner = event.continuation;
  made.callee.emplace(&StartRunner::array_call, &made, made.function->params,
                      made.function->returns);
  made.request = {.top = made.leased.stack->bounds().top,
                  .usable_bytes = event.usable_bytes,
                  .params = made.function->params,
                  .returns = made.function->returns,
                  .start_routine = start_routine_address(),
                  .func_ref = reinterpret_cast<std::uint64_t>(static_cast<FuncRef*>(&*made.callee)),
                  .caller_vmctx = reinterpret_cast<std::uint64_t>(&store_),
                  .args_object = reinterpret_cast<std::uint64_t>(&no_args)};
  const Watched watched = watch(made.leased.watchable, made.request, reach_to_run);
  // The rest of it holds the pattern since the stack was leased.
  const Span scrubbed = StackSource::scrubbed(*made.leased.stack);
  for (const Span span : watched.all()) {
    fill_with_pattern(part_below(scrubbed.lowest, span));
    fill_with_pattern(part_above(scrubbed.end, span));
  }
  fill_with_pattern(made.margins()[0]);
  const std::size_t live = store_.live_count();
  const auto fresh = cont_new(store_, &*made.callee, *made.leased.stack);
  LayoutAnswer answer{fresh.has_value(), 0, 0};
  if (!fresh) {
    if (const auto* const too_small = std::get_if<StackTooSmall>(&fresh.error())) {
      answer.required_bytes = too_small->required_bytes;
      answer.usable_bytes = too_small->usable_bytes;
    }
  }
  check(oracle::l5_l8_fits_or_refused(made.request, answer));
  if (answer.accepted) {
    made.handle = *fresh;
    made.continuation = fresh->record;
    made.request.args_object = reinterpret_cast<std::uint64_t>(&fresh->record->args);
    snapshot(made.request, made.owner);
    judge_layout(made.request, watched);
    return true;
  }
  check(oracle::l5_refusal_wrote_nothing(made.request, watched.all()));
  check(oracle::same(SpecId::L5, "continuations after a rejected cont_new", live,
                     store_.live_count()));
  stacks_.give_back(std::move(made.leased));
  return false;
}

/// Hands in the arguments, and puts the start probe between the switch and the trampoline.
void StartRunner::launch(Activation& made) {
  ArgsObject& args = made.continuation->args;
  fill_values(args.data, 0, made.function->params, ValueKind::parameter, made.owner);
  fill_values(args.data, made.function->params, args.capacity, ValueKind::unset, made.owner);
  args.length = made.function->params;
  fiberproof_start_target = read_word(made.request.top - spec::saved_rip_below_top);
  write_word(made.request.top - spec::saved_rip_below_top,
             reinterpret_cast<std::uint64_t>(&fiberproof_start_probe));
  choose_vector_garbage(made.owner % vector_garbage_period == 1);
  made.resume_call.frame_shift = 0;
  made.suspended_apart = false;
  made.vectors_after = 0;
  made.thrown = 0;
  made.caught = 0;
  made.succeeded = false;
  made.end = made.started.end;
}

void StartRunner::resume_once(Activation& child) {
  child.resume_call.function = &resume_thunk;
  child.resume_call.argument = &child;
  child.resume_call.before = resumer_patterns;
  // Elsewhere on the stack each time, so that a context that was read too early is a stale one
  // (T4).
  child.resume_call.frame_shift = (child.resume_call.frame_shift + 16) & 0x70;
  depth_ = child.depth;
  fiberproof_probe_call(child.resume_call);
  depth_ = child.depth - 1;
  check(oracle::s4_kept_by_the_caller(child.resume_call.before, child.resume_call.after));
  check(oracle::same(SpecId::S4, "x87 control word and MXCSR modes after a switch", modes_,
                     floating_point_modes()));
}

void StartRunner::resume_thunk(void* activation) {
  auto& child = *static_cast<Activation*>(activation);
  try {
    resume_and_take_the_effect(child);
  } catch (const StartedException& exception) {
    child.effect = spec::trap_payload;
    child.caught = reinterpret_cast<std::uint64_t>(&exception);
  }
}

/// What the effect was is told by how core settled it.
void StartRunner::resume_and_take_the_effect(Activation& child) {
  Store& store = running_->store_;
  StackRecord& self = *store.active;
  const auto outcome = child.suspended_apart ? settle(store, self, resume_apart(child))
                                             : resume(store, child.handle);
  if (!outcome) {
    // A refusal is no payload at all, and shows as a wrong one.
    const bool trapped = std::holds_alternative<BodyFailed>(outcome.error());
    child.effect = trapped ? spec::trap_payload : ~std::uint64_t{0};
    store.limits.trap_handler->trap = nullptr;  // This parent goes on after a trap of its child.
  } else if (outcome->kind == fiberproof::Outcome::Kind::returned) {
    child.effect = spec::return_payload;
  } else {
    child.effect = spec::suspend_payload + outcome->handler_index;
    child.handle = outcome->handle;
  }
}

/// Resumes a child that waits in its apart context, with store and load at different places (S1),
/// and vector values that are live across the switch (S4).
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED std::uint64_t StartRunner::resume_apart(
    Activation& child) {
  using Vector = std::uint64_t __attribute__((vector_size(16)));
  child.suspended_apart = false;
  Store& store = running_->store_;
  StackRecord& self = *store.active;
  ControlContext* const own = child.continuation->control_context;
  ++child.continuation->revision;
  begin_child(store, *child.continuation, no_handlers);
  Vector first{0x5151515151515151, 0x5252525252525252};
  Vector second{0x5353535353535353, 0x5454545454545454};
  sanitizer_leave(*self.sanitizer, child.leased.stack->sanitizer());
  asm volatile("" : "+x"(first), "+x"(second));
  const std::uint64_t payload = stack_switch(own, &child.apart.context, spec::resume_payload);
  asm volatile("" : "+x"(first), "+x"(second));
  sanitizer_arrive(*self.sanitizer);
  child.vectors_after = (first[0] ^ 0x5151515151515151) | (first[1] ^ 0x5252525252525252) |
                        (second[0] ^ 0x5353535353535353) | (second[1] ^ 0x5454545454545454);
  return payload;
}

void StartRunner::judge_suspension(Activation& child, const StartEvent& event) {
  check(oracle::same(SpecId::S3, "payload that arrives in RDI",
                     spec::suspend_payload + event.handler_index, child.effect));
  check(oracle::same(SpecId::S4, "vector value that is live across a switch", 0,
                     child.vectors_after));
  const std::uint64_t own = oracle::context_address(child.request.top);
  check(oracle::same(SpecId::S2, "word beside the context that was stored",
                     child.request.capacity(),
                     read_word(child.request.top - spec::capacity_below_top)));
  if (!child.suspended_apart) {
    const oracle::ContextWords stored = oracle::context_at(own);
    check(oracle::s1_stored_somewhere(stored, child.stack_span(),
                                      frames_between(stored.rbp, child.suspend_call.frame,
                                                     child.stack_span(), frames_to_probe_max),
                                      after_switches_));
    return;
  }
  const oracle::ContextWords left{child.apart_switch.rsp, child.apart_switch.rbp,
                                  reinterpret_cast<std::uint64_t>(fiberproof_probe_switch_resumed)};
  const auto apart = reinterpret_cast<std::uint64_t>(&child.apart.context);
  check(oracle::s1_stored(left, oracle::context_at(apart)));
  check(oracle::s2_only_the_context_written(child.loaded_apart, oracle::context_at(own)));
  for (std::size_t index = 0; index < child.apart.below.size(); ++index) {
    check(oracle::same(SpecId::S2, "word beside the context that was stored", pattern_at(index),
                       child.apart.below[index]));
    check(oracle::same(SpecId::S2, "word beside the context that was stored", pattern_at(index),
                       child.apart.above[index]));
  }
}

void StartRunner::judge_end(Activation& child, const StartEvent& event) {
  if (child.started.tight) {
    judge_entry(child);  // There was no room for it in the body.
  }
  snapshot(child.request, child.owner);
  const bool v44 = progress_.program().trampoline == Trampoline::v44;
  check(oracle::same(SpecId::S4, "vector value that is live across a switch", 0,
                     child.vectors_after));
  check(oracle::t4_exit(child.at_end, fiberproof_exit_registers, fiberproof_exit_arrivals));
  check(oracle::t5_payload(v44, child.succeeded, fiberproof_exit_registers.rdi));
  const bool returned = event.kind == StartEvent::Kind::returned;
  check(oracle::same(SpecId::F2, "control effect that the resumer sees",
                     returned ? spec::return_payload : spec::trap_payload, child.effect,
                     &name_of_end));
  const ArgsObject& args = fiberproof_exit_args_seen;
  check(oracle::f2_args_object(
      child.request, event.length,
      {args.length, args.capacity, reinterpret_cast<std::uint64_t>(args.data)}));
  if (child.succeeded) {
    check(oracle::f2_result_values(
        first_wrong_value(args.data, 0, child.function->returns, ValueKind::result, child.owner)));
  } else {
    check(oracle::f2_result_values(first_wrong_value(args.data, 0, child.function->params,
                                                     ValueKind::parameter, child.owner)));
  }
  check(oracle::same(SpecId::F3, "exception object that the resumer catches",
                     v44 ? 0 : child.thrown, child.caught));
  check(oracle::same(SpecId::F3, "an exception or a trap is left in the store", false,
                     store_.raised != nullptr || store_.trap.has_value()));
  judge_consumed(child, returned ? State::returned : State::trapped);
  check(oracle::t6_capacity_untouched(child.request));
  const auto [below, above] = child.margins();
  check(oracle::l8_room_sufficed(below));
  check(oracle::t6_untouched(above));
  progress_.outcome().trap_reported_as_return |=
      event.misreported && child.effect == spec::return_payload;
}

}  // namespace fiberproof::fuzz
