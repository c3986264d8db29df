#include "fuzz/replay/fork_server.hpp"

#include "fuzz/replay/end_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned waiting_children = 2;

static_assert(std::is_trivially_copyable_v<Program>, "it is handed over in shared memory");

/// The side of the server: its ends of the pipes, and what its children run.
struct Served {
  int requests;
  int statuses;
  const Program* program;
  ForkServer::Body body;
  unsigned seconds_max;
};

/// Waits for a program; the target has ended if there is none.
[[noreturn]] void be_child(const Served& served) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char request = 0;
  if (::read(served.requests, &request, 1) != 1) {
    ::_exit(0);
  }
  ::alarm(served.seconds_max);
  served.body(*served.program);
  std::fflush(stderr);
  ::_exit(0);
}

/// No child that waits for a program ends before the target does, so the child that has ended is
/// the one that ran the latest program.
[[noreturn]] void serve(const Served& served) {
  for (unsigned children = 0;;) {
    while (children < waiting_children) {
      const pid_t child = ::fork();
      if (child == 0) {
        be_child(served);
      }
      if (child < 0) {
        ::_exit(1);
      }
      ++children;
    }
    int status = 0;
    if (::waitpid(-1, &status, 0) > 0) {
      --children;
      if (::write(served.statuses, &status, sizeof status) != sizeof status) {
        ::_exit(1);
      }
    } else if (errno != EINTR) {
      ::_exit(1);
    }
  }
}

std::string refused(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

}  // namespace

std::expected<ForkServer, std::string> ForkServer::start(Prepare prepare, Body body,
                                                         unsigned seconds_max) {
  ForkServer made;
  std::array<int, 2> requests{};
  std::array<int, 2> statuses{};
  void* const shared =
      ::mmap(nullptr, sizeof(Program), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    return std::unexpected(refused("shared memory"));
  }
  made.shared_ = new (shared) Program;
  made.said_ = ::memfd_create("fiberproof-said", MFD_CLOEXEC);
  if (made.said_ < 0 || ::fcntl(made.said_, F_SETFL, O_APPEND) != 0) {
    return std::unexpected(refused("a file in memory"));
  }
  // A socket for requests, so that a server that has ended is an error and not a signal.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, requests.data()) != 0 ||
      ::pipe2(statuses.data(), O_CLOEXEC) != 0) {
    return std::unexpected(refused("a pipe"));
  }
  std::fflush(nullptr);
  made.starter_ = ::getpid();
  made.server_ = ::fork();
  if (made.server_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(requests[1]);
    ::close(statuses[0]);
    ::dup2(made.said_, STDERR_FILENO);
    if (!prepare()) {
      ::_exit(1);
    }
    serve({requests[0], statuses[1], made.shared_, body, seconds_max});
  }
  ::close(requests[0]);
  ::close(statuses[1]);
  made.requests_ = requests[1];
  made.statuses_ = statuses[0];
  if (made.server_ < 0) {
    return std::unexpected(refused("a process"));
  }
  return made;
}

ForkServer::ForkServer(ForkServer&& other) noexcept
    : starter_(other.starter_),
      server_(std::exchange(other.server_, -1)),
      requests_(std::exchange(other.requests_, -1)),
      statuses_(std::exchange(other.statuses_, -1)),
      said_(std::exchange(other.said_, -1)),
      shared_(std::exchange(other.shared_, nullptr)) {}

ForkServer::~ForkServer() {
  for (const int descriptor : {requests_, statuses_, said_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
  if (server_ > 0 && starter_ == ::getpid()) {
    ::kill(server_, SIGKILL);
    ::waitpid(server_, nullptr, 0);
  }
  if (shared_ != nullptr) {
    ::munmap(shared_, sizeof *shared_);
  }
}

std::expected<ServedEnd, std::string> ForkServer::run(const Program& program) {
  *shared_ = program;
  ServedEnd end;
  constexpr char request = 1;
  ssize_t count = ::send(requests_, &request, 1, MSG_NOSIGNAL);
  if (count == 1) {
    do {
      count = ::read(statuses_, &end.status, sizeof end.status);
    } while (count < 0 && errno == EINTR);
  }
  struct stat file{};
  if (count != sizeof end.status || ::fstat(said_, &file) != 0) {
    return std::unexpected(std::string("the server that forks its processes has ended"));
  }
  end.said.resize(std::min<std::size_t>(said_bytes_max, static_cast<std::size_t>(file.st_size)));
  const ssize_t read = ::pread(said_, end.said.data(), end.said.size(), 0);
  end.said.resize(static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
  if (file.st_size != 0 && ::ftruncate(said_, 0) != 0) {
    return std::unexpected(refused("a file in memory"));
  }
  return end;
}

}  // namespace fiberproof::fuzz
