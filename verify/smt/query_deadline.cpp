#include "verify/smt/query_deadline.hpp"

#include <z3++.h>

namespace fiberproof::verify {

QueryDeadline::QueryDeadline(z3::context& context, std::chrono::milliseconds time_limit)
    : context_(context), watch_([this, time_limit] { watch(time_limit); }) {}

QueryDeadline::~QueryDeadline() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  ended_.notify_one();
  watch_.join();
}

void QueryDeadline::watch(std::chrono::milliseconds time_limit) {
  constexpr std::chrono::milliseconds again(10);
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return is_over_; };
  for (auto wait = time_limit; !ended_.wait_for(lock, wait, is_over); wait = again) {
    context_.interrupt();
  }
}

}  // namespace fiberproof::verify
