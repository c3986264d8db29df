// The benchmark of the switch and its peers. All contenders of all rows are in this one program, so
// that one run compares them; the flags are Google Benchmark's.
//
// The thread begins with the inexact flag of its arithmetic raised, as after any real computation:
// what a switch that saves MXCSR finds must not depend on which benchmark happens to come first.
#include "core/bench/contenders.hpp"

#include <benchmark/benchmark.h>
#include <cfenv>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

/// The CPU's name for itself, for the report.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace fiberproof::bench;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EXIT_FAILURE;
  benchmark::AddCustomContext("cpu", cpu_model());
  benchmark::AddCustomContext("compiler", __VERSION__);
  std::feraiseexcept(FE_INEXACT);
  add_indirect_jumps();
  add_calls();
  add_mapping();
  add_stack_switch();
  add_continuation();
  add_saved_register_switch();
  add_fcontext();
  add_boost_fiber();
  add_ucontext();
  add_coroutine();
  const std::size_t run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
