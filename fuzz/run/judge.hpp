// Compares what each step gave to the stack that has the control with what the reference says, and
// then has the store compared.
#pragma once

#include "fuzz/run/embedder.hpp"
#include "fuzz/run/seen.hpp"
#include "fuzz/run/store_judge.hpp"
#include "fuzz/run/thread_modes.hpp"
#include "fuzz/run/view.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

class Judge {
 public:
  Judge(const RunView& view, Progress& progress, NativeStacks& natives, Embedder& embedder,
        StoreJudge& store)
      : view_(view), progress_(progress), natives_(natives), embedder_(embedder), store_(store) {}

  /// `modes_vary`: the operations of this run are taken with floating-point modes of all kinds.
  void begin(bool modes_vary);
  /// After the run.
  void end() { modes_.end(); }

  /// The running stack takes an operation: sets the modes that it must find after it.
  void take_operation();
  /// What was started beside the store has set modes of its own and has ended, or the run is on
  /// another thread.
  void renew_modes() { modes_.renew(); }
  /// It resumes with these handlers, until the resume returns.
  void resumes_with(const Handlers& handlers);
  /// It hands over `values`, and waits with `room` for others.
  void suspends_with(std::span<const Value> values, std::span<const Value> room);

  /// The stack `self` has the control after a step, or after the end of one that it resumed.
  void arrived(StackIndex self, const Seen& seen);

  /// Values that arrive, and after them the handle of a chain that has switched to this stack.
  void values(std::span<const Value> got);

  /// What a body with no room for steps saw; the next arrival judges it.
  struct TightBody {
    static constexpr std::uint32_t none_wrong = ~std::uint32_t{0};
    std::uint32_t first_wrong_argument;
    PlainValue next_argument;  ///< after those that were handed in: a handle, after a switch
  };
  void ran_tight(std::uint32_t first_wrong_argument, std::uint64_t next_low,
                 std::uint64_t next_high);

 private:
  void settle_tight();
  void judge_seen(const Seen& seen);
  void judge_trap(const ExpectedTrap& expected, const Trap& got);
  void judge_handle(Handle handle);
  void judge_handle_in_transit(const PlainValue& value);

  const RunView& view_;
  Progress& progress_;
  NativeStacks& natives_;
  Embedder& embedder_;
  StoreJudge& store_;
  ThreadModes modes_;
  StackIndex latest_ = 0;           ///< the stack that arrived last, which takes the next step
  std::uint64_t handed_over_ = 0;   ///< address of the values of the latest suspension
  std::uint32_t texts_judged_ = 0;  ///< a bit for each kind of trap
  bool is_tight_ = false;           ///< `tight_` has not been judged
  TightBody tight_{TightBody::none_wrong, {0, 0}};
};

}  // namespace fiberproof::fuzz
