// A copy of the project's sources beside the real ones, into which one change at a time is put, and
// its build: only what a change affects is compiled again.
#pragma once

#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// One change of the sources.
struct Change {
  std::string name;
  std::string patch;  ///< as `git apply` takes it
};

/// The error of whatever Ctrl-C ended.
inline constexpr std::string_view interrupted = "interrupted";

/// FNV-1a, 64 bits, of what `hash` is of and then `text`.
void mix(std::uint64_t& hash, std::string_view text);
inline constexpr std::uint64_t hash_of_nothing = 0xcbf29ce484222325;

/// All of a file; empty where it cannot be read.
std::string contents_of(const std::string& path);

class ChangedTree {
 public:
  /// The builds: fuzz targets with sanitizers and without, the tests of core and fuzz, and the same
  /// tests by g++. Programs that are neither a fuzz target nor a test are in each.
  enum class Flavour : std::uint8_t { sanitized, plain, tests, gxx };

  /// `folder` has the copy and the build; it is made where it is missing.
  ChangedTree(std::string source, std::string folder);

  /// Makes the copy what the sources are now, which takes out a change as well.
  [[nodiscard]] std::expected<void, std::string> restore();
  /// The hash of all that is copied, names and contents, at the last restore().
  std::uint64_t source_hash() const { return source_hash_; }

  /// Applies a patch. The error has what git says of one that does not apply.
  [[nodiscard]] std::expected<void, std::string> put_in(const Change& change) const;

  /// Builds programs of the tree, by target. The error has the compiler's last lines.
  [[nodiscard]] std::expected<void, std::string> build(const std::vector<std::string>& targets,
                                                       Flavour flavour = Flavour::sanitized);

  /// Where a program of a build is.
  std::string program(const std::string& name, Flavour flavour = Flavour::sanitized) const;
  std::string build_folder(Flavour flavour) const;

 private:
  [[nodiscard]] std::expected<void, std::string> configure(Flavour flavour);

  std::string source_;
  std::string folder_;
  std::uint64_t source_hash_ = 0;
  std::set<Flavour> configured_;
};

/// "g++"; empty for the compiler that built us.
std::string_view compiler_of(ChangedTree::Flavour flavour);

}  // namespace fiberproof::verify
