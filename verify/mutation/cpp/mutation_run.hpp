// Mutants of core's C++ put into a copy of the sources one at a time, and what notices each first:
// the compiler, the proofs where they are of that code, the corpus, or a fuzz target.
#pragma once

#include "verify/mutation/cpp/mutator.hpp"
#include "verify/mutation/defects/findings.hpp"
#include "verify/mutation/defects/hunt.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// A file that is mutated, and who is asked of it.
struct MutatedFile {
  std::string path;                  ///< from the project's folder
  bool is_proved;                    ///< theorems are about its machine code
  std::vector<std::string> targets;  ///< fuzz targets that run it, the likeliest first
};

/// Those of core, or those of them that are named: by the file's name, with or without `core/`.
std::expected<std::vector<MutatedFile>, std::string> mutated_files(
    const std::vector<std::string>& names);

struct MutationOptions {
  std::string source;   ///< the project's folder
  std::string folder;   ///< copy of the sources, build and findings.json; is kept
  std::string command;  ///< `fiberproof`, for the proofs
  unsigned sample = 1;  ///< every Nth mutant of each file
  std::uint64_t executions_max = 100'000;  ///< of a fuzz target, from an empty corpus
  unsigned replay_seconds = 20;            ///< of the corpus, which takes less than one
  bool resume = true;                      ///< folds in what an earlier run of the same found
};

enum class Killer : std::uint8_t { none, compiler, proofs, corpus, time, fuzzing };
std::string_view name_of(Killer killer);

/// By what the findings say, which are those of a hunt: of the corpus as of a target.
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

/// Who watches a run. No mutation is the sources as they are, which are tried first.
struct MutationWatcher {
  std::function<void(const SourceMutation*, const Phase&)> on_phase = [](const SourceMutation*,
                                                                         const Phase&) {};
  std::function<void(const SourceMutation&, const Findings&)> on_findings;
};

/// Tries each, and tells each phase and the findings as each is done. The error says what prevents
/// any mutant, such as sources that are noticed without one, or Ctrl-C.
std::expected<std::vector<Findings>, std::string> try_mutations(
    const MutationOptions& options, const std::vector<SourceMutation>& mutations,
    const MutationWatcher& watcher);

}  // namespace fiberproof::verify
