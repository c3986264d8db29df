// A deadline for one query. Z3's own timer (its parameter `timeout`) can wait for ever in 4.8.12,
// if a query ends just as its time does; this one only interrupts.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace z3 {
class context;
}

namespace fiberproof::verify {

/// Interrupts the query in `context` when its time is over, repeatedly: a query that is just about
/// to begin may miss one interrupt.
class QueryDeadline {
 public:
  QueryDeadline(z3::context& context, std::chrono::milliseconds time_limit);
  QueryDeadline(const QueryDeadline&) = delete;
  QueryDeadline& operator=(const QueryDeadline&) = delete;
  ~QueryDeadline();

 private:
  void watch(std::chrono::milliseconds time_limit);

  z3::context& context_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;  // guarded by `mutex_`
  std::thread watch_;
};

}  // namespace fiberproof::verify
