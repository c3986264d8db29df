#include "fuzz/run/run.hpp"

#include "core/continuation.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/run/stack_snapshot.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

// One run in so many has a probe around every switch.
constexpr std::uint32_t probed_period = 8;
// One of those in so many fills every vector register, the others the SSE part alone.
constexpr std::uint32_t vector_garbage_period = 8;
// One run in so many has a store of its own, which ends with what the run has left.
constexpr std::uint32_t own_store_period = 64;

RunObserver run_observer = nullptr;

/// By the program alone, so that a replay does the same.
std::uint32_t hash_of(const MachineProgram& program) {
  std::uint32_t hash = 0x811c9dc5;
  for (const MachineStep& step : program.steps) {
    const std::uint32_t fields = step.values * 0x100u + step.handle * 0x100000u;
    hash = (hash ^ static_cast<std::uint32_t>(step.kind) ^ fields) * 0x01000193;
  }
  return hash >> 8;
}

/// Whether all its steps are about what is beside the store.
bool leaves_store_alone(const MachineProgram& program) {
  using enum MachineStep::Kind;
  constexpr std::uint64_t beside =
      1ull << static_cast<unsigned>(initialize) | 1ull << static_cast<unsigned>(start) |
      1ull << static_cast<unsigned>(yield) | 1ull << static_cast<unsigned>(yield_apart) |
      1ull << static_cast<unsigned>(return_) | 1ull << static_cast<unsigned>(trap) |
      1ull << static_cast<unsigned>(throw_) | 1ull << static_cast<unsigned>(repeat);
  static_assert(MachineStep::kinds <= 64);
  return !program.steps.empty() && std::ranges::all_of(program.steps, [](const MachineStep& step) {
    return (beside >> static_cast<unsigned>(step.kind) & 1) != 0;
  });
}

constexpr std::uint64_t round_down_to_pages(std::uint64_t address) {
  return address - address % spec::page_bytes;
}

bool is_mapped(std::uint64_t page) {
  unsigned char is_resident = 0;
  return mincore(reinterpret_cast<void*>(page), spec::page_bytes, &is_resident) == 0;
}

}  // namespace

MachineRunner* MachineRunner::running_ = nullptr;

MachineRunner::MachineRunner() : values_in_(machine_bounds::values_in) {
  prepare_register_probes();
  for (std::size_t index = 0; index < machine_bounds::functions; ++index) {
    functions_.emplace_back(&array_call, nullptr, 0, 0);
  }
}

void MachineRunner::begin(const MachineProgram& program) {
  running_ = this;
  program_ = &program;
  reference_.begin(program);
  const std::uint32_t hash = hash_of(program);
  choose_store(hash);
  numbers_before_ = store_->created_count();
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    functions_[index].parameter_count = program.functions[index].params;
    functions_[index].return_value_count = program.functions[index].returns;
  }
  slots_.fill({});
  tight_ = false;
  step_ = nullptr;
  texts_judged_ = 0;
  rotating_ = 0;
  probing_ = hash % probed_period == 0;
  choose_vector_garbage(hash / probed_period % vector_garbage_period == 0);
  aim_start_probe();
  modes_ = floating_point_modes();
  begin_walks(hash);
  outcome_ = {};
  starts_.begin(program, handler_);
  is_logging_ = run_observer != nullptr;
  log_.begin(program.steps.size() % 2);
}

void MachineRunner::aim_start_probe() {
  fiberproof_start_target = reinterpret_cast<std::uint64_t>(start_routine(Revision::trap));
}

Outcome MachineRunner::run(const MachineProgram& program, FindingHandler* handler,
                           const RunOptions& options) {
  handler_ = handler;
  options_ = options;
  if (leaves_store_alone(program)) {
    return run_beside(program);
  }
  begin(program);
  run_embedder();
  walk_outside();
  if (own_store_) {
    end_own_store();
  }
  check(oracle::c7_exceptions(0, MachineException::count));
  starts_.end();
  outcome_.store_work = reference_.work() - starts_.steps();
  if (run_observer != nullptr) {
    run_observer(program, log_, handler);
  }
  return outcome_;
}

/// Without anything that the store is for.
Outcome MachineRunner::run_beside(const MachineProgram& program) {
  reference_.begin(program);
  outcome_ = {};
  starts_.begin(program, handler_);
  starts_.run_all();
  return outcome_;
}

void MachineRunner::choose_store(std::uint32_t hash) {
  own_store_.reset();
  store_ = &kept_store_;
  if (hash / own_store_period % own_store_period == 0) {
    store_ = &own_store_.emplace(store_options(own_stacks_kept_max));
  }
}

/// What nothing will resume any more is abandoned, chain by chain: those that are fresh or
/// suspended are what a handle can name.
void MachineRunner::give_all_back() {
  for (const StackIndex index : reference_.live()) {
    Continuation& continuation = native(index).continuation();
    if (continuation.state == State::fresh || continuation.state == State::suspended) {
      const auto abandoned = abandon(*store_, {&continuation, continuation.revision});
      check(oracle::c7_live(1, abandoned.has_value() ? 1 : 0));
    }
  }
  for (const StackIndex index : reference_.live()) {
    give_back(native(index));
  }
  check(oracle::c7_live(0, store_->live_count()));
  check(oracle::c7_kept(stacks_kept_max, store_->stacks().kept_count()));
}

/// With whatever is fresh or suspended: none of it is abandoned before. The stacks that are the
/// store's go with it, and the others stay with their owner.
void MachineRunner::end_own_store() {
  std::vector<std::uint64_t> pages;
  for (const StackIndex index : reference_.live()) {
    if (native(index).leased.stack == nullptr) {
      pages.push_back(round_down_to_pages(native(index).span.end - 1));
    }
  }
  own_store_.reset();
  for (const std::uint64_t page : pages) {
    check(oracle::c7_unmapped(page, is_mapped(page)));
  }
  for (const StackIndex index : reference_.live()) {
    give_back(native(index));
  }
}

NativeStack& MachineRunner::new_native(StackIndex index, StackRecord& record, Span span) {
  while (natives_.size() <= index) {
    natives_.push_back(std::make_unique<NativeStack>());
  }
  NativeStack& made = native(index);
  made.record = &record;
  made.span = span;
  made.uses = 0;
  made.entered = false;
  made.probed = false;
  made.stepped_through = false;
  made.at_end = {};
  made.frames.clear();
  made.latest_refusal.reset();
  return made;
}

void MachineRunner::give_back(NativeStack& ended) {
  if (ended.leased.stack != nullptr) {
    stacks_.give_back(std::move(ended.leased));
    ended.leased = {};
  }
}

FIBERPROOF_UNINSTRUMENTED void MachineRunner::snapshot(StackIndex index) {
  if (!are_snapshots_wanted()) [[likely]] {
    return;
  }
  note_step(reference_.serial());
  if (!reference_.stack(index).initial) {
    take_snapshot(layout_of(index), reference_.stack(index).number, false, reference_.serial());
  }
}

void MachineRunner::log(const MachineStep* step) {
  if (is_logging_) {
    log_.note(step, reference_);
  }
}

void MachineRunner::log_store() {
  if (is_logging_) {
    log_.note(*store_, slots_, [this](StackIndex index) { return native(index).record; });
  }
}

void MachineRunner::violated(const Violation& violation) {
  static const MachineStep none{};
  hand_over(handler_,
            {violation, Printable::of(*program_), Printable::of(step_ == nullptr ? none : *step_),
             reference_.serial(), reference_.depth()});
}

void observe_runs(RunObserver observer) {
  run_observer = observer;
}

Outcome run(const MachineProgram& program, FindingHandler* handler, const RunOptions& options) {
  static MachineRunner runner;
  return runner.run(program, handler, options);
}

}  // namespace fiberproof::fuzz
