// `fiberproof fuzz`: starts the libFuzzer targets that the build made beside the command.
#pragma once

#include "fuzz/targets/target.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/exit_status.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct FuzzOptions {
  std::vector<std::string> targets;  ///< empty for all
  unsigned seconds = 60;             ///< of each target
  unsigned jobs = 1;                 ///< processes of a target at once, which share what they find
  SeedOptions seeds;
  std::string corpus;  ///< inputs found are kept here, in a folder for each target
  std::string artifacts = "fiberproof-artifacts";  ///< of findings; is made with the first one
};

struct TargetReport {
  std::string target;
  std::uint64_t executions = 0;
  std::uint64_t executions_per_second = 0;
  std::uint64_t corpus_inputs = 0;
  std::optional<std::uint64_t> coverage;
  std::uint64_t findings = 0;
  std::map<std::string, std::uint64_t> oracle_counts;  ///< how often each rule was checked
};

struct FuzzReport {
  ExitStatus status = ExitStatus::ok;
  std::vector<TargetReport> targets;
};

struct FuzzTarget {
  std::string name;
  std::string seeds;  ///< the target in whose folder of the corpus they are
  /// Makes Programs of its inputs. Null where an input is a file of the target's own kind.
  fuzz::Generator* generator;

  /// Its inputs stand for Programs, which it runs on core: so it tells the machine code of its
  /// process and how often each rule was checked.
  bool runs_programs() const { return generator != nullptr; }
};

/// The targets in the order of the table.
const std::vector<FuzzTarget>& fuzz_targets();

/// The binary of a target.
std::string target_path(const std::string& target);

/// What prevents the targets of `options` from being run: one line each, with what to do. Looked at
/// before any of them is started.
std::vector<std::string> fuzzing_obstacles(const FuzzOptions& options);

/// Runs each target with its seeds, and prints a progress line now and then. A finding is told with
/// its Program, where it has one, and the line that replays it. What prevents a run is told, and
/// is no finding.
FuzzReport run_fuzzers(const FuzzOptions& options);

}  // namespace fiberproof::verify
