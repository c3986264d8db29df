// A second thread, on which a run continues after a `move`. It is made for the first of them, and
// kept.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

namespace fiberproof::fuzz {

class OtherThread {
 public:
  OtherThread();
  OtherThread(const OtherThread&) = delete;
  OtherThread& operator=(const OtherThread&) = delete;
  ~OtherThread();

  /// Runs `work` there, waits for its end, and returns what it returns. It must not throw.
  bool run(const std::function<bool()>& work);

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
  ::pid_t process_ = 0;  ///< in which it was made: a forked child has only the thread that forked
};

}  // namespace fiberproof::fuzz
