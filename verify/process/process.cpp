#include "verify/process/process.hpp"

#include "verify/process/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int look_again_ms = 100;
constexpr std::chrono::seconds patience(3);  // until SIGKILL, and then until its output is let be
constexpr std::size_t line_bytes_max = 1 << 20;

std::mutex mutex;
std::set<pid_t> groups;  // of the children; guarded by `mutex`

// Tells errno through `failure`, where it cannot become the program.
[[noreturn]] void become(const ProcessCommand& command, pid_t parent, int output, int failure) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (const int nothing = ::open("/dev/null", O_RDONLY); nothing >= 0) {
    ::dup2(nothing, STDIN_FILENO);
  }
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  take_signals_as_usual();
  for (const std::string& entry : command.environment) {
    const std::size_t equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  if (command.addresses == Addresses::same) {
    constexpr unsigned long only_ask = 0xffffffff;
    ::personality(static_cast<unsigned long>(::personality(only_ask)) | ADDR_NO_RANDOMIZE);
  }
  std::vector<char*> words;
  for (const std::string& argument : command.arguments) {
    words.push_back(const_cast<char*>(argument.c_str()));
  }
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

// A pipe that no other child inherits.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  bool is_open() const { return ends_[0] >= 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_writing() { ::close(std::exchange(ends_[1], -1)); }
  int take_reading() { return std::exchange(ends_[0], -1); }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// One child, from its start until it is reaped.
class Child {
 public:
  explicit Child(const ProcessCommand& command) { start(command); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { finish(); }

  /// -1 where nothing more comes.
  int output() const { return output_; }
  const ProcessEnd& end() const { return end_; }

  /// What there is to read; calls `on_line` with whole lines. At the end reaps the child.
  template <class OnLine>
  void read(const OnLine& on_line) {
    std::array<char, 16 * 1024> part{};
    const ssize_t count = ::read(output_, part.data(), part.size());
    if (count < 0 && errno == EINTR) return;
    if (count > 0) text_.append(part.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = text_.find('\n')) != text_.npos;) {
      tell(text_.substr(0, end), on_line);
      text_.erase(0, end + 1);
    }
    if (!text_.empty() && (count <= 0 || text_.size() > line_bytes_max)) {
      tell(std::exchange(text_, {}), on_line);
    }
    if (count <= 0) finish();
  }

  // SIGINT, then SIGKILL; then what it has left behind is not waited for.
  void make_end(bool is_for_interruption) {
    const auto now = Clock::now();
    if (asked_ == Clock::time_point{}) {
      asked_ = now;
      (is_for_interruption ? end_.interrupted : end_.stopped) = true;
      ::kill(-process_, SIGINT);
    } else if (now > asked_ + 2 * patience) {
      finish();
    } else if (now > asked_ + patience) {
      ::kill(-process_, SIGKILL);
    }
  }

 private:
  void start(const ProcessCommand& command) {
    Pipe output;
    Pipe failure;
    if (is_interrupted()) {
      end_.interrupted = true;
      return;
    }
    if (!output.is_open() || !failure.is_open()) return could_not_start(errno);
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) return could_not_start(errno);
    if (process_ == 0) become(command, parent, output.writing(), failure.writing());
    ::setpgid(process_, process_);
    output.close_writing();
    failure.close_writing();
    int error = 0;
    if (::read(failure.reading(), &error, sizeof error) == sizeof error) {
      ::waitpid(process_, nullptr, 0);
      return could_not_start(error);
    }
    end_.started = true;
    output_ = output.take_reading();
    const std::scoped_lock lock(mutex);
    groups.insert(process_);
  }

  void could_not_start(int error) {
    process_ = 0;
    end_.why_not_started = std::strerror(error);
  }

  template <class OnLine>
  static void tell(std::string line, const OnLine& on_line) {
    while (line.ends_with('\r')) line.pop_back();
    on_line(line);
  }

  void finish() {
    if (output_ < 0) return;
    ::close(std::exchange(output_, -1));
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    end_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    const std::scoped_lock lock(mutex);
    groups.erase(process_);
  }

  pid_t process_ = 0;
  int output_ = -1;
  std::string text_;
  Clock::time_point asked_{};
  ProcessEnd end_;
};

}  // namespace

std::vector<ProcessEnd> run_processes(
    const std::vector<ProcessCommand>& commands,
    const std::function<void(std::size_t command, const std::string& line)>& on_line,
    const std::function<bool(bool has_one_failed)>& should_stop) {
  std::vector<std::unique_ptr<Child>> children;
  for (const ProcessCommand& command : commands) {
    children.push_back(std::make_unique<Child>(command));
  }
  const auto runs = [](const auto& child) { return child->output() >= 0; };
  while (std::ranges::any_of(children, runs)) {
    std::vector<pollfd> waited;
    for (const auto& child : children) waited.push_back({child->output(), POLLIN, 0});
    const int ready = ::poll(waited.data(), waited.size(), look_again_ms);
    for (std::size_t index = 0; ready > 0 && index < children.size(); ++index) {
      if (waited[index].revents == 0) continue;
      children[index]->read([&](const std::string& line) { on_line(index, line); });
    }
    const bool has_one_failed = std::ranges::any_of(
        children, [&](const auto& child) { return !runs(child) && child->end().exit_code != 0; });
    if (!is_interrupted() && !should_stop(has_one_failed)) continue;
    for (const auto& child : children) {
      if (runs(child)) child->make_end(is_interrupted());
    }
  }
  std::vector<ProcessEnd> ends;
  for (const auto& child : children) ends.push_back(child->end());
  return ends;
}

ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses) {
  const auto ends = run_processes(
      {{arguments, environment, addresses}},
      [&on_line](std::size_t, const std::string& line) { on_line(line); },
      [](bool) { return false; });
  return ends.front();
}

void kill_processes() {
  const std::scoped_lock lock(mutex);
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
}

}  // namespace fiberproof::verify
