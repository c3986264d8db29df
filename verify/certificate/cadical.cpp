#include "verify/certificate/cadical.hpp"

#include "verify/process/child_process.hpp"
#include "verify/process/descriptor.hpp"
#include "verify/smt/cancellation.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstring>
#include <string_view>

namespace fiberproof::verify {
namespace {

constexpr std::string_view unsatisfiable_line = "s UNSATISFIABLE\n";  // follows the proof
constexpr std::uint64_t proof_bytes_max = std::uint64_t{1} << 30;

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
  // Plain search, without CaDiCaL's other techniques: each lemma is then a learned clause, which
  // follows by propagation. Our formulas take 7 s and 12 MB of proofs this way, and 11 s and 33 MB
  // otherwise.
  auto child = ChildProcess::start({.arguments = {program, "-q", "--plain", "--unsat", "-", "-"},
                                    .input = input.number(),
                                    .output = output.number(),
                                    .errors = STDERR_FILENO,
                                    .file_bytes_max = proof_bytes_max});
  if (!child) return failed(fmt::format("{} cannot be started: is it installed?", program));
  const auto end =
      child->wait_until(std::chrono::steady_clock::now() + time_limit, are_queries_cancelled);
  if (!end) {
    const std::string reason = are_queries_cancelled() ? std::string(cancelled) : "out of time";
    return {SatRun::End::gave_up, {}, reason};
  }
  const int status = *end;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
    return {SatRun::End::gave_up, {}, "the proof is too long"};
  if (!WIFEXITED(status)) return failed(fmt::format("{} crashed", program));
  switch (WEXITSTATUS(status)) {
    case 10: return {SatRun::End::satisfiable, {}, {}};
    case 20: return proof_of(read_all(output.number()));
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
