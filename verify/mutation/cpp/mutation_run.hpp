// Mutants of core's C++ put into a copy of the sources one at a time, and what notices each first:
// the compiler, the proofs where they are of that code, the corpus, or a fuzz target.
#pragma once

#include "verify/mutation/change_run.hpp"
#include "verify/mutation/cpp/mutator.hpp"
#include "verify/mutation/findings.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// A file that is mutated, and what may notice.
struct MutatedFile {
  std::string path;                  ///< from the project's folder
  bool is_proved;                    ///< theorems are about its machine code
  std::vector<std::string> targets;  ///< fuzz targets that run it, the likeliest first
};

/// The files of core that are mutated, or those that are named, with or without `core/`.
[[nodiscard]] std::expected<std::vector<MutatedFile>, std::string> mutated_files(
    const std::vector<std::string>& names);

struct MutationOptions : ChangeRunOptions {
  MutationOptions() { executions_max = 100'000; }

  unsigned sample = 1;           ///< every Nth mutant of each file
  unsigned replay_seconds = 20;  ///< of the corpus, which takes less than one
};

enum class Killer : std::uint8_t { none, compiler, proofs, corpus, time, fuzzing };
std::string_view name_of(Killer killer);

/// What noticed first. The corpus is in the findings as a target is.
Killer killer_of(const Findings& findings);

struct SourceMutation {
  const MutatedFile* file;
  SourceMutant mutant;
  std::string patch;
};

/// The mutants of each file, of the sources in the folder `source`, less what `sample` leaves out.
struct SourceMutations {
  std::vector<SourceMutation> chosen;
  std::vector<std::string> made;  ///< keys of all
  std::size_t checks_left_out = 0;
};
SourceMutations mutations_of(const std::vector<MutatedFile>& files, const std::string& source,
                             unsigned sample);

/// Watches a run. The mutation is null for the sources as they are, which are tried first.
struct MutationWatcher {
  std::function<void(const SourceMutation*, const Phase&)> on_phase = [](const SourceMutation*,
                                                                         const Phase&) {};
  std::function<void(const SourceMutation&, const Findings&)> on_findings;
};

/// Tries each; tells each phase, and the findings as each is done. The error says what prevents any
/// run, such as unchanged sources that are killed, or Ctrl-C.
[[nodiscard]] std::expected<std::vector<Findings>, std::string> try_mutations(
    const MutationOptions& options, const std::vector<SourceMutation>& mutations,
    const MutationWatcher& watcher);

}  // namespace fiberproof::verify
