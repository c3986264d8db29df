#include "verify/cli/tests/session.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience(400);

// A terminal and a program's end of it, or a pipe.
Pipe make_terminal(unsigned short columns) {
  if (columns == 0) return Pipe::make();
  const winsize size{24, columns, 0, 0};
  int ours = -1;
  int its = -1;
  if (::openpty(&ours, &its, nullptr, nullptr, &size) != 0) return {};
  for (const int descriptor : {ours, its}) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return {Descriptor(ours), Descriptor(its)};
}

}  // namespace

Session::Session(const SessionOptions& options) {
  Pipe terminal = make_terminal(options.columns);
  auto child =
      ChildProcess::start({.arguments = options.arguments,
                           .environment = options.environment,
                           .input = options.columns == 0 ? -1 : terminal.writing.number(),
                           .output = terminal.writing.number(),
                           .errors = terminal.writing.number(),
                           .prepare = [&options] {
                             // A terminal is that of the session that it is the first terminal of.
                             if (options.columns > 0) {
                               ::setsid();
                               ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
                             }
                             if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0)
                               ::_exit(126);
                             if (options.prepare) options.prepare();
                           }});
  if (!child) return;
  child_.emplace(std::move(*child));
  terminal_ = std::move(terminal.reading);
}

bool Session::read_some(int milliseconds) {
  pollfd waited{terminal_.number(), POLLIN, 0};
  if (::poll(&waited, 1, milliseconds) == 0) return true;
  std::array<char, 4096> part{};
  const ssize_t count = ::read(terminal_.number(), part.data(), part.size());
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
  if (child_) child_->signal(number);
}

void Session::press_ctrl_c() const {
  constexpr char key = 3;
  [[maybe_unused]] const ssize_t written = ::write(terminal_.number(), &key, 1);
}

int Session::wait() {
  const auto deadline = Clock::now() + patience;
  while (child_ && Clock::now() < deadline && read_some(100)) {
  }
  if (!child_) return 127;
  const auto status = child_->wait_until(deadline);
  return status ? exit_code_of(*status) : -1;
}

SessionEnd run_session(const SessionOptions& options) {
  Session session(options);
  const int status = session.wait();
  return {status, session.output()};
}

std::vector<std::string> status_lines(const std::string& text) {
  constexpr std::string_view erase = "\r\x1b[K";
  std::vector<std::string> lines;
  for (std::size_t at = text.find(erase); at != text.npos; at = text.find(erase, at)) {
    at += erase.size();
    const std::string line = text.substr(at, text.find_first_of("\r\n", at) - at);
    if (line.starts_with('[')) lines.push_back(line);
  }
  return lines;
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
