// A run over changes of core, which may be known bugs or slips in its C++: it puts one at a time
// into a copy of the sources, has it judged, and keeps what was found, so that a run that was
// stopped resumes. What a judge asks (the proofs, the corpus, fuzz targets) and in which order is
// its own.
#pragma once

#include "verify/mutation/changed_tree.hpp"
#include "verify/mutation/findings.hpp"
#include "verify/mutation/findings_file.hpp"
#include "verify/obligation/expected_theorems.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ChangeRunOptions {
  std::string source;   ///< the project's folder
  std::string folder;   ///< copy of the sources, build, artefacts and findings.json; it is kept
  std::string command;  ///< `fiberproof`, for the proofs
  std::vector<ExpectedTheorem> theorems;     ///< what it proves of unchanged sources
  std::uint64_t executions_max = 1'000'000;  ///< of a search in a fuzz target
  /// Takes over what the folder has of an earlier run with the same sources and options.
  bool resume = true;
};

/// What the work on one change is at.
struct Phase {
  std::string text;        ///< "building", "program: 3 of 20 searches, 2 found something"
  bool is_a_step = false;  ///< within the phase before: for a terminal only, and from any thread
};
using Tell = std::function<void(const Phase&)>;

/// The program whose machine code the proofs read, and which replays the corpus: plain core,
/// linked.
inline constexpr const char* subject_program = "corpus_replay";
std::string fuzzer_of(const std::string& target);

class ChangeRun {
 public:
  /// Fills in the findings. An error ends the run, such as Ctrl-C.
  using Judge = std::function<std::expected<void, std::string>(Findings&)>;

  struct Judged {
    Findings findings;
    bool is_earlier = false;  ///< of an earlier run
  };

  /// `limits` are the options that findings depend on, as text.
  [[nodiscard]] static std::expected<ChangeRun, std::string> start(const ChangeRunOptions& options,
                                                                   const std::string& limits);

  /// Judges one change on the sources as they are; the judge puts it in.
  [[nodiscard]] std::expected<Judged, std::string> judge(const Change& change, Tell tell,
                                                         const Judge& judge);

  /// Judges the sources without a change, and keeps nothing.
  [[nodiscard]] std::expected<Findings, std::string> judge_unchanged(Tell tell, const Judge& judge);

  /// Leaves the copy without a change.
  [[nodiscard]] std::expected<void, std::string> end() { return restore(); }

  // What a judge is made of. Each tells its phase.
  [[nodiscard]] std::expected<void, std::string> put_in(const Change& change);
  /// An error other than `interrupted` has the compiler's last lines.
  [[nodiscard]] std::expected<void, std::string> build(
      const std::vector<std::string>& programs,
      ChangedTree::Flavour flavour = ChangedTree::Flavour::sanitized);
  /// Adds to the findings what the proofs say of the program of one build.
  [[nodiscard]] std::expected<void, std::string> prove(
      Findings& findings, ChangedTree::Flavour flavour = ChangedTree::Flavour::sanitized);
  /// Takes the change out.
  [[nodiscard]] std::expected<void, std::string> restore() { return tree_.restore(); }
  const ChangedTree& tree() const { return tree_; }
  void tell(const Phase& phase) const { tell_(phase); }

 private:
  explicit ChangeRun(const ChangeRunOptions& options)
      : options_(options), tree_(options.source, options.folder) {}

  ChangeRunOptions options_;
  ChangedTree tree_;
  std::optional<FindingsFile> file_;
  Tell tell_;
};

}  // namespace fiberproof::verify
