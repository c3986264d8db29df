#include "fuzz/run/other_thread.hpp"

#include <unistd.h>

#include <semaphore>
#include <thread>

namespace fiberproof::fuzz {

struct OtherThread::Worker {
  std::binary_semaphore wanted{0};
  std::binary_semaphore done{0};
  const std::function<bool()>* work = nullptr;  ///< null: the thread is to end
  bool result = false;
  std::thread thread{[this] {
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
