#include "fuzz/run/start_runner.hpp"

#include "core/continuation_start.hpp"
#include "core/machine_code.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/run/overflow.hpp"
#include "fuzz/run/stack_snapshot.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

// Links of full frame-chain walks in one run: one chain of the greatest depth, or many short ones.
constexpr std::uint32_t walk_links_max = start_bounds::depth;
// Enough of the initial stack for everything between run_all() and a resume.
constexpr std::uint64_t outer_stack_bytes = 1024 * 1024;

}  // namespace

StartRunner* StartRunner::running_ = nullptr;

std::array<Span, 2> Activation::margins() const {
  if (!leased.supplied) {
    return {};  // Beside a mapped stack there is nothing, and guard pages.
  }
  const std::uint64_t limit = leased.stack->bounds().limit() / 8 * 8;
  return {Span{leased.watchable.lowest, limit},
          Span{leased.stack->bounds().top, leased.watchable.end}};
}

StartRunner::StartRunner(Progress& progress, StackSource& stacks)
    : progress_(progress), stacks_(stacks) {
  for (const std::span<const std::byte> site : switch_site_bytes()) {
    after_switches_.push_back(reinterpret_cast<std::uint64_t>(site.data() + site.size()));
  }
}

void StartRunner::begin() {
  running_ = this;
  depth_ = 0;
  made_before_ = store_.created_count();
  walk_links_left_ = walk_links_max;
  index_coded_.reset();
  modes_ = floating_point_modes();
  store_.options.trampoline = progress_.program().trampoline;
}

void StartRunner::run_all() {
  outer_frame_ = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  outer_span_ = {outer_frame_ - outer_stack_bytes, outer_frame_ + 16};
  {
    const Entry entry(store_);
    while (take_next(nullptr)) {
    }
  }
  end();
}

void StartRunner::take(const Step& step, Span running) {
  const std::uint64_t target = fiberproof_start_target;
  modes_ = floating_point_modes();
  outer_frame_ = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  outer_span_ = {std::max(running.lowest, outer_frame_ - outer_stack_bytes), running.end};
  {
    const Entry entry(store_);
    perform(step, nullptr);
  }
  end();
  fiberproof_start_target = target;
}

void StartRunner::end() {
  reset_floating_point_modes();
  modes_ = floating_point_modes();
  check(oracle::c7_kept(StackSource::kept_max, stacks_.kept_count()));
}

/// False where there is no more, or what was taken ends `self`, whose `end` then says how.
bool StartRunner::take_next(Activation* self) {
  const Step* const step = progress_.next();
  if (step == nullptr) {
    return false;
  }
  progress_.take_beside(*step);
  if (self != nullptr) {
    snapshot(self->request, self->owner);
  }
  return reference().skipped() || perform(*step, self);
}

bool StartRunner::perform(const Step& step, Activation* self) {
  switch (step.kind) {
    case Kind::initialize: return initialize_only(step), true;
    case Kind::start: return start(step), true;
    case Kind::yield:
    case Kind::yield_apart: return yield(step, *self), true;
    case Kind::overflow:
      return overflow_stack({.limit = self->stack_span().lowest, .earlier = made_before_},
                            reference().serial() % 2 == 0),
             true;
    default: break;
  }
  if (self != nullptr) {
    self->end = step.kind;
  }
  return self == nullptr;  // An exception that main throws is caught right there.
}

FIBERPROOF_UNINSTRUMENTED void StartRunner::snapshot(const LayoutRequest& layout,
                                                     std::uint32_t continuation) {
  if (are_snapshots_wanted()) [[unlikely]] {
    take_snapshot(layout, continuation, true, reference().serial());
  }
}

std::uint64_t StartRunner::start_routine_address() const {
  return reinterpret_cast<std::uint64_t>(start_routine(store_.options.trampoline));
}

Activation& StartRunner::activation_at(std::uint32_t depth) {
  while (activations_.size() < depth) {
    activations_.push_back(std::make_unique<Activation>());
  }
  return *activations_[depth - 1];
}

FIBERPROOF_UNINSTRUMENTED Span StartRunner::span_at(std::uint32_t depth) const {
  return depth == 0 ? outer_span_ : activations_[depth - 1]->stack_span();
}

}  // namespace fiberproof::fuzz
