// fiberproof_bench_report: makes the report of one run of the benchmark, and says which claims
// hold. A missed claim is no error; an incomplete run is.
#include "core/bench/report/write_report.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  using namespace fiberproof::bench;
  CLI::App app{"Report of one run of fiberproof_bench", "fiberproof_bench_report"};
  std::string json;
  std::string markdown = "bench-report.md";
  app.add_option("json", json, "read this output of fiberproof_bench --benchmark_out")->required();
  app.add_option("--markdown", markdown, "write the report to this file")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto judgements = write_report(json, markdown);
  if (!judgements.has_value()) {
    fmt::print(stderr, "bench-report: {}\n", judgements.error().line());
    return EXIT_FAILURE;
  }
  for (const Judgement& judgement : *judgements) fmt::print("{}\n", judgement.line());
  fmt::print("written: {}\n", markdown);
  return EXIT_SUCCESS;
}
