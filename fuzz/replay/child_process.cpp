#include "fuzz/replay/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t error_bytes_max = 256 * 1024;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string all_from(int pipe) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
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
  ::dup2(errors, STDERR_FILENO);
  ::alarm(seconds_max);
  body(pipe);
  std::fflush(stderr);
  ::_exit(0);
}

}  // namespace

std::expected<ChildEnd, std::string> run_in_child(unsigned seconds_max,
                                                  const std::function<void(int pipe)>& body) {
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
    while (::waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
    }
    end.errors = contents_of(errors.get());
  }
  ::close(ends[0]);
  if (child < 0) {
    return std::unexpected(std::string(std::strerror(fork_error)));
  }
  return end;
}

std::string death_of(int status, unsigned seconds_max) {
  if (!WIFSIGNALED(status)) {
    return fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  return WTERMSIG(status) == SIGALRM ? fmt::format("did not end within {} seconds", seconds_max)
                                     : fmt::format("crashed: {}", strsignal(WTERMSIG(status)));
}

}  // namespace fiberproof::fuzz
