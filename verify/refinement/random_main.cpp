// machine_refinement: runs random Programs on core in step with the reference, and compares each
// run with the model.
//
//   machine_refinement [--steps N] [--seed S]
//
// Exits with 0 after N compared steps (10 million by default), with 1 on a difference or a broken
// rule, which it prints, and with 2 on a usage error.
#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/random.hpp"
#include "fuzz/run/run.hpp"
#include "verify/refinement/comparison.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string_view>

namespace fiberproof::verify::refinement {
namespace {

// How often a Program is mutated before the next one starts from random bytes.
constexpr std::size_t mutations = 24;

Comparison& comparison() {
  static Comparison only;
  return only;
}

void report_and_exit(const fuzz::Finding& finding) {
  std::fputs(report_text(finding).c_str(), stderr);
  std::_Exit(1);
}

void observe(const fuzz::Program& program, const fuzz::RunLog& log,
             fuzz::FindingHandler* /*handler*/) {
  if (const auto difference = comparison().compare(program, log)) {
    fmt::print(stderr, "{}{}", text(*difference), print(program));
    std::_Exit(1);
  }
}

void run_steps(std::uint64_t steps, std::uint32_t seed) {
  fuzz::observe_runs(&observe);
  fuzz::Random random(seed);
  fuzz::Program program;
  while (comparison().tally().transitions < steps) {
    std::array<std::uint8_t, 512> bytes;
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    generate_program(std::span(bytes).first(random.below(bytes.size())), program);
    for (std::size_t count = 0; count < mutations; ++count) {
      // A run that ends the process cannot be compared.
      if (!program.ends_process()) run(program, &report_and_exit);
      mutate(program, static_cast<std::uint32_t>(random.next()));
    }
  }
}

template <class Number>
bool read(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

}  // namespace
}  // namespace fiberproof::verify::refinement

int main(int argc, char** argv) {
  using namespace fiberproof::verify::refinement;
  std::uint64_t steps = 10'000'000;
  std::uint32_t seed = 1;
  const std::span arguments(argv + 1, static_cast<std::size_t>(argc - 1));
  for (std::size_t index = 0; index < arguments.size(); index += 2) {
    const std::string_view name = arguments[index];
    const bool has_value = index + 1 < arguments.size();
    const bool is_read = has_value && ((name == "--steps" && read(arguments[index + 1], steps)) ||
                                       (name == "--seed" && read(arguments[index + 1], seed)));
    if (!is_read) {
      fmt::print(stderr, "usage: machine_refinement [--steps N] [--seed S]\n");
      return 2;
    }
  }
  run_steps(steps, seed);
  fmt::print("{}{:.1f} s of CPU time\n", text(comparison().tally()),
             static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  return 0;
}
