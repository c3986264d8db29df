#include "verify/cli/minimize_command.hpp"

#include "fuzz/minimize/minimize.hpp"
#include "fuzz/replay/replay.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/fuzz_input.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/replay_command.hpp"
#include "verify/cli/terminal.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

ExitStatus could_not_run(const std::string& path, std::string_view why) {
  complain(fmt::format("{}: {}", path, why));
  return ExitStatus::could_not_run;
}

class Progress {
 public:
  explicit Progress(std::size_t steps) : steps_(steps) {}

  void tried(const fuzz::Program& program, bool still_shows) {
    constexpr unsigned attempts_between = 16;
    ++attempts_;
    if (still_shows) steps_ = program.steps.size();
    if (!still_shows && attempts_ % attempts_between != 0) return;
    line_.show(fmt::format("{} steps, {} attempts of at most {}", steps_, attempts_,
                           fuzz::minimize_attempts_max));
  }

 private:
  StatusLine line_;
  std::size_t steps_;
  unsigned attempts_ = 0;
};

fuzz::Minimized minimize_apart(fuzz::Program& program, const fuzz::Ending& wanted) {
  Progress progress(program.steps.size());
  return fuzz::minimize(program, [&](const fuzz::Program& candidate) {
    const auto ending = fuzz::run_apart(candidate);
    const bool is_same = ending && fuzz::is_same_ending(*ending, wanted);
    progress.tried(candidate, is_same);
    return is_same;
  });
}

// A Program can expect a rule or an outcome. How a process died is written in a comment.
std::string text_of(fuzz::Program& program, const fuzz::Ending& ending) {
  if (ending.seen) {
    program.expect = *ending.seen;
    return fuzz::print(program);
  }
  std::string text = fuzz::print(program);
  return text.insert(text.find('\n') + 1, fmt::format("# {}\n", fuzz::describe(ending)));
}

// Fails if the file exists.
bool write_new(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "wx");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

// Why the result cannot be written; checked before the search for it.
std::string why_not_written(const std::string& path) {
  if (path == "-") return {};
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0)
    return path + ": exists already, and is not overwritten; name another file with -o";
  const auto file = OutputFile::prepare(path);
  return file ? "" : fmt::format("{}: cannot be written", file.error());
}

}  // namespace

ExitStatus minimize_file(const std::string& path, const std::string& out, nlohmann::json& results) {
  const std::string by_default = path == "-" ? "-" : path + ".min.program";
  const std::string result = out.empty() ? by_default : out;
  results = {{"path", path}, {"result", result}};
  if (const std::string why = why_not_written(result); !why.empty()) {
    complain(why);
    return ExitStatus::could_not_run;
  }
  const auto program = std::make_unique<fuzz::Program>();
  if (const auto read = read_program_or_input(input_path(path), *program); !read) {
    complain(read.error());
    return ExitStatus::could_not_run;
  }
  const auto ending = fuzz::run_apart(*program);
  if (!ending) return could_not_run(path, ending.error());
  if (ending->seen == fuzz::Expectation{}) {
    return could_not_run(path, "passes: there is no failure to keep while minimising");
  }
  const std::size_t steps_before = program->steps.size();
  const fuzz::Minimized minimized = minimize_apart(*program, *ending);
  const std::string text = text_of(*program, *ending);
  results.update({{"ending", fuzz::describe(*ending)},
                  {"steps_before", steps_before},
                  {"steps", program->steps.size()},
                  {"attempts", minimized.attempts},
                  {"is_complete", minimized.complete && !is_interrupted()},
                  {"program", text}});
  const std::string story = fmt::format(
      "{}, from {} to {} in {}{}", fuzz::describe(*ending), counted(steps_before, "step"),
      program->steps.size(), counted(minimized.attempts, "attempt"),
      is_interrupted()     ? ", interrupted: it may not be the shortest"
      : minimized.complete ? ""
                           : ", the most that are tried: it may not be the shortest");
  if (result == "-") {
    fmt::print(stderr, "{}\n", story);
    fmt::print("{}", text);
    return ExitStatus::ok;
  }
  if (!write_new(result, text)) {
    return could_not_run(result, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  fmt::print("{}: {}\n", result, story);
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
