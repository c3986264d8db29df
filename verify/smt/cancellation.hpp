// Cancels all queries from outside: a running query gives up, and no later one begins. Their
// answers are unknown, with the reason `cancelled`.
#pragma once

#include <string_view>

namespace z3 {
class context;
}

namespace fiberproof::verify {

inline constexpr std::string_view cancelled = "interrupted";

/// Callable from any thread, but not from a signal handler. A query that is just about to begin may
/// miss the call, so the caller repeats it for as long as it waits.
void cancel_queries();

bool are_queries_cancelled();

/// While this object lives, cancel_queries() reaches the query that runs in `context`.
class CancellableContext {
 public:
  explicit CancellableContext(z3::context& context);
  CancellableContext(const CancellableContext&) = delete;
  CancellableContext& operator=(const CancellableContext&) = delete;
  ~CancellableContext();

 private:
  z3::context& context_;
};

}  // namespace fiberproof::verify
