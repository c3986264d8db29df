#include "verify/smt/cancellation.hpp"

#include <z3++.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace fiberproof::verify {
namespace {

std::atomic<bool> is_cancelled = false;
std::mutex mutex;
std::vector<z3::context*> running;  // guarded by `mutex`

}  // namespace

void cancel_queries() {
  is_cancelled = true;
  const std::scoped_lock lock(mutex);
  for (z3::context* const context : running) context->interrupt();
}

bool are_queries_cancelled() {
  return is_cancelled;
}

CancellableContext::CancellableContext(z3::context& context) : context_(context) {
  const std::scoped_lock lock(mutex);
  running.push_back(&context_);
}

CancellableContext::~CancellableContext() {
  const std::scoped_lock lock(mutex);
  std::erase(running, &context_);
}

}  // namespace fiberproof::verify
