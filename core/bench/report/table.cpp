#include "core/bench/report/table.hpp"

#include "core/bench/report/claims.hpp"
#include "core/bench/rows.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

namespace fiberproof::bench {
namespace {

/// Three significant digits, or all before the point.
std::string short_number(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string range(Spread spread) {
  return fmt::format("{} to {}", short_number(spread.least), short_number(spread.most));
}

std::string claims(const Measurements& measurements) {
  std::string text =
      "| claim | at most | seen | range | |\n"
      "| --- | ---: | ---: | --- | --- |\n";
  for (const Claim& claim : all_claims) {
    const Judgement judgement = judge(claim, measurements);
    fmt::format_to(std::back_inserter(text), "| {} | {:.2f} | {:.3f} | {:.3f} to {:.3f} | {} |\n",
                   claim.text, claim.bound, judgement.seen.median, judgement.seen.least,
                   judgement.seen.most, judgement.verdict());
  }
  return text;
}

std::string table(const Row& row, const Measurements& measurements) {
  const Figure& reference = *measurements.find(row.reference);
  std::string text = fmt::format(
      "\n## {}: {}\n\n"
      "| contender | ns | range | of {} | range |\n"
      "| --- | ---: | --- | ---: | --- |\n",
      row.name, row.operation, row.reference);
  for (const Figure* figure : measurements.of_row(row.name)) {
    const Spread times = spread(*figure);
    const Spread ratios = ratio(*figure, reference);
    fmt::format_to(std::back_inserter(text), "| {} | {} | {} | {} | {} |\n", figure->contender,
                   short_number(times.median), range(times), short_number(ratios.median),
                   range(ratios));
  }
  return text;
}

}  // namespace

std::string markdown_report(const Measurements& measurements) {
  std::size_t repetitions = measurements.figures.front().nanoseconds.size();
  for (const Figure& figure : measurements.figures) {
    repetitions = std::min(repetitions, figure.nanoseconds.size());
  }
  std::string text = fmt::format(
      "# Benchmark report\n\n"
      "{}, {}, {}. CPU time per operation: medians of {} repetitions, all contenders in one run "
      "and "
      "interleaved at random, with the lowest and the highest. A switch is out and back.\n\n",
      measurements.date, measurements.cpu, measurements.compiler, repetitions);
  text += claims(measurements);
  for (const Row& row : all_rows) text += table(row, measurements);
  return text;
}

}  // namespace fiberproof::bench
