#include "verify/cli/engine_process.hpp"

#include "verify/process/child_process.hpp"
#include "verify/process/descriptor.hpp"
#include "verify/process/interruption.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;
using fuzz::engine::EngineCommand;
using fuzz::engine::EngineEnd;

constexpr std::uint64_t output_bytes_max = std::uint64_t{64} << 20;

double seconds_of(const timeval& time) {
  constexpr double microseconds = 1e6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / microseconds;
}

// The CPU time of all children that were reaped.
double cpu_seconds_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// The resident memory. An engine reserves terabytes of addresses, so that no bound on those helps.
std::uint64_t resident_bytes(pid_t id) {
  std::ifstream file(fmt::format("/proc/{}/statm", id));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return file ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    while (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

// A crash is expected, and its core file would be large.
void leave_no_core() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

EngineEnd run(const EngineCommand& command, const std::string& path) {
  EngineEnd end;
  constexpr mode_t readable = 0600;
  Descriptor output(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, readable));
  if (!output) {
    end.why_not_started = fmt::format("{}: {}", path, std::strerror(errno));
    return end;
  }
  const double cpu_before = cpu_seconds_of_children();
  const auto begin = Clock::now();
  auto child = ChildProcess::start({.arguments = command.arguments,
                                    .environment = command.environment,
                                    .output = output.number(),
                                    .errors = output.number(),
                                    .leads_group = true,
                                    .file_bytes_max = output_bytes_max,
                                    .prepare = leave_no_core});
  if (!child) {
    end.why_not_started = child.error();
    return end;
  }
  end.started = true;
  const auto deadline = begin + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(command.seconds_max));
  auto status = child->wait_until(deadline, [&] {
    end.interrupted = is_interrupted();
    end.out_of_memory =
        command.memory_bytes_max > 0 && resident_bytes(child->id()) > command.memory_bytes_max;
    return end.interrupted || end.out_of_memory;
  });
  if (!status) {
    end.timed_out = !end.interrupted && !end.out_of_memory;
    child->signal(SIGKILL);
    status = child->wait();
  }
  end.exit_code = exit_code_of(*status);
  end.interrupted = end.interrupted || is_interrupted();
  end.wall_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  end.cpu_seconds = cpu_seconds_of_children() - cpu_before;
  end.lines = lines_of(path);
  return end;
}

}  // namespace

fuzz::engine::RunEngine engine_runner(const std::string& scratch) {
  return [path = scratch + "/output"](const EngineCommand& command) { return run(command, path); };
}

}  // namespace fiberproof::verify
