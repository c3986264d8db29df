#include "verify/mutation/elsewhere.hpp"

#include "verify/mutation/changed_tree.hpp"
#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>
#include <string_view>

namespace fiberproof::verify {
namespace {

// A defect may run for ever, alone or in its children: the limit holds for all processes. Or it
// takes all memory: then the kernel must kill it first (choom).
std::vector<std::string> limited(unsigned seconds, const std::vector<std::string>& command) {
  std::vector<std::string> all{"/usr/bin/timeout", "-k", "2",    std::to_string(seconds),
                               "/usr/bin/choom",   "-n", "1000", "--"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}
constexpr int exit_timed_out = 124;
constexpr int exit_killed = 128 + 9;

// Tests of the package, of the patches, of the README's example and of the benchmarks say nothing
// of a change, and the test of the whole corpus names no Program: it is replayed below.
constexpr std::string_view left_out =
    "^(core\\.package|defects\\.|example\\.|bench\\.|corpus\\.every_program_behaves_as_recorded)";

std::expected<void, std::string> run_tests(const ElsewhereOptions& options,
                                           std::set<std::string>& failed) {
  std::size_t ended = 0;
  std::set<std::string> passed;
  const ProcessEnd end =
      run_process(limited(options.seconds_max,
                          {FIBERPROOF_CTEST, "--test-dir", options.build, "--parallel",
                           std::to_string(options.jobs), "--timeout", "30", "--repeat",
                           "until-pass:2", "--no-tests=error", "--label-regex", "^(core|fuzz)$",
                           "--label-exclude", "^slow$", "--exclude-regex", std::string(left_out)}),
                  {}, [&](const std::string& line) {
                    TestLine test = test_line_of(line);
                    if (test.name.empty()) return;
                    ++ended;
                    (test.is_failed ? failed : passed).insert(std::move(test.name));
                  });
  if (end.interrupted) return std::unexpected(std::string(interrupted));
  if (!end.started) return std::unexpected(fmt::format("timeout: {}", end.why_not_started));
  for (const std::string& name : passed) failed.erase(name);
  if (end.exit_code == exit_timed_out || end.exit_code == exit_killed) {
    failed.insert(tests_too_slow);
  } else if (ended == 0) {
    return std::unexpected(
        fmt::format("{}: no test ran (status {})", options.build, end.exit_code));
  }
  return {};
}

std::expected<void, std::string> replay_corpus(const ElsewhereOptions& options,
                                               std::vector<std::string>& failed) {
  const std::string beginning = options.corpus + "/";
  std::size_t replayed = 0;
  const ProcessEnd end = run_process(
      limited(options.seconds_max, {options.replays, options.corpus}), {},
      [&](const std::string& line) {
        const std::size_t colon = line.find(": ");
        if (!line.starts_with(beginning) || colon == line.npos) return;
        ++replayed;
        if (line.substr(colon + 2).starts_with("as recorded")) return;
        failed.push_back("corpus " + line.substr(beginning.size(), colon - beginning.size()));
      });
  if (end.interrupted) return std::unexpected(std::string(interrupted));
  if (!end.started) return std::unexpected(fmt::format("timeout: {}", end.why_not_started));
  if (end.exit_code == exit_timed_out || end.exit_code == exit_killed) {
    failed.emplace_back("corpus, which did not end in time");
  } else if (replayed == 0) {
    return std::unexpected(
        fmt::format("{}: no Program was replayed (status {})", options.corpus, end.exit_code));
  }
  return {};
}

}  // namespace

TestLine test_line_of(const std::string& line) {
  // " 3/12 Test  #7: handle.is_consumed ....***Failed    0.01 sec", or "… Passed …".
  const std::size_t test = line.find(" Test ");
  const std::size_t number = test == line.npos ? test : line.find('#', test);
  const std::size_t colon = number == line.npos ? number : line.find(": ", number);
  if (colon == line.npos) return {};
  const std::size_t begin = colon + 2;
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view rest = std::string_view(line).substr(end);
  const bool is_failed = rest.contains("***") && !rest.contains("***Skipped");
  if (!is_failed && !rest.contains(" Passed ") && !rest.contains("***Skipped")) return {};
  return {line.substr(begin, end - begin), is_failed};
}

std::expected<std::vector<std::string>, std::string> failures_elsewhere(
    const ElsewhereOptions& options) {
  std::set<std::string> tests;
  if (const auto done = run_tests(options, tests); !done) return std::unexpected(done.error());
  std::vector<std::string> failed(tests.begin(), tests.end());
  if (const auto done = replay_corpus(options, failed); !done) return std::unexpected(done.error());
  return failed;
}

}  // namespace fiberproof::verify
