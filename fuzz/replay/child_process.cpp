#include "fuzz/replay/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t error_bytes_max = 256 * 1024;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::atomic<bool> are_children_ended = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

/// Up to the end of what is written, or until the children are to end.
std::string all_from(int pipe) {
  constexpr int look_again_ms = 100;
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    ::pollfd waited{pipe, POLLIN, 0};
    while (::poll(&waited, 1, look_again_ms) == 0) {
      if (are_children_ended) return text;
    }
    const ssize_t count = ::read(pipe, part.data(), part.size());
    if (count > 0) {
      text.append(part.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return text;
    }
  }
}

std::string contents_of(std::FILE* file) {
  std::rewind(file);
  std::string text(error_bytes_max, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

[[noreturn]] void be_child(unsigned seconds_max, const std::function<void(int pipe)>& body,
                           int pipe, int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(errors, STDERR_FILENO);
  ::alarm(seconds_max);
  body(pipe);
  std::fflush(stderr);
  ::_exit(0);
}

}  // namespace

std::expected<ChildEnd, std::string> run_in_child(unsigned seconds_max,
                                                  const std::function<void(int pipe)>& body) {
  if (are_children_ended) {
    return std::unexpected(std::string(children_ended));
  }
  std::array<int, 2> ends{};
  const File errors(std::tmpfile(), &std::fclose);
  if (errors == nullptr || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::unexpected(std::string(std::strerror(errno)));
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    be_child(seconds_max, body, ends[1], ::fileno(errors.get()));
  }
  const int fork_error = errno;
  ::close(ends[1]);
  ChildEnd end;
  if (child > 0) {
    end.reported = all_from(ends[0]);
    if (are_children_ended) {
      ::kill(child, SIGKILL);
    }
    while (::waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
    }
    end.errors = contents_of(errors.get());
  }
  ::close(ends[0]);
  if (child < 0) {
    return std::unexpected(std::string(std::strerror(fork_error)));
  }
  if (are_children_ended) {
    return std::unexpected(std::string(children_ended));
  }
  return end;
}

void end_children() {
  are_children_ended = true;
}

std::string death_of(int status, unsigned seconds_max) {
  if (!WIFSIGNALED(status)) {
    return fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  return WTERMSIG(status) == SIGALRM ? fmt::format("did not end within {} seconds", seconds_max)
                                     : fmt::format("crashed: {}", strsignal(WTERMSIG(status)));
}

}  // namespace fiberproof::fuzz
