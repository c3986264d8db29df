// Finds the corpus: in the sources that the build was made from, which may be gone, or beside the
// command. Also says what is missing if the sources are gone.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The folder `corpus` beside the command, or in ../share/fiberproof, or in the sources. The error
/// is one line that lists the places searched.
[[nodiscard]] std::expected<std::string, std::string> corpus_folder();

/// The folder for Programs of refutations, by default: in the corpus, or if there is no writable
/// corpus, in a folder below the current one.
std::string counterexamples_folder();

/// One line if the project's sources are not in `folder`, for commands that need them.
std::optional<std::string> why_no_sources(const std::string& folder);

struct SeedOptions {
  std::string folder;  ///< a corpus, or a folder with one for each target; default: corpus_folder()
  bool is_none = false;  ///< fuzz without seeds
};

/// The folder of the seeds called `name`, for the target `target`; empty if no seeds are wanted.
/// Missing seeds are an error: one line with the places searched and the next step.
[[nodiscard]] std::expected<std::string, std::string> seeds_of(const SeedOptions& options,
                                                               const std::string& target,
                                                               const std::string& name);

}  // namespace fiberproof::verify
