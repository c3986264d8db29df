// Where the corpus is: the folder that the build was made from, which may be gone, or one that
// stands beside the command. And what is missing where the sources are gone.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The folder `corpus` beside the command, or in ../share/fiberproof, or that of the sources. The
/// error is one line that says where it was looked for.
[[nodiscard]] std::expected<std::string, std::string> corpus_folder();

/// Where Programs of refutations are kept unless the user says otherwise: in the corpus, or in a
/// folder below the one that the user stands in, where there is no corpus that takes them.
std::string counterexamples_folder();

/// One line where the project's sources are not in `folder`, for commands that need them.
std::optional<std::string> why_no_sources(const std::string& folder);

struct SeedOptions {
  std::string folder;  ///< a corpus, or a folder that has one for each target; else corpus_folder()
  bool is_none = false;  ///< fuzz without seeds
};

/// The folder of the seeds called `name`, for the target `target`; empty for no seeds where that is
/// wished. Seeds that are missing are an error: one line that says where they were looked for, and
/// what to do.
[[nodiscard]] std::expected<std::string, std::string> seeds_of(const SeedOptions& options,
                                                               const std::string& target,
                                                               const std::string& name);

}  // namespace fiberproof::verify
