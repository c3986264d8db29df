// Cancels all queries from outside: a query that runs gives up, and no later one begins. Their
// answers are unknown, for the reason `cancelled`.
#pragma once

#include <string_view>

namespace z3 {
class context;
}

namespace fiberproof::verify {

inline constexpr std::string_view cancelled = "interrupted";

/// From any thread, but not from a signal handler. A query that was just about to begin may miss
/// it, so the caller asks again for as long as it waits.
void cancel_queries();

bool are_queries_cancelled();

/// While it lives, cancel_queries() reaches what runs in `context`.
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
