#include "fuzz/replay.hpp"

#include "fuzz/paths.hpp"
#include "fuzz/program.hpp"
#include "fuzz/run.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <expected>
#include <memory>
#include <optional>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned seconds_max = 120;
constexpr std::size_t report_bytes_max = 256 * 1024;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::expected<std::string, std::string> read_bounded(const std::string& path) {
  if (kind_of(path) != PathKind::file) {
    return std::unexpected("not a file that can be read");
  }
  const File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    return std::unexpected(fmt::format("cannot be opened: {}", std::strerror(errno)));
  }
  std::string text(program_text_bytes_max + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return std::unexpected("cannot be read to its end");
  }
  if (text.size() > program_text_bytes_max) {
    return std::unexpected(
        fmt::format("too large: it goes on after byte {}, the most that a program may have",
                    program_text_bytes_max));
  }
  return text;
}

/// What the child reports through its pipe; the rest is seen from how it ended.
struct ChildReport {
  bool violated;
  SpecId violation;
  Outcome outcome;
};

int child_pipe = -1;

[[noreturn]] void end_child(const ChildReport& report) {
  const bool written = ::write(child_pipe, &report, sizeof report) == sizeof report;
  std::fflush(stderr);
  ::_exit(written ? 0 : 1);
}

void report_to_parent(const Finding& finding) {
  std::fputs(report_text(finding).c_str(), stderr);
  end_child({true, finding.violation.id, {}});
}

[[noreturn]] void run_in_child(const Program& program, int reports, int errors) {
  child_pipe = reports;
  ::dup2(errors, STDERR_FILENO);
  ::alarm(seconds_max);
  run(program, &report_to_parent);
  // Once more, on stacks that were used: what one run leaves behind must not matter to the next.
  const Outcome outcome = run(program, &report_to_parent);
  end_child({false, SpecId::L1, outcome});
}

struct ChildEnd {
  std::optional<ChildReport> report;  ///< nothing where it died
  int status;
  std::string errors;
};

std::string contents_of(std::FILE* file) {
  std::rewind(file);
  std::string text(report_bytes_max, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

std::expected<ChildEnd, std::string> run_apart(const Program& program) {
  std::array<int, 2> ends{};
  const File errors(std::tmpfile(), &std::fclose);
  if (errors == nullptr || ::pipe(ends.data()) != 0) {
    return std::unexpected(fmt::format("cannot be run: {}", std::strerror(errno)));
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    run_in_child(program, ends[1], ::fileno(errors.get()));
  }
  const int fork_error = errno;
  ::close(ends[1]);
  ChildEnd end{};
  ChildReport report{};
  if (child > 0) {
    if (::read(ends[0], &report, sizeof report) == sizeof report) {
      end.report = report;
    }
    while (::waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
    }
    end.errors = contents_of(errors.get());
  }
  ::close(ends[0]);
  if (child < 0) {
    return std::unexpected(fmt::format("cannot be run: {}", std::strerror(fork_error)));
  }
  return end;
}

std::string death_of(int status) {
  if (!WIFSIGNALED(status)) {
    return fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  return WTERMSIG(status) == SIGALRM ? fmt::format("did not end within {} seconds", seconds_max)
                                     : fmt::format("crashed: {}", strsignal(WTERMSIG(status)));
}

Expectation seen_by(const ChildReport& report) {
  if (report.violated) {
    return {Expectation::Kind::violation, report.violation};
  }
  return {report.outcome.trap_reported_as_return ? Expectation::Kind::trap_reported_as_return
                                                 : Expectation::Kind::pass,
          SpecId::L1};
}

Replay judge(const std::string& path, const Program& program, ChildEnd end) {
  if (!end.report) {
    return {Replay::Verdict::different,
            fmt::format("{}: {}, expected {}", path, death_of(end.status), print(program.expect)),
            std::move(end.errors)};
  }
  const Outcome& outcome = end.report->outcome;
  if (outcome.unmapped != 0) {
    return {Replay::Verdict::unreadable,
            fmt::format("{}: cannot be run: the system refused {} of its stacks", path,
                        outcome.unmapped),
            std::move(end.errors)};
  }
  const Expectation seen = seen_by(*end.report);
  if (seen != program.expect) {
    return {Replay::Verdict::different,
            fmt::format("{}: {}, expected {}", path, print(seen), print(program.expect)),
            std::move(end.errors)};
  }
  return {Replay::Verdict::as_recorded,
          end.report->violated
              ? fmt::format("{}: as recorded ({})", path, print(seen))
              : fmt::format("{}: as recorded ({}, {} steps, {} continuations)", path, print(seen),
                            outcome.steps, outcome.continuations),
          std::move(end.errors)};
}

bool may_lie_in_a_corpus(std::string_view name) {
  return name == "README.md" || name == "CMakeLists.txt";
}

void expand_directory(const std::string& directory, ExpandedPaths& expanded) {
  const Listing listing = paths_below(directory);
  for (const std::string& path : listing.paths) {
    if (path.ends_with(".program") && kind_of(path) == PathKind::file) {
      expanded.programs.push_back(path);
    } else if (!may_lie_in_a_corpus(name_of(path))) {
      expanded.errors.push_back(fmt::format("{}: not a .program file", path));
    }
  }
  if (listing.error != 0) {
    expanded.errors.push_back(
        fmt::format("{}: cannot be listed: {}", directory, std::strerror(listing.error)));
  }
}

}  // namespace

Replay replay_file(const std::string& path) {
  const auto text = read_bounded(path);
  if (!text) {
    return {Replay::Verdict::unreadable, fmt::format("{}: {}", path, text.error()), {}};
  }
  const auto program = std::make_unique<Program>();
  if (const auto parsed = parse(*text, *program); !parsed) {
    const ParseError& error = parsed.error();
    return {Replay::Verdict::unreadable,
            fmt::format("{}:{}:{}: {}", path, error.line, error.column, error.message),
            {}};
  }
  auto end = run_apart(*program);
  if (!end) {
    return {Replay::Verdict::unreadable, fmt::format("{}: {}", path, end.error()), {}};
  }
  return judge(path, *program, std::move(*end));
}

ExpandedPaths expand_paths(const std::vector<std::string>& paths) {
  ExpandedPaths expanded;
  for (const std::string& path : paths) {
    switch (kind_of(path)) {
      case PathKind::directory: expand_directory(path, expanded); break;
      case PathKind::nothing:
        expanded.errors.push_back(fmt::format("{}: no such file or directory", path));
        break;
      default: expanded.programs.push_back(path);
    }
  }
  if (expanded.programs.empty() && expanded.errors.empty()) {
    expanded.errors.push_back("no program file was found");
  }
  return expanded;
}

}  // namespace fiberproof::fuzz
