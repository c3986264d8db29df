#include "fuzz/generate/engine_steps.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
using State = ReferenceStack::State;
using FrameKind = ReferenceStack::Frame::Kind;

// A run ends by itself at run_bounds::work; what is kept is for the last steps.
constexpr std::uint64_t work_kept = 2048;
constexpr std::uint64_t work_at_most = run_bounds::work - work_kept;

// As many may wait or run before a loop of more; a step behind it has room for others.
constexpr std::size_t live_max = run_bounds::live - program_bounds::steps;

// A collect stands behind one step in so many, where there are any.
constexpr std::size_t collect_period = 6;

bool is_on(const ReferenceStack& stack, FrameKind kind) {
  return std::ranges::any_of(stack.frames,
                             [kind](const auto& frame) { return frame.kind == kind; });
}

template <std::size_t bound>
std::uint8_t bits_of(const BoundedList<std::uint8_t, bound>& tags) {
  unsigned bits = 0;
  for (const std::uint8_t tag : tags) {
    bits |= 1u << tag;
  }
  return static_cast<std::uint8_t>(bits);
}

/// Whether something may be waiting afterwards that a collector walks.
bool moves_values(Kind kind) {
  return kind == Kind::new_ || kind == Kind::bind || kind == Kind::resume ||
         kind == Kind::suspend || kind == Kind::switch_ || kind == Kind::throw_into;
}

}  // namespace

void EngineSteps::begin(Program& program, Random& random, bool collects) {
  program_ = &program;
  random_ = &random;
  reference_.begin(program);
  steps_max_ = program_bounds::steps;
  work_max_ = work_at_most;
  collects_ = collects;
  is_over_ = false;
}

void EngineSteps::keep_room(std::size_t steps) {
  steps_max_ = program_bounds::steps - steps;
}

void EngineSteps::use_room() {
  steps_max_ = program_bounds::steps;
  work_max_ = run_bounds::work;
  collects_ = false;
  is_over_ = program_->steps.full();
}

void EngineSteps::append(const Step& step) {
  if (is_over_) {
    return;
  }
  program_->steps.push_back(step);
  while (reference_.next() != nullptr) {
    reference_.take();
  }
  is_over_ = size() >= steps_max_ || reference_.work() >= work_max_;
}

void EngineSteps::take(const Step& step) {
  append(step);
  if (collects_ && moves_values(step.kind) && random_->one_in(collect_period)) {
    append({.kind = Kind::collect});
  }
}

// Queries of the present state.

EngineSteps::Around EngineSteps::around() const {
  Around around;
  const ReferenceStack* stack = &reference_.stack(reference_.running());
  around.is_initial = stack->initial;
  around.has_handler = is_on(*stack, FrameKind::handler);
  around.catches = is_on(*stack, FrameKind::try_);
  for (; !stack->initial; ++around.depth) {
    stack = &reference_.stack(stack->parent);
    around.suspend_tags |= bits_of(stack->resume->suspends);
    around.switch_tags |= bits_of(stack->resume->switches);
    around.catches = around.catches || is_on(*stack, FrameKind::try_);
  }
  return around;
}

EngineSteps::Waiting EngineSteps::waiting_in(std::uint8_t slot) const {
  const auto& handle = reference_.slot(slot);
  if (!reference_.is_good(handle)) {
    return {slot, false, 0};
  }
  const ReferenceStack& stack = reference_.stack(handle.stack);
  const bool is_fresh = stack.state == State::fresh;
  const std::size_t room =
      is_fresh ? program_->functions[stack.function].params : stack.values_capacity;
  const std::size_t given = is_fresh ? stack.args.size() : stack.values.size();
  return {slot, is_fresh, static_cast<std::uint32_t>(room - std::min(given, room))};
}

EngineSteps::Waitings EngineSteps::waiting() const {
  Waitings all;
  for (std::uint8_t slot = 0; slot < program_bounds::handles; ++slot) {
    if (is_waiting(slot)) {
      all.push_back(waiting_in(slot));
    }
  }
  return all;
}

bool EngineSteps::catches(const Waiting& continuation) const {
  StackIndex index = reference_.slot(continuation.slot).stack;
  while (index != no_stack && !is_on(reference_.stack(index), FrameKind::try_)) {
    index = reference_.stack(index).parent;
  }
  return index != no_stack;
}

// Choices.

std::uint8_t EngineSteps::any_function() {
  return static_cast<std::uint8_t>(random_->below(program_->functions.size()));
}

std::uint8_t EngineSteps::one_of_tags(std::uint8_t set) {
  std::uint8_t tag = any_tag();
  while ((set >> tag & 1) == 0) {
    tag = static_cast<std::uint8_t>((tag + 1u) % program_->tags);
  }
  return tag;
}

std::uint8_t EngineSteps::free_slot() {
  const std::size_t first = random_->below(program_bounds::handles);
  for (std::size_t index = 0; index < program_bounds::handles; ++index) {
    const auto slot = static_cast<std::uint8_t>((first + index) % program_bounds::handles);
    if (!is_waiting(slot)) {
      return slot;
    }
  }
  return static_cast<std::uint8_t>(first);
}

std::uint8_t EngineSteps::few_values() {
  return static_cast<std::uint8_t>(
      random_->below(random_->one_in(12) ? program_bounds::usual_values_across + 1 : 4));
}

Step EngineSteps::suspends(std::uint8_t tag) {
  Step clauses;
  clauses.suspends.push_back(tag);
  while (!clauses.suspends.full() && random_->one_in(3)) {
    clauses.suspends.push_back(any_tag());
  }
  std::swap(clauses.suspends[0], clauses.suspends[random_->below(clauses.suspends.size())]);
  return clauses;
}

// The operations.

EngineSteps::Waiting EngineSteps::make(std::uint8_t function) {
  const std::uint8_t slot = free_slot();
  take({.kind = Kind::new_, .handle = slot, .function = function});
  return waiting_in(slot);
}

EngineSteps::Waiting EngineSteps::bind(const Waiting& continuation, std::uint32_t values) {
  const std::uint8_t to = random_->one_in(2) ? continuation.slot : free_slot();
  take({.kind = Kind::bind,
        .handle = continuation.slot,
        .to = to,
        .values = static_cast<std::uint16_t>(values)});
  return waiting_in(to);
}

void EngineSteps::resume(const Waiting& continuation, const Step& clauses, std::uint8_t to) {
  Step step = clauses;
  step.kind = Kind::resume;
  step.handle = continuation.slot;
  step.to = to;
  step.values = static_cast<std::uint16_t>(continuation.wanted);
  take(step);
}

void EngineSteps::resume(const Waiting& continuation, const Step& clauses) {
  resume(continuation, clauses, random_->one_in(2) ? continuation.slot : free_slot());
}

void EngineSteps::throw_into(const Waiting& continuation, const Step& clauses) {
  Step step = clauses;
  step.kind = Kind::throw_into;
  step.handle = continuation.slot;
  step.to = random_->one_in(2) ? continuation.slot : free_slot();
  take(step);
}

void EngineSteps::suspend(std::uint8_t tag) {
  const std::uint8_t values = few_values();
  suspend(tag, values, few_values());
}

void EngineSteps::suspend(std::uint8_t tag, std::uint8_t values, std::uint8_t room) {
  take({.kind = Kind::suspend, .tag = tag, .room = room, .values = values});
}

void EngineSteps::switch_to(const Waiting& continuation, std::uint8_t tag, std::uint8_t room,
                            std::uint8_t to) {
  take({.kind = Kind::switch_,
        .handle = continuation.slot,
        .to = to,
        .tag = tag,
        .room = room,
        .values = static_cast<std::uint16_t>(continuation.wanted - 1)});
}

/// The most that a function returns.
std::uint64_t EngineSteps::results_max() const {
  std::uint64_t most = 0;
  for (const Signature& function : program_->functions) {
    most = std::max<std::uint64_t>(most, function.returns);
  }
  return most;
}

void EngineSteps::repeat_from(std::size_t first, std::size_t count) {
  std::uint64_t work = 0;
  std::size_t made = 0;
  for (std::size_t index = first; index < size(); ++index) {
    const Step& step = program_->steps[index];
    work += 1 + (step.kind == Kind::return_ ? results_max() : step.values);
    made += step.kind == Kind::new_ ? 1 : 0;
  }
  if (work == 0 || is_over_) {
    return;
  }
  count = std::min<std::uint64_t>(
      {count, (work_max_ - reference_.work()) / work, program_bounds::repeats});
  if (made > 0) {
    const std::size_t live = std::min(reference_.live().size(), live_max);
    count = std::min(count, (live_max - live) / made);
  }
  if (count > 0) {
    append({.kind = Kind::repeat,
            .length = static_cast<std::uint8_t>(size() - first),
            .count = static_cast<std::uint16_t>(count)});
  }
}

}  // namespace fiberproof::fuzz
