#include "fuzz/replay/end_run.hpp"

#include "core/stack_overflow.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstddef>

namespace fiberproof::fuzz {
namespace {

// The embedder overruns its own stack, too: a smaller one is soon used up.
constexpr std::size_t thread_stack_bytes = 1024 * 1024;
constexpr std::size_t thread_period = 4;

struct ThreadRun {
  const Program& program;
  FindingHandler* handler;
  Outcome outcome{};

  static void* run_it(void* given) {
    auto& self = *static_cast<ThreadRun*>(given);
    static_cast<void>(report_stack_overflows());  // Without, the report is missed.
    self.outcome = run(self.program, self.handler);
    return nullptr;
  }
};

}  // namespace

bool leave_faults_to_core() {
  const rlimit no_core{0, 0};
  const rlimit file_bytes_max{said_bytes_max, said_bytes_max};
  rlimit stack_bytes{};
  ::getrlimit(RLIMIT_STACK, &stack_bytes);
  stack_bytes.rlim_cur = std::min<rlim_t>(stack_bytes.rlim_cur, thread_stack_bytes);
  ::setrlimit(RLIMIT_STACK, &stack_bytes);
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::setrlimit(RLIMIT_FSIZE, &file_bytes_max);
  ::prctl(PR_SET_DUMPABLE, 0);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGALRM}) {
    std::signal(signal, SIG_DFL);
  }
  return report_stack_overflows().has_value();
}

Outcome run_on_its_thread(const Program& program, FindingHandler* handler) {
  if (program.steps.size() % thread_period != thread_period - 1) {
    return run(program, handler);
  }
  ThreadRun thread_run{program, handler};
  pthread_attr_t attributes;
  pthread_t thread{};
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, thread_stack_bytes);
  const bool is_created =
      ::pthread_create(&thread, &attributes, &ThreadRun::run_it, &thread_run) == 0;
  ::pthread_attr_destroy(&attributes);
  if (!is_created) {
    return run(program, handler);
  }
  ::pthread_join(thread, nullptr);
  return thread_run.outcome;
}

}  // namespace fiberproof::fuzz
