#include "fuzz/run/other_thread.hpp"

#include "core/stack_overflow.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <thread>

namespace fiberproof::fuzz {

struct OtherThread::Worker {
  std::binary_semaphore wanted{0};
  std::binary_semaphore done{0};
  const std::function<bool()>* work = nullptr;  ///< null: the thread is to end
  bool result = false;
  std::thread thread{[this] {
    // As the first thread has asked, or will: a stack may overflow here, too (C8).
    if (!report_stack_overflows()) {
      fmt::print(stderr, "fiberproof: the system refuses a handler for stack overflows\n");
      std::exit(2);
    }
    for (wanted.acquire(); work != nullptr; wanted.acquire()) {
      result = (*work)();
      done.release();
    }
  }};
};

OtherThread::OtherThread() = default;

OtherThread::~OtherThread() {
  if (worker_ == nullptr) {
    return;
  }
  if (process_ != ::getpid()) {
    static_cast<void>(worker_.release());
    return;
  }
  worker_->work = nullptr;
  worker_->wanted.release();
  worker_->thread.join();
}

bool OtherThread::run(const std::function<bool()>& work) {
  if (process_ != ::getpid()) {
    static_cast<void>(worker_.release());  // The thread is not in this process.
    worker_ = std::make_unique<Worker>();
    process_ = ::getpid();
  }
  worker_->work = &work;
  worker_->wanted.release();
  worker_->done.acquire();
  return worker_->result;
}

}  // namespace fiberproof::fuzz
