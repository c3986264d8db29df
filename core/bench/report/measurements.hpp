// The measurements of one run of the benchmark, from Google Benchmark's JSON. Everything that the
// report needs is checked while reading, so that a report is made from a whole run or not at all.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::bench {

/// Several runs of one benchmark, or the ratio of two benchmarks.
struct Spread {
  double median;
  double least;
  double most;
};

/// One contender of one row: CPU time per operation in nanoseconds, one entry a repetition.
struct Figure {
  std::string row;
  std::string contender;
  std::vector<double> nanoseconds;

  std::string name() const { return row + '/' + contender; }
};

struct Measurements {
  std::string date;
  std::string cpu;
  std::string compiler;
  std::vector<Figure> figures;  ///< in the order of the file

  /// The figure of ROW/CONTENDER, or null.
  const Figure* find(std::string_view name) const;

  /// The figures of `row`, fastest first.
  std::vector<const Figure*> of_row(std::string_view row) const;
};

/// Why there is no report: the fault, its file and its place in it.
struct ReportError {
  std::string file;
  std::string place;  ///< empty where it is the whole file
  std::string what;

  std::string line() const;
};

/// Reads `text`, the contents of `file`. Every row that rows.hpp names is there, with its reference
/// and whatever a claim needs.
[[nodiscard]] std::expected<Measurements, ReportError> read_measurements(const std::string& file,
                                                                         std::string_view text);

/// `figure` is not empty.
Spread spread(const Figure& figure);

/// The ratio of the medians; least and most are of repetitions with the same number. Those ran at
/// different times, since the run interleaves at random: the range shows all of the noise.
Spread ratio(const Figure& figure, const Figure& reference);

}  // namespace fiberproof::bench
