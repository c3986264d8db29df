// The subject of the unwinder tests: continuations that resume one another, to a given depth.
//
// Every level is alike. From the inside out: a body, fiber_start with what it calls, the
// trampoline; then, on the parent's stack, `run_level` with the switch in it, called by the
// parent's body, or by Nest::run outside of all continuations.
#pragma once

#include "core/continuation.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace fiberproof::unwind {

/// One run of nested continuations. A child's stack lies now above, now below its parent's in
/// memory, so that no unwinder gets by with an order of addresses.
class Nest {
 public:
  /// In each run `innermost_body` is what the last of `depth` continuations runs; it tells whether
  /// that one returns or traps.
  Nest(std::size_t depth, Trampoline trampoline, std::function<bool(Nest&)> innermost_body);

  /// The same with an entry trampoline that is not one of core's.
  Nest(std::size_t depth, StartRoutine* trampoline, std::function<bool(Nest&)> innermost_body);

  /// Tells whether the outermost continuation has returned, as far as its resumer knows. Those that
  /// suspend meanwhile are resumed by `fiberproof_unwind_second_resumer`.
  bool run();

  /// For the innermost body: suspends its continuation alone, or all of them together.
  void suspend_innermost() { suspend(store_, to_parent_).value(); }
  void suspend_all() { suspend(store_, to_initial_).value(); }

  /// The bounds of the stacks, outermost first.
  std::vector<StackBounds> bounds() const;

 private:
  static bool body(const FuncRef& self, void* store, Value* values, std::uint32_t capacity);
  bool run_level();

  std::function<bool(Nest&)> innermost_body_;
  std::vector<Stack> stacks_;
  StartRoutine* foreign_trampoline_ = nullptr;
  std::size_t level_ = 0;
  Function function_{&body, this, 2, 1};
  Tag to_parent_{"to the parent"};
  Tag to_initial_{"to the initial stack"};
  Store store_;
};

}  // namespace fiberproof::unwind

/// Resumes a suspended continuation, from a frame that has not resumed it before.
extern "C" void fiberproof_unwind_second_resumer(
    fiberproof::Store& store, const fiberproof::Handlers& handlers,
    std::expected<fiberproof::Outcome, fiberproof::Trap>& suspended);
