// Compares what each step gave to the stack that has the control with what the reference says, and
// then has the store compared.
#pragma once

#include "fuzz/run/embedder.hpp"
#include "fuzz/run/seen.hpp"
#include "fuzz/run/store_judge.hpp"
#include "fuzz/run/view.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

class Judge {
 public:
  Judge(const RunView& view, Progress& progress, NativeStacks& natives, Embedder& embedder,
        StoreJudge& store)
      : view_(view), progress_(progress), natives_(natives), embedder_(embedder), store_(store) {}

  void begin();

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

  const RunView& view_;
  Progress& progress_;
  NativeStacks& natives_;
  Embedder& embedder_;
  StoreJudge& store_;
  std::uint32_t texts_judged_ = 0;  ///< a bit for each kind of trap
  bool is_tight_ = false;           ///< `tight_` has not been judged
  TightBody tight_{TightBody::none_wrong, {0, 0}};
};

}  // namespace fiberproof::fuzz
