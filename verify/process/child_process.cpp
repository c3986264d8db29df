#include "verify/process/child_process.hpp"

#include "verify/process/descriptor.hpp"
#include "verify/process/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <string_view>

namespace fiberproof::verify {
namespace {

std::mutex mutex;
std::set<pid_t> groups;  // of the children that lead one; guarded by `mutex`

std::unexpected<std::string> refused(int error) {
  return std::unexpected(std::string(std::strerror(error)));
}

// Made before fork(): another thread may hold the locks of malloc and setenv then.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, then `added`: of the entries with one name the last one stays.
std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all;
  const auto put = [&all](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    std::erase_if(all, [name](const std::string& one) { return one.starts_with(name); });
    all.emplace_back(entry);
  };
  for (char** entry = ::environ; *entry != nullptr; ++entry) put(*entry);
  for (const std::string& entry : added) put(entry);
  return all;
}

void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
}

// Tells errno through `failure`, where it cannot become the program.
[[noreturn]] void become(const ChildOptions& options, char* const* words, char* const* environment,
                         int nothing, int failure) {
  if (options.leads_group) ::setpgid(0, 0);
  const auto taken = [nothing](int descriptor) { return descriptor < 0 ? nothing : descriptor; };
  ::dup2(taken(options.input), STDIN_FILENO);
  ::dup2(taken(options.output), STDOUT_FILENO);
  ::dup2(taken(options.errors), STDERR_FILENO);
  take_signals_as_usual();
  if (options.addresses == Addresses::same) {
    constexpr unsigned long only_ask = 0xffffffff;
    ::personality(static_cast<unsigned long>(::personality(only_ask)) | ADDR_NO_RANDOMIZE);
  }
  if (options.file_bytes_max) {
    const rlimit limit{*options.file_bytes_max, *options.file_bytes_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (options.prepare) options.prepare();
  // execvpe() would have a shell read a file of no known format.
  if (std::strchr(words[0], '/') != nullptr) {
    ::execve(words[0], words, environment);
  } else {
    ::execvpe(words[0], words, environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

std::expected<ChildProcess, std::string> ChildProcess::start(const ChildOptions& options) {
  Pipe failure = Pipe::make();
  const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!failure.writing || !nothing) return refused(errno);
  const std::vector<char*> words = pointers_to(options.arguments);
  const std::vector<std::string> all = environment_with(options.environment);
  const std::vector<char*> environment = pointers_to(all);
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) return refused(errno);
  if (id == 0) {
    die_with(parent);
    become(options, words.data(), environment.data(), nothing.number(), failure.writing.number());
  }
  if (options.leads_group) ::setpgid(id, id);
  failure.writing.close();
  int error = 0;
  if (::read(failure.reading.number(), &error, sizeof error) == sizeof error) {
    ::waitpid(id, nullptr, 0);
    return refused(error);
  }
  if (options.leads_group) {
    const std::scoped_lock lock(mutex);
    groups.insert(id);
  }
  return ChildProcess(id, options.leads_group);
}

std::expected<ChildProcess, std::string> ChildProcess::copy(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) return refused(errno);
  if (id == 0) {
    die_with(parent);
    body();
    ::_exit(0);
  }
  return ChildProcess(id, false);
}

ChildProcess::~ChildProcess() {
  if (id_ == 0) return;
  signal(SIGKILL);
  wait();
}

void ChildProcess::signal(int number) const {
  if (id_ != 0) ::kill(leads_group_ ? -id_ : id_, number);
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  forget();
  return status;
}

std::optional<int> ChildProcess::wait_until(std::chrono::steady_clock::time_point deadline,
                                            const std::function<bool()>& should_stop) {
  using std::chrono::milliseconds;
  // A kernel that refuses it makes the wait notice the end a little later.
  const Descriptor end(static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)));
  const milliseconds look_again(end ? 100 : 10);
  for (;;) {
    int status = 0;
    if (::waitpid(id_, &status, WNOHANG) == id_) {
      forget();
      return status;
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || should_stop()) return std::nullopt;
    pollfd waited{end.number(), POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(std::min(left, look_again).count()));
  }
}

void ChildProcess::forget() {
  if (leads_group_) {
    const std::scoped_lock lock(mutex);
    groups.erase(id_);
  }
  id_ = 0;
}

void ChildProcess::kill_groups() {
  const std::scoped_lock lock(mutex);
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace fiberproof::verify
