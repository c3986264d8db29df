#include "fuzz/replay/replay.hpp"

#include "core/stack_overflow.hpp"
#include "fuzz/oracle/end_oracle.hpp"
#include "fuzz/replay/child_process.hpp"
#include "fuzz/replay/end_run.hpp"
#include "fuzz/replay/paths.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <expected>
#include <memory>
#include <optional>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned seconds_max = 120;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// A pipe is read where it is standard input, which somebody has connected on purpose.
std::expected<std::string, std::string> read_bounded(const std::string& path) {
  if (kind_of(path) != PathKind::file && path != "/dev/stdin") {
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

/// Nothing where the child died first.
std::optional<ChildReport> report_of(const ChildEnd& end) {
  ChildReport report{};
  if (end.reported.size() != sizeof report) {
    return std::nullopt;
  }
  std::memcpy(&report, end.reported.data(), sizeof report);
  return report;
}

Expectation seen_by(const ChildReport& report) {
  if (report.violated) {
    return {Expectation::Kind::violation, report.violation};
  }
  return {report.outcome.trap_reported_as_return ? Expectation::Kind::trap_reported_as_return
                                                 : Expectation::Kind::pass,
          SpecId::L1};
}

/// The end of a child that `expected` was to end.
Ending ending_of(const PredictedEnd& expected, ChildEnd end) {
  auto fault = oracle::end_fault(expected, end.status, end.errors);
  if (!fault) {
    return Ending{expectation_of(expected), end.status, {}, std::move(end.errors)};
  }
  return Ending{Expectation{Expectation::Kind::violation, fault->id},
                end.status,
                {},
                fmt::format("fiberproof: {} violated: {}\n{}", name_of(fault->id), fault->sentence,
                            end.errors)};
}

Replay judge(const std::string& path, const Expectation& expected, Ending ending) {
  if (ending.seen != expected) {
    return {Replay::Verdict::different,
            fmt::format("{}: {}, expected {}", path, describe(ending), print(expected)),
            std::move(ending.report)};
  }
  const bool violated = ending.seen->kind == Expectation::Kind::violation;
  return {Replay::Verdict::as_recorded,
          violated ? fmt::format("{}: as recorded ({})", path, print(*ending.seen))
                   : fmt::format("{}: as recorded ({}, {} steps, {} continuations)", path,
                                 print(*ending.seen), ending.outcome.steps,
                                 ending.outcome.continuations),
          std::move(ending.report)};
}

bool may_lie_in_a_corpus(std::string_view path) {
  // The inputs of these targets are no Programs. Their own replayers run them.
  const auto is_of = [path](std::string_view target) {
    return path.contains(fmt::format("/seeds/{}/", target)) ||
           path.contains(fmt::format("/reproducers/{}/", target));
  };
  return is_of("object") || is_of("instruction") || name_of(path) == "README.md" ||
         path.ends_with("engines/known.txt") || name_of(path) == "CMakeLists.txt";
}

void expand_directory(const std::string& directory, ExpandedPaths& expanded) {
  const Listing listing = paths_below(directory);
  for (const std::string& path : listing.paths) {
    if (path.ends_with(".program") && kind_of(path) == PathKind::file) {
      expanded.programs.push_back(path);
    } else if (!may_lie_in_a_corpus(path)) {
      expanded.errors.push_back(fmt::format("{}: not a .program file", path));
    }
  }
  if (listing.error != 0) {
    expanded.errors.push_back(
        fmt::format("{}: cannot be listed: {}", directory, std::strerror(listing.error)));
  }
}

}  // namespace

std::expected<void, std::string> read_program(const std::string& path, Program& program) {
  const auto text = read_bounded(path);
  if (!text) {
    return std::unexpected(fmt::format("{}: {}", path, text.error()));
  }
  if (const auto parsed = parse(*text, program); !parsed) {
    const ParseError& error = parsed.error();
    return std::unexpected(
        fmt::format("{}:{}:{}: {}", path, error.line, error.column, error.message));
  }
  return {};
}

std::expected<Ending, std::string> run_apart(const Program& program) {
  const std::optional<PredictedEnd> expected = predict_end(program);
  auto end = run_in_child(seconds_max, [&program, &expected](int pipe) {
    child_pipe = pipe;
    if (expected) {
      static_cast<void>(leave_faults_to_core());  // Without, the report is missed.
      end_child({false, SpecId::L1, run_on_its_thread(program, &report_to_parent)});
    }
    static_cast<void>(report_stack_overflows());
    run(program, &report_to_parent);
    // Once more, on stacks that were used: what one run leaves behind must not matter to the next.
    const Outcome outcome = run(program, &report_to_parent);
    end_child({false, SpecId::L1, outcome});
  });
  if (!end) {
    return std::unexpected(fmt::format("cannot be run: {}", end.error()));
  }
  const std::optional<ChildReport> report = report_of(*end);
  if (report && report->outcome.unmapped != 0) {
    return std::unexpected(fmt::format("cannot be run: the system refused {} of its stacks",
                                       report->outcome.unmapped));
  }
  if (expected && !(report && report->violated)) {
    return ending_of(*expected, std::move(*end));
  }
  if (!report) {
    return Ending{std::nullopt, end->status, {}, std::move(end->errors)};
  }
  return Ending{seen_by(*report), end->status, report->outcome, std::move(end->errors)};
}

std::string describe(const Ending& ending) {
  return ending.seen ? print(*ending.seen) : death_of(ending.status, seconds_max);
}

Replay replay_file(const std::string& path) {
  const auto program = std::make_unique<Program>();
  if (const auto read = read_program(path, *program); !read) {
    return {Replay::Verdict::unreadable, read.error(), {}};
  }
  return replay_program(path, *program);
}

Replay replay_program(const std::string& path, const Program& program) {
  auto ending = run_apart(program);
  if (!ending) {
    return {Replay::Verdict::unreadable, fmt::format("{}: {}", path, ending.error()), {}};
  }
  return judge(path, program.expect, std::move(*ending));
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
