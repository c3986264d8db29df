#include "fuzz/run/run.hpp"

#include "core/continuation_start.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/run/bodies.hpp"
#include "fuzz/run/broken_walker.hpp"
#include "fuzz/run/embedder.hpp"
#include "fuzz/run/judge.hpp"
#include "fuzz/run/operations.hpp"
#include "fuzz/run/owners.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/run/store_judge.hpp"
#include "fuzz/run/unwinder.hpp"
#include "fuzz/run/view.hpp"
#include "fuzz/run/walker.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

// One run in so many has a probe around every switch.
constexpr std::uint32_t probed_period = 8;
// One of those in so many fills every vector register, the others the SSE part alone.
constexpr std::uint32_t vector_garbage_period = 8;
// One in so many takes its operations with floating-point modes of all kinds.
constexpr std::uint32_t modes_period = 4;
constexpr std::uint32_t modes_shift = 4096;

/// Depends on the program alone, so that a replay decides the same.
std::uint32_t hash_of(const Program& program) {
  std::uint32_t hash = 0x811c9dc5;
  for (const Step& step : program.steps) {
    const std::uint32_t fields = step.values * 0x100u + step.handle * 0x100000u;
    hash = (hash ^ static_cast<std::uint32_t>(step.kind) ^ fields) * 0x01000193;
  }
  return hash >> 8;
}

/// Whether all steps of `program` are beside its store.
bool leaves_store_alone(const Program& program) {
  using enum Step::Kind;
  constexpr std::uint64_t beside =
      1ull << static_cast<unsigned>(initialize) | 1ull << static_cast<unsigned>(start) |
      1ull << static_cast<unsigned>(yield) | 1ull << static_cast<unsigned>(yield_apart) |
      1ull << static_cast<unsigned>(return_) | 1ull << static_cast<unsigned>(trap) |
      1ull << static_cast<unsigned>(throw_) | 1ull << static_cast<unsigned>(repeat);
  static_assert(Step::kinds <= 64);
  return !program.steps.empty() && std::ranges::all_of(program.steps, [](const Step& step) {
    return (beside >> static_cast<unsigned>(step.kind) & 1) != 0;
  });
}

/// The parts of a run, kept from one to the next with what they allocated.
class Run {
 public:
  Run() { prepare_register_probes(); }

  Outcome run(const Program& program, FindingHandler* handler, const RunOptions& options) {
    progress_.begin(program, handler, options);
    starts_.begin();
    if (leaves_store_alone(program)) {
      starts_.run_all();
      return progress_.outcome();
    }
    const std::uint32_t hash = hash_of(program);
    const bool probing = hash % probed_period == 0;
    choose_vector_garbage(hash / probed_period % vector_garbage_period == 0);
    fiberproof_start_target = reinterpret_cast<std::uint64_t>(start_routine(Trampoline::trap));
    embedder_.begin(program, hash);
    owners_.begin(hash);
    walker_.begin();
    unwinder_.begin(hash);
    store_judge_.begin(probing);
    judge_.begin(hash / modes_shift % modes_period == 0);
    operations_.begin(probing);
    bodies_.run();
    judge_.end();
    owners_.end();
    embedder_.forget_rooms();
    walker_.walk_outside();
    if (embedder_.has_own_stores()) {
      embedder_.end_own_stores(view_, natives_);
    }
    view_.same(SpecId::C7, "exceptions that are left after the run", 0, BodyException::count);
    return progress_.end();
  }

 private:
  Progress progress_;
  NativeStacks natives_;
  Embedder embedder_{progress_.reference(), &Bodies::array_call};
  const RunView view_{progress_, natives_, embedder_};
  Walker walker_{view_};
  BrokenWalker broken_walker_{view_, walker_};
  Unwinder unwinder_{view_};
  Owners owners_{view_};
  StoreJudge store_judge_{view_, natives_, embedder_, unwinder_, owners_};
  Judge judge_{view_, progress_, natives_, embedder_, store_judge_};
  Operations operations_{view_, embedder_, judge_, store_judge_};
  StartRunner starts_{progress_, embedder_.stacks()};
  Bodies bodies_{view_,
                 progress_,
                 natives_,
                 embedder_,
                 operations_,
                 starts_,
                 {judge_, store_judge_, walker_, broken_walker_, unwinder_, owners_}};
};

}  // namespace

Outcome run(const Program& program, FindingHandler* handler, const RunOptions& options) {
  static Run kept;
  return kept.run(program, handler, options);
}

}  // namespace fiberproof::fuzz
