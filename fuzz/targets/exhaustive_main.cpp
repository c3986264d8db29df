// machine_exhaustive: runs every Program of a tiny world (generate/exhaustive.hpp) with
// every oracle of continuations, shorter ones first; then the programs that begin with one of a few
// situations.
//
//   machine_exhaustive [--steps N] [--seconds S] [--slots N] [--tags N] [--values N]
//
// Exit status: 0 where no rule was violated in programs of up to N steps and by up to N - 2 steps
// in a situation, or in as many of those as S seconds of CPU time allow; 1 on a violation, which it
// reports; 2 on a wrong command line.
#include "fuzz/generate/exhaustive.hpp"
#include "fuzz/run/run.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <span>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

// Leaves room for the beginnings below; so many steps would take years.
constexpr std::uint32_t steps_max = program_bounds::steps / 2;

struct Options {
  std::uint32_t steps = 4;
  std::uint32_t seconds = std::numeric_limits<std::uint32_t>::max();
  TinyWorld world;
};

template <class Number>
bool read(std::string_view text, std::uint32_t least, std::uint32_t most, Number& number) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  number = static_cast<Number>(value);
  return error == std::errc{} && stopped == end && value >= least && value <= most;
}

bool read(std::string_view name, std::string_view value, Options& options) {
  if (name == "--steps") {
    return read(value, 1, steps_max, options.steps);
  }
  if (name == "--seconds") {
    return read(value, 1, std::numeric_limits<std::uint32_t>::max(), options.seconds);
  }
  if (name == "--slots") {
    return read(value, 1, tiny_world_max.slots, options.world.slots);
  }
  if (name == "--tags") {
    return read(value, 1, tiny_world_max.tags, options.world.tags);
  }
  return name == "--values" && read(value, 0, tiny_world_max.values, options.world.values);
}

bool read(std::span<char*> arguments, Options& options) {
  for (std::size_t index = 0; index < arguments.size(); index += 2) {
    if (index + 1 == arguments.size() || !read(arguments[index], arguments[index + 1], options)) {
      return false;
    }
  }
  return true;
}

/// Situations that take many steps to reach. Each has its names in order.
struct Situation {
  const char* name;
  const char* steps;
};
constexpr const char* situation_text =
    "fiberproof program 2\n"
    "stack s0 pooled 65536\n"
    "function f0 params 0 returns 0\n"
    "function f1 params 1 returns 2\n"
    "steps\n{}\nend\n";
constexpr std::uint32_t steps_less_in_situations = 2;
constexpr Situation situations[] = {
    {"with a suspended chain of two stacks",
     R"(new h0 f1 on s0
        new h1 f1 on s0
        resume h0 0 to h0 suspends t0
        resume h1 0 to h1
        suspend t0 0 room 2)"},
    {"with a suspended chain of two stacks, on a third one that can suspend and switch",
     R"(new h0 f1 on s0
        new h1 f1 on s0
        resume h0 0 to h0 suspends t0
        resume h1 0 to h1
        suspend t0 0 room 2
        new h1 f1 on s0
        resume h1 0 to h1 suspends t0 switches t0)"},
    {"on the innermost of three stacks, of which the outermost handles everything",
     R"(new h0 f1 on s0
        resume h0 0 to h0 suspends t0 switches t0
        new h0 f1 on s0
        resume h0 0 to h0
        new h0 f1 on s0
        new h1 f1 on s0
        resume h0 0 to h0)"},
};

void report_and_exit(const Finding& finding) {
  std::fputs(report_text(finding).c_str(), stderr);
  std::_Exit(1);
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Runs programs until the time is over, which it checks now and then.
class RunAll {
 public:
  explicit RunAll(double seconds) : seconds_(seconds) {}

  bool operator()(const Program& program) {
    constexpr std::uint64_t period = 1024;
    run(program, &report_and_exit);
    return ++programs_ % period != 0 || cpu_seconds() < seconds_;
  }

 private:
  double seconds_;
  std::uint64_t programs_ = 0;
};

/// Runs the programs of 1 up to `steps` steps, prints the count of each length, and returns the
/// total.
std::uint64_t run_lengths(Exhaustive& exhaustive, std::size_t steps, const RunAll& run_one) {
  std::uint64_t programs = 0;
  for (std::size_t length = 1; length <= steps; ++length) {
    const Exhaustive::Count count = exhaustive.programs_of(length, run_one);
    programs += count.programs;
    fmt::print("{} step{}: {} programs{}, {} shorter ones not continued\n", length,
               length == 1 ? "" : "s", count.programs, count.all ? "" : " in the time, not all",
               count.not_continued);
    std::fflush(stdout);
    if (!count.all) {
      break;
    }
  }
  return programs;
}

void run_all(const Options& options) {
  Exhaustive exhaustive(options.world);
  const RunAll run_one(options.seconds);
  std::uint64_t programs = run_lengths(exhaustive, options.steps, run_one);
  // The situations need two slots.
  const bool has_situations = options.world.slots > 1 && options.steps > steps_less_in_situations;
  for (const Situation& situation : situations) {
    if (has_situations && cpu_seconds() < options.seconds) {
      Program beginning;
      parse(fmt::format(situation_text, situation.steps), beginning).value();
      exhaustive.begin_with({beginning.steps.begin(), beginning.steps.end()});
      fmt::print("{}:\n", situation.name);
      programs += run_lengths(exhaustive, options.steps - steps_less_in_situations, run_one);
    }
  }
  const double seconds = cpu_seconds();
  fmt::print("{} programs, no rule broken, {:.1f} s of CPU time, {:.0f} programs/s\n", programs,
             seconds, static_cast<double>(programs) / seconds);
}

}  // namespace
}  // namespace fiberproof::fuzz

int main(int argc, char** argv) {
  using namespace fiberproof::fuzz;
  Options options;
  if (!read(std::span(argv + 1, static_cast<std::size_t>(argc - 1)), options)) {
    fmt::print(stderr,
               "usage: machine_exhaustive [--steps N] [--seconds S] [--slots N] [--tags N] "
               "[--values N]\n");
    return 2;
  }
  run_all(options);
  return 0;
}
