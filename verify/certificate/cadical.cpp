#include "verify/certificate/cadical.hpp"

#include "verify/smt/cancellation.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace fiberproof::verify {
namespace {

constexpr std::string_view unsatisfiable_line = "s UNSATISFIABLE\n";  // follows the proof
constexpr rlim_t proof_bytes_max = rlim_t{1} << 30;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

Descriptor memory_file() {
  return Descriptor(::memfd_create("fiberproof", MFD_CLOEXEC));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(file, 0, SEEK_SET) == 0;
}

std::vector<std::byte> read_all(int file) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

[[noreturn]] void become(const char* program, int input, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  // The command blocks the signals that it handles in a thread of its own; a child must not inherit
  // that.
  ::sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit limit{proof_bytes_max, proof_bytes_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  // Plain search, without CaDiCaL's other techniques: each lemma is then a learned clause, which
  // follows by propagation. Our formulas take 7 s and 12 MB of proofs this way, and 11 s and 33 MB
  // otherwise.
  ::execlp(program, program, "-q", "--plain", "--unsat", "-", "-", nullptr);
  ::_exit(127);
}

enum class Wait : std::uint8_t { ended, killed, impossible };

// How often a wait checks whether it was cancelled.
constexpr std::chrono::milliseconds patience(100);

// Waits until the child ends, or kills it at the time limit; `status` is as of wait().
Wait wait_for(pid_t child, std::chrono::milliseconds time_limit, int& status) {
  const Descriptor end(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  int ready = -1;
  while (end) {
    pollfd event{end.number(), POLLIN, 0};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto part_of_it = std::clamp(left, std::chrono::milliseconds(0), patience);
    ready = ::poll(&event, 1, static_cast<int>(part_of_it.count()));
    const bool is_over = ready == 0 && (left <= patience || are_queries_cancelled());
    if (is_over || ready > 0 || (ready < 0 && errno != EINTR)) break;
  }
  if (ready <= 0) ::kill(child, SIGKILL);
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return ready > 0 ? Wait::ended : ready == 0 ? Wait::killed : Wait::impossible;
}

SatRun failed(std::string reason) {
  return {SatRun::End::failed, {}, std::move(reason)};
}

// Removes the text that follows the proof on standard output; anything but a proof is an error.
SatRun proof_of(std::vector<std::byte> output) {
  const std::size_t line = unsatisfiable_line.size();
  if (output.size() < line ||
      std::memcmp(output.data() + output.size() - line, unsatisfiable_line.data(), line) != 0) {
    return failed("CaDiCaL's output does not end with its verdict");
  }
  output.resize(output.size() - line);
  return {SatRun::End::unsatisfiable, std::move(output), {}};
}

SatRun run_cadical(const Cnf& formula, std::chrono::milliseconds time_limit,
                   const std::string& program) {
  const Descriptor input = memory_file();
  const Descriptor output = memory_file();
  if (!input || !output || !write_all(input.number(), formula.to_dimacs()))
    return failed("no memory for a formula and its proof");
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return failed("cannot start a process");
  if (child == 0) become(program.c_str(), input.number(), output.number(), parent);
  int status = 0;
  switch (wait_for(child, time_limit, status)) {
    case Wait::ended: break;
    case Wait::killed:
      return {SatRun::End::gave_up,
              {},
              are_queries_cancelled() ? std::string(cancelled) : "out of time"};
    case Wait::impossible: return failed("cannot wait for a process");
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
    return {SatRun::End::gave_up, {}, "the proof is too long"};
  if (!WIFEXITED(status)) return failed(fmt::format("{} crashed", program));
  switch (WEXITSTATUS(status)) {
    case 10: return {SatRun::End::satisfiable, {}, {}};
    case 20: return proof_of(read_all(output.number()));
    case 127: return failed(fmt::format("{} cannot be started: is it installed?", program));
    default: return failed(fmt::format("{} ended with {}", program, WEXITSTATUS(status)));
  }
}

}  // namespace

ProofSource make_cadical(std::string program) {
  return [program = std::move(program)](const Cnf& formula, std::chrono::milliseconds time_limit) {
    return run_cadical(formula, time_limit, program);
  };
}

}  // namespace fiberproof::verify
