#include "verify/cli/minimize_command.hpp"

#include "fuzz/minimize/minimize.hpp"
#include "fuzz/replay/replay.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace fiberproof::verify {
namespace {

ExitStatus could_not_run(const std::string& path, std::string_view why) {
  fmt::print(stderr, "fiberproof: {}: {}\n", path, why);
  return ExitStatus::could_not_run;
}

// One line on a terminal, elsewhere nothing.
class Progress {
 public:
  explicit Progress(std::size_t steps) : steps_(steps) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (printed_) fmt::print("\r\x1b[K");
  }

  void tried(const fuzz::AnyProgram& program, bool still_shows) {
    ++attempts_;
    if (still_shows) steps_ = fuzz::step_count(program);
    if (!is_terminal_ || (!still_shows && attempts_ % 16 != 0)) return;
    printed_ = true;
    fmt::print("\r\x1b[K{} steps, {} attempts of at most {}", steps_, attempts_,
               fuzz::minimize_attempts_max);
    std::fflush(stdout);
  }

 private:
  const bool is_terminal_ = ::isatty(STDOUT_FILENO) != 0;
  std::size_t steps_;
  unsigned attempts_ = 0;
  bool printed_ = false;
};

fuzz::Minimized minimize_apart(fuzz::AnyProgram& program, const fuzz::Ending& wanted) {
  Progress progress(fuzz::step_count(program));
  return fuzz::minimize(program, [&](const fuzz::AnyProgram& candidate) {
    const auto ending = fuzz::run_apart(candidate);
    const bool is_same = ending && fuzz::is_same_ending(*ending, wanted);
    progress.tried(candidate, is_same);
    return is_same;
  });
}

// What a program expects can be a rule or an outcome. How a process died stands in a comment.
std::string text_of(fuzz::AnyProgram& program, const fuzz::Ending& ending) {
  if (ending.seen) {
    fuzz::expect(program, *ending.seen);
    return fuzz::print(program);
  }
  std::string text = fuzz::print(program);
  return text.insert(text.find('\n') + 1, fmt::format("# {}\n", fuzz::describe(ending)));
}

// Fails where the file is there.
bool write_new(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "wx");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

ExitStatus minimize_file(const std::string& path, const std::string& out) {
  const auto program = std::make_unique<fuzz::AnyProgram>();
  if (const auto read = fuzz::read_program(path, *program); !read) {
    fmt::print(stderr, "fiberproof: {}\n", read.error());
    return ExitStatus::could_not_run;
  }
  const std::string result = out.empty() ? path + ".min.program" : out;
  if (::access(result.c_str(), F_OK) == 0) {
    return could_not_run(result, "is there already, and is not overwritten");
  }
  const auto ending = fuzz::run_apart(*program);
  if (!ending) return could_not_run(path, ending.error());
  if (ending->seen == fuzz::Expectation{}) {
    return could_not_run(path, "passes: there is no failure to keep while minimising");
  }
  const std::size_t steps_before = fuzz::step_count(*program);
  const fuzz::Minimized minimized = minimize_apart(*program, *ending);
  if (!write_new(result, text_of(*program, *ending))) {
    return could_not_run(result, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  fmt::print("{}: {}, from {} steps to {} in {} attempts{}\n", result, fuzz::describe(*ending),
             steps_before, fuzz::step_count(*program), minimized.attempts,
             minimized.complete ? "" : ", the most that are made: it may not be the shortest");
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
