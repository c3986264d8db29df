#include "verify/cli/corpus_folders.hpp"

#include "verify/cli/prove_command.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return filesystem::is_directory(path, ignored);
}

bool has_files(const std::string& folder) {
  std::error_code ignored;
  return std::ranges::any_of(filesystem::directory_iterator(folder, ignored),
                             [](const filesystem::directory_entry& entry) {
                               std::error_code unread;
                               return entry.is_regular_file(unread);
                             });
}

std::vector<std::string> corpus_folders() {
  const filesystem::path beside = filesystem::path(own_path()).parent_path();
  return {(beside / "corpus").string(),
          (beside.parent_path() / "share" / "fiberproof" / "corpus").string(), FIBERPROOF_CORPUS};
}

// A user's folder holds the seeds in a folder for the target, like a corpus, or directly.
std::vector<std::string> folders_below(const std::string& folder, const std::string& target,
                                       const std::string& name) {
  std::vector<std::string> folders;
  for (const std::string& each : {target, name}) {
    folders.push_back(folder + "/" + each);
    folders.push_back(folder + "/seeds/" + each);
  }
  folders.push_back(folder);
  return folders;
}

}  // namespace

std::expected<std::string, std::string> corpus_folder() {
  const auto folders = corpus_folders();
  const auto found = std::ranges::find_if(folders, is_folder);
  if (found != folders.end()) return *found;
  return std::unexpected(fmt::format(
      "no corpus: looked for {}; copy the folder `corpus` of the sources to one of them",
      fmt::join(folders, ", ")));
}

std::string counterexamples_folder() {
  const auto corpus = corpus_folder();
  if (!corpus) return "fiberproof-counterexamples";
  const std::string folder = *corpus + "/counterexamples";
  const std::string& parent = is_folder(folder) ? folder : *corpus;
  return ::access(parent.c_str(), W_OK | X_OK) == 0 ? folder : "fiberproof-counterexamples";
}

std::optional<std::string> why_no_sources(const std::string& folder) {
  if (is_folder(folder + "/core")) return std::nullopt;
  return fmt::format(
      "{}: the project's sources, which this command was built from, are not there; put them back, "
      "or build the command where they are now",
      folder);
}

std::expected<std::string, std::string> seeds_of(const SeedOptions& options,
                                                 const std::string& target,
                                                 const std::string& name) {
  if (options.is_none) return std::string();
  if (!options.folder.empty()) {
    if (!is_folder(options.folder)) {
      return std::unexpected(
          fmt::format("{}: not a folder; give --seeds a folder with the seeds", options.folder));
    }
    const auto folders = folders_below(options.folder, target, name);
    const auto found = std::ranges::find_if(folders, has_files);
    if (found != folders.end()) return *found;
    return std::unexpected(
        fmt::format("no seeds for {} in {}: give --seeds a folder with files, or one with a folder "
                    "{} of them; or fuzz without, with --no-seeds",
                    target, options.folder, name));
  }
  std::vector<std::string> folders = corpus_folders();
  for (std::string& folder : folders) folder += "/seeds/" + name;
  const auto found = std::ranges::find_if(folders, has_files);
  if (found != folders.end()) return *found;
  return std::unexpected(fmt::format(
      "no seeds for {}: looked for {}; give them with --seeds DIR, or fuzz without, with "
      "--no-seeds",
      target, fmt::join(folders, ", ")));
}

}  // namespace fiberproof::verify
