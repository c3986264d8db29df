#include "fuzz/start/run.hpp"

#include "core/continuation_start.hpp"
#include "core/machine_code.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/run/stack_snapshot.hpp"
#include "fuzz/start/runner.hpp"

namespace fiberproof::fuzz {
namespace {

// Links of full frame-chain walks in one run: one chain of the greatest depth, or many short ones.
constexpr std::uint32_t walk_links_max = depth_max;
// Enough of the initial stack for everything between run() and a resume.
constexpr std::uint64_t main_stack_bytes = 1024 * 1024;

}  // namespace

Runner* Runner::running_ = nullptr;

std::array<Span, 2> Activation::margins() const {
  if (!leased.supplied) {
    return {};  // Beside a mapped stack there is nothing, and guard pages.
  }
  const std::uint64_t limit = leased.stack->bounds().limit() / 8 * 8;
  return {Span{leased.watchable.lowest, limit},
          Span{leased.stack->bounds().top, leased.watchable.end}};
}

Runner::Runner() {
  prepare_register_probes();
  for (const std::span<const std::byte> site : switch_site_bytes()) {
    after_switches_.push_back(reinterpret_cast<std::uint64_t>(site.data() + site.size()));
  }
}

FIBERPROOF_UNINSTRUMENTED Outcome Runner::run(const Program& program, FindingHandler* handler) {
  running_ = this;
  program_ = &program;
  handler_ = handler;
  expected_events(program, events_);
  events_seen_ = 0;
  depth_ = 0;
  main_frame_ = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  walk_links_left_ = walk_links_max;
  index_coded_.reset();
  outcome_ = {};
  modes_ = floating_point_modes();
  store_.options.trampoline =
      program.revision == Program::StartRevision::trap ? Trampoline::trap : Trampoline::v44;
  const Entry entry(store_);
  for (const Step& step : program.main) {
    perform(step, nullptr);
  }
  reset_floating_point_modes();
  check(oracle::c7_kept(StackSource::kept_max, stacks_.kept_count()));
  return outcome_;
}

void Runner::perform(const Step& step, Activation* self) {
  step_ = step;
  ++outcome_.steps;
  if (self != nullptr) {
    snapshot(self->request, self->owner);
  }
  switch (step.kind) {
    case Step::Kind::initialize: return initialize_only(step);
    case Step::Kind::resume: return resume_step(step);
    case Step::Kind::suspend:
    case Step::Kind::suspend_apart: return suspend_step(step, *self);
    default: return;  // The end of a function: run_body and array_call take it from there.
  }
}

FIBERPROOF_UNINSTRUMENTED void Runner::snapshot(const LayoutRequest& layout,
                                                std::uint32_t continuation) {
  if (are_snapshots_wanted()) [[unlikely]] {
    take_snapshot(layout, continuation, outcome_.steps);
  }
}

void Runner::violated(const Violation& violation) {
  hand_over(handler_,
            {violation, Printable::of(*program_), Printable::of(step_), outcome_.steps, depth_});
}

std::uint64_t Runner::start_routine_address() const {
  return reinterpret_cast<std::uint64_t>(start_routine(store_.options.trampoline));
}

Activation& Runner::activation_at(std::uint32_t depth) {
  while (activations_.size() < depth) {
    activations_.push_back(std::make_unique<Activation>());
  }
  return *activations_[depth - 1];
}

FIBERPROOF_UNINSTRUMENTED Span Runner::span_at(std::uint32_t depth) const {
  if (depth == 0) {
    return {main_frame_ - main_stack_bytes, main_frame_ + 16};
  }
  return activations_[depth - 1]->stack_span();
}

Outcome run(const Program& program, FindingHandler* handler) {
  static Runner runner;
  return runner.run(program, handler);
}

}  // namespace fiberproof::fuzz
