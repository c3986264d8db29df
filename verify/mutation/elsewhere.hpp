// Failures of a build beside those of proofs and fuzz targets: the tests of core and fuzz, as
// .ci/test runs them, and the Programs of the corpus.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ElsewhereOptions {
  std::string build;           ///< a build with tests; everything that they run is built
  std::string corpus;          ///< the folder with the Programs
  std::string replays;         ///< the program that replays them
  unsigned seconds_max = 240;  ///< of the tests together: a defect may make each run for ever
  unsigned jobs = 2;           ///< tests at once
};

/// The item that stands for the tests that were not reached in that time.
inline constexpr const char* tests_too_slow = "the tests did not end in time";

/// Names what fails, in order: tests by their names, Programs as "corpus PATH", with the path below
/// the corpus. A test that fails once and then passes does not fail. The error says why nothing
/// could be run; a build without any test is one.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> failures_elsewhere(
    const ElsewhereOptions& options);

/// The test that a line of CTest's progress is about, and whether it failed.
struct TestLine {
  std::string name;
  bool is_failed = false;
};
/// An empty name where the line is of no test that has ended.
TestLine test_line_of(const std::string& line);

}  // namespace fiberproof::verify
