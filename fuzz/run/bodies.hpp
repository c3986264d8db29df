// The side that takes steps: the embedder's function, and the body of every continuation. Each step
// is taken on whichever stack runs; what it gave is then judged there.
#pragma once

#include "core/body.hpp"
#include "fuzz/run/broken_walker.hpp"
#include "fuzz/run/embedder.hpp"
#include "fuzz/run/judge.hpp"
#include "fuzz/run/operations.hpp"
#include "fuzz/run/other_thread.hpp"
#include "fuzz/run/owners.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/run/store_judge.hpp"
#include "fuzz/run/unwinder.hpp"
#include "fuzz/run/view.hpp"
#include "fuzz/run/walker.hpp"

#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

/// How the steps of a frame end; nothing where they continue in the frame outside.
enum class Exit : std::uint8_t { back, left, moved, returned, trapped, over };
using MaybeExit = std::optional<Exit>;

/// The parts that bodies call when there is something to compare.
struct Observers {
  Judge& judge;
  StoreJudge& store_judge;
  Walker& walker;
  BrokenWalker& broken_walker;
  Unwinder& unwinder;
  Owners& owners;
};

class Bodies {
 public:
  Bodies(const RunView& view, Progress& progress, NativeStacks& natives, Embedder& embedder,
         Operations& operations, StartRunner& starts, const Observers& observers)
      : view_(view),
        progress_(progress),
        natives_(natives),
        embedder_(embedder),
        operations_(operations),
        starts_(starts),
        observers_(observers) {}

  /// Takes all steps of the program, in an entry of the store. On output every continuation has
  /// ended, unless the store is the run's own.
  void run();

  /// The array call of every continuation.
  static bool array_call(const FuncRef& self, void* caller_vmctx, Value* values,
                         std::uint32_t capacity);

 private:
  class FrameMark;
  class ProbedEnd;
  class Destructor;
  bool be_embedder();
  bool run_body(StackIndex self, const oracle::ArrayCallSeen& call, Value* values);
  bool end_at_once(StackIndex self, Value* values, std::uint32_t capacity);
  Exit interpret(StackIndex self);
  MaybeExit take(const Step& step, StackIndex self);
  MaybeExit take_as_owner(const Step& step, StackIndex self);
  MaybeExit take_as_large_owner(const Step& step, StackIndex self);
  MaybeExit take_as_plain_owner(const Step& step, StackIndex self);
  MaybeExit call_down(StackIndex self, std::uint32_t frames);
  MaybeExit try_steps(StackIndex self);
  MaybeExit cleanup_steps(StackIndex self);
  void enter(StackIndex self);
  void arrived(StackIndex self, const Seen& seen) { observers_.judge.arrived(self, seen); }

  const RunView& view_;
  Progress& progress_;
  NativeStacks& natives_;
  Embedder& embedder_;
  Operations& operations_;
  StartRunner& starts_;
  Observers observers_;
  OtherThread other_thread_;
};

}  // namespace fiberproof::fuzz
