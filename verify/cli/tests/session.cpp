#include "verify/cli/tests/session.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience(400);

[[noreturn]] void become(const SessionOptions& options) {
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  for (const std::string& entry : options.environment) {
    const std::size_t equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  if (options.prepare) options.prepare();
  std::vector<char*> words;
  for (const std::string& word : options.arguments)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

}  // namespace

Session::Session(const SessionOptions& options) {
  if (options.columns > 0) {
    winsize size{};
    size.ws_col = options.columns;
    size.ws_row = 24;
    process_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (process_ == 0) become(options);
    return;
  }
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    become(options);
  }
  ::close(pipe[1]);
  terminal_ = pipe[0];
}

Session::~Session() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (terminal_ >= 0) ::close(terminal_);
}

bool Session::read_some(int milliseconds) {
  pollfd waited{terminal_, POLLIN, 0};
  if (::poll(&waited, 1, milliseconds) == 0) return true;
  std::array<char, 4096> part{};
  const ssize_t count = ::read(terminal_, part.data(), part.size());
  if (count > 0) output_.append(part.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

bool Session::wait_for(const std::string& text) {
  const auto deadline = Clock::now() + patience;
  while (output_.find(text) == output_.npos && Clock::now() < deadline) {
    if (!read_some(100)) break;
  }
  return output_.find(text) != output_.npos;
}

void Session::signal(int number) const {
  ::kill(process_, number);
}

void Session::press_ctrl_c() const {
  constexpr char key = 3;
  [[maybe_unused]] const ssize_t written = ::write(terminal_, &key, 1);
}

int Session::wait() {
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline && read_some(100)) {
  }
  int status = 0;
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (Clock::now() > deadline) return -1;
    ::usleep(20'000);
  }
  process_ = 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

SessionEnd run_session(const SessionOptions& options) {
  Session session(options);
  const int status = session.wait();
  return {status, session.output()};
}

bool refuse_system_call(long number) {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != line.npos) found.push_back(std::stoi(name));
  }
  return found;
}

}  // namespace fiberproof::verify
