#include "verify/mutation/changed_tree.hpp"

#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

// What the fuzz targets are built of. The verifier stays out: changes are in core.
constexpr std::array<std::string_view, 5> parts{"CMakeLists.txt", ".cmake", "core", "corpus",
                                                "fuzz"};

// Relative paths of the regular files below the parts, in order.
std::vector<filesystem::path> files_below(const filesystem::path& root) {
  std::vector<filesystem::path> files;
  for (const std::string_view part : parts) {
    const filesystem::path top = root / part;
    if (filesystem::is_regular_file(top)) files.emplace_back(part);
    if (!filesystem::is_directory(top)) continue;
    for (const auto& entry : filesystem::recursive_directory_iterator(top)) {
      const filesystem::path file = entry.path().lexically_relative(root);
      // Known bugs are patches, and not built.
      if (entry.is_regular_file() && !file.string().starts_with("core/defects/")) {
        files.push_back(file);
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

// Runs a program to its end; the error has its last lines.
std::expected<void, std::string> run(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment = {}) {
  constexpr std::size_t lines_max = 12;
  std::deque<std::string> tail;
  const ProcessEnd end = run_process(arguments, environment, [&tail](const std::string& line) {
    tail.push_back(line);
    if (tail.size() > lines_max) tail.pop_front();
  });
  if (end.started && end.exit_code == 0) return {};
  if (end.interrupted) return std::unexpected(std::string(interrupted));
  if (!end.started) {
    return std::unexpected(fmt::format("{}: {}", arguments.front(), end.why_not_started));
  }
  return std::unexpected(fmt::format("{} ended with status {}:\n  {}", arguments.front(),
                                     end.exit_code, fmt::join(tail, "\n  ")));
}

// The one that .ci/prove-matrix takes.
std::string gxx() {
  const char* const chosen = std::getenv("FIBERPROOF_GXX");
  return chosen == nullptr || *chosen == '\0' ? "g++" : chosen;
}

bool has_ccache() {
  return run({"ccache", "--version"}).has_value();
}

}  // namespace

void mix(std::uint64_t& hash, std::string_view text) {
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ChangedTree::ChangedTree(std::string source, std::string folder)
    : source_(std::move(source)), folder_(std::move(folder)) {}

std::expected<void, std::string> ChangedTree::restore() {
  try {
    const filesystem::path from(source_);
    const filesystem::path to = filesystem::path(folder_) / "tree";
    filesystem::create_directories(to);
    std::set<filesystem::path> wanted;
    source_hash_ = hash_of_nothing;
    for (const filesystem::path& file : files_below(from)) {
      const std::string contents = contents_of(from / file);
      mix(source_hash_, file.string());
      mix(source_hash_, contents);
      wanted.insert(file);
      // One that is the same keeps its time, so that it is not compiled again.
      if (filesystem::exists(to / file) && contents_of(to / file) == contents) continue;
      filesystem::create_directories((to / file).parent_path());
      std::ofstream copy(to / file, std::ios::binary);
      copy << contents;
      if (!copy.flush()) {
        return std::unexpected(fmt::format("{}: cannot be written", (to / file).string()));
      }
    }
    if (wanted.empty()) {
      return std::unexpected(fmt::format("{}: the project's sources are not here", source_));
    }
    for (const filesystem::path& file : files_below(to)) {
      if (!wanted.contains(file)) filesystem::remove(to / file);
    }
  } catch (const filesystem::filesystem_error& error) {
    return std::unexpected(std::string(error.what()));
  }
  return {};
}

std::expected<void, std::string> ChangedTree::put_in(const Change& change) const {
  const std::string file = folder_ + "/change.patch";
  std::ofstream(file, std::ios::binary) << change.patch;
  // The copy may lie below a repository, whose rules must not apply here.
  const auto done = run({"git", "-C", folder_ + "/tree", "apply", "../change.patch"},
                        {"GIT_CEILING_DIRECTORIES=" + folder_});
  if (done || done.error() == interrupted) return done;
  return std::unexpected(fmt::format("{}.patch: {}", change.name, done.error()));
}

std::string_view compiler_of(ChangedTree::Flavour flavour) {
  return flavour == ChangedTree::Flavour::gxx ? "g++" : "";
}

std::string ChangedTree::build_folder(Flavour flavour) const {
  constexpr std::array<std::string_view, 4> names{"/build", "/build-plain", "/build-tests",
                                                  "/build-gxx"};
  return folder_ + std::string(names[static_cast<std::size_t>(flavour)]);
}

std::expected<void, std::string> ChangedTree::configure(Flavour flavour) {
  std::vector<std::string> arguments{"cmake",
                                     "-S",
                                     folder_ + "/tree",
                                     "-B",
                                     build_folder(flavour),
                                     "-G",
                                     "Ninja",
                                     "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                                     "-DFIBERPROOF_VERIFY=OFF",
                                     "-DFIBERPROOF_BENCHMARKS=OFF",
                                     "-DFIBERPROOF_BACKTRACE=OFF"};
  if (flavour == Flavour::gxx) {
    arguments.push_back("-DCMAKE_CXX_COMPILER=" + gxx());
  } else {
    arguments.insert(arguments.end(), {"-DCMAKE_CXX_COMPILER=" FIBERPROOF_CXX_COMPILER,
                                       "-DCMAKE_EXE_LINKER_FLAGS=" FIBERPROOF_LINKER_FLAGS});
  }
  const bool has_tests = flavour == Flavour::tests || flavour == Flavour::gxx;
  arguments.push_back(fmt::format("-DFIBERPROOF_TESTS={}", has_tests ? "ON" : "OFF"));
  arguments.push_back(fmt::format("-DFIBERPROOF_FUZZERS={}", has_tests ? "OFF" : "ON"));
  if (flavour == Flavour::plain) arguments.emplace_back("-DFIBERPROOF_FUZZ_SANITIZERS=");
  if (has_ccache()) arguments.emplace_back("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache");
  return run(arguments);
}

std::expected<void, std::string> ChangedTree::build(const std::vector<std::string>& targets,
                                                    Flavour flavour) {
  if (!configured_.contains(flavour)) {
    if (const auto done = configure(flavour); !done) return done;
    configured_.insert(flavour);
  }
  std::vector<std::string> arguments{"cmake", "--build", build_folder(flavour), "--target"};
  arguments.insert(arguments.end(), targets.begin(), targets.end());
  return run(arguments);
}

std::string ChangedTree::program(const std::string& name, Flavour flavour) const {
  return build_folder(flavour) + "/bin/" + name;
}

}  // namespace fiberproof::verify
