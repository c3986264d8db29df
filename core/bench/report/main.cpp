// fiberproof_bench_report: makes the report of one run of the benchmark, and says which claims
// hold. A claim that misses is no error; a run that is not whole is.
#include "core/bench/report/write_report.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdlib>

int main(int argc, char** argv) {
  using namespace fiberproof::bench;
  CLI::App app{"Report of one run of fiberproof_bench", "fiberproof_bench_report"};
  ReportPaths paths{"", "bench-report.md", "bench-report.svg"};
  app.add_option("json", paths.json, "what fiberproof_bench wrote to --benchmark_out")->required();
  app.add_option("--markdown", paths.markdown, "the table to write")->capture_default_str();
  app.add_option("--svg", paths.svg, "the plot to write")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto judgements = write_report(paths);
  if (!judgements.has_value()) {
    fmt::print(stderr, "bench-report: {}\n", judgements.error().line());
    return EXIT_FAILURE;
  }
  for (const Judgement& judgement : *judgements) fmt::print("{}\n", judgement.line());
  fmt::print("written: {} and {}\n", paths.markdown, paths.svg);
  return EXIT_SUCCESS;
}
