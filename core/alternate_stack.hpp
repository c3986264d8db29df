// A stack for this thread's signal handlers, since none can run on a stack that has overflowed.
#pragma once

#include "core/stack.hpp"

#include <signal.h>
#include <optional>

namespace fiberproof {

/// Gives the thread that installs it an alternate signal stack for as long as this object lives.
/// Destroy it on the same thread.
class AlternateStack {
 public:
  AlternateStack() = default;
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;
  ~AlternateStack();

  /// Does nothing if the thread has one that is large enough. Returns the errno of a refused system
  /// call, or 0.
  [[nodiscard]] int install();

 private:
  std::optional<Stack> stack_;
  stack_t before_{};
};

}  // namespace fiberproof
