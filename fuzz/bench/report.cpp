// Prints the table of `bench-fuzz`: each case's executions per second as a ratio to the empty
// target of the same build, and what was asked. CPU time of child processes, not wall time, and
// medians of ratios within a round, since a shared machine is slow for a while now and then. A run
// of few executions is subtracted, so that starting does not count.
//
//   fuzz_bench_report SANITIZERS FUZZ_BENCH EMPTY MINIMISED [FILE|DIR]…
//
// MINIMISED is the folder of programs as an engine minimises them; `program-all` runs the others,
// too, those that are deep or large on purpose.
//
// Exit status: 0 also where a figure misses, 2 where something could not be run.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

constexpr int rounds = 5;
constexpr double seconds_per_round = 0.3;
constexpr std::uint64_t few_runs = 1000;

constexpr std::string_view program_all = "program-all";

struct Figures {
  double plain = 0;  ///< 0: nothing is asked
  double sanitized = 0;
};

struct Case {
  std::string_view name;
  Figures asked;
  std::uint64_t runs = 0;
  std::vector<double> ns{};      ///< per execution, one a round
  std::vector<double> ratios{};  ///< of the executions per second to those of the empty target
};

// The first one is what the others are compared with.
std::vector<Case> all_cases() {
  return {{"empty", {}},
          {"trampoline-1", {0.6, 0.3}},
          {"trampoline-8", {0.2, 0.08}},
          {"program", {0.1, 0.08}},
          {program_all, {}},
          {"layout", {}},
          {"walk", {}},
          {"empty-alone", {}}};
}

struct Programs {
  std::string bench;
  std::string empty;
  std::string minimised;
  std::vector<std::string> corpus;
};

/// CPU seconds of `runs` executions, with the start of the process.
double cpu_seconds(const Programs& programs, std::string_view name, std::uint64_t runs) {
  const bool alone = name == "empty-alone";
  std::vector<std::string> words = {alone ? programs.empty : programs.bench,
                                    fmt::format("-runs={}", runs),
                                    "-seed=1",
                                    "-len_control=0",
                                    "-verbosity=0",
                                    "-ignore_remaining_args=1",
                                    std::string(name == program_all ? "program" : name)};
  if (name == program_all) {
    words.insert(words.end(), programs.corpus.begin(), programs.corpus.end());
  } else {
    words.push_back(programs.minimised);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  int status = -1;
  rusage used{};
  // What the engine says of itself has no place in a table.
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int error =
      ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0 || ::wait4(child, &status, 0, &used) != child || status != 0) {
    fmt::print(stderr, "fuzz_bench_report: could not run {}\n", fmt::join(words, " "));
    std::exit(2);
  }
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// How many executions take about as long as a round should.
std::uint64_t runs_of_a_round(const Programs& programs, std::string_view name) {
  const double start = cpu_seconds(programs, name, few_runs);
  for (std::uint64_t runs = 4 * few_runs;; runs *= 4) {
    const double seconds = cpu_seconds(programs, name, runs) - start;
    if (seconds >= seconds_per_round / 4) {
      return static_cast<std::uint64_t>(static_cast<double>(runs) * seconds_per_round / seconds) +
             2 * few_runs;
    }
  }
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string verdict(double ratio, double asked) {
  if (ratio >= asked) {
    return "holds";
  }
  return fmt::format("misses by {:.0f} %", (1 - ratio / asked) * 100);
}

void measure(const Programs& programs, std::vector<Case>& cases) {
  for (Case& measured : cases) {
    measured.runs = runs_of_a_round(programs, measured.name);
  }
  for (int round = 0; round < rounds; ++round) {
    for (Case& measured : cases) {
      const double start = cpu_seconds(programs, measured.name, few_runs);
      const double seconds = cpu_seconds(programs, measured.name, measured.runs) - start;
      measured.ns.push_back(seconds * 1e9 / static_cast<double>(measured.runs - few_runs));
      measured.ratios.push_back(cases.front().ns.back() / measured.ns.back());
    }
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::span all(arguments, static_cast<std::size_t>(argument_count));
  if (all.size() < 5) {
    fmt::print(stderr,
               "usage: fuzz_bench_report SANITIZERS FUZZ_BENCH EMPTY MINIMISED [FILE|DIR]...\n");
    return 2;
  }
  const std::string_view sanitizers = all[1];
  const Programs programs{all[2], all[3], all[4],
                          std::vector<std::string>(all.begin() + 5, all.end())};
  std::vector<Case> cases = all_cases();
  measure(programs, cases);
  fmt::print("fuzz targets under libFuzzer, sanitizers: {}\n",
             sanitizers.empty() ? "none" : sanitizers);
  fmt::print("{:<14}{:>12}{:>14}{:>8}{:>8}\n", "case", "ns", "executions/s", "ratio", "asked");
  for (const Case& measured : cases) {
    const double ns = median(measured.ns);
    const double ratio = median(measured.ratios);
    const double asked = sanitizers.empty()                  ? measured.asked.plain
                         : sanitizers == "address,undefined" ? measured.asked.sanitized
                                                             : 0;
    fmt::print("{:<14}{:>12.0f}{:>14.0f}{:>8.3f}{:>8}  {}\n", measured.name, ns, 1e9 / ns, ratio,
               asked > 0 ? fmt::format("{:.2f}", asked) : "-",
               asked > 0 ? verdict(ratio, asked) : "");
  }
  return 0;
}
