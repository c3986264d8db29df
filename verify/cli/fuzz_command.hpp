// `fiberproof fuzz`: starts the libFuzzer targets that the build put beside the command.
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
  unsigned seconds = 60;             ///< for each target
  unsigned jobs = 1;                 ///< parallel processes of a target, which share their finds
  SeedOptions seeds;
  std::string corpus;  ///< folder for the inputs found, with a subfolder for each target
  std::vector<std::string> flags;                  ///< for libFuzzer, behind those of the command
  std::string artifacts = "fiberproof-artifacts";  ///< folder for findings; made with the first one
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
  std::string seeds;  ///< the target whose corpus folder has its seeds
  /// Makes Programs of its inputs. Null if an input is a file of the target's own kind.
  fuzz::Generator* generator;

  /// Whether it runs Programs on core: it then reports the machine code of its process and how
  /// often each rule was checked.
  bool runs_programs() const { return generator != nullptr; }
};

/// The targets in the order of the table.
const std::vector<FuzzTarget>& fuzz_targets();

/// The binary of a target: beside the command, or where `cmake --install` puts it.
std::string target_path(const std::string& target);

/// What prevents the targets of `options` from running: one line each, with the next step. Checked
/// before any target starts.
std::vector<std::string> fuzzing_obstacles(const FuzzOptions& options);

/// Runs each target with its seeds, and prints progress now and then. Prints a finding with its
/// Program, if it has one, and the line that replays it. An obstacle to a run is reported, and is
/// not a finding.
FuzzReport run_fuzzers(const FuzzOptions& options);

}  // namespace fiberproof::verify
