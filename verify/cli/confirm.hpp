// Checks on real stacks that a counterexample's Program fails as the proof says: a refutation that
// does not run concerns the model only.
#pragma once

#include <expected>
#include <string>

namespace fiberproof::verify {

struct Confirmation {
  bool confirmed;
  std::string line;  ///< the result of the native run
};

/// Replays `program` in a process of its own. An expected refutation is confirmed by a run that is
/// as the Program records it, an unexpected one by a run that differs. A Program without values of
/// the refuting state, which is always the same, only shows that this kind of failure is real.
Confirmation confirm_natively(const std::string& program, bool is_expected, bool is_of_state);

/// Writes `program` into `directory`, creating it if necessary, as THEOREM.program with dots for
/// slashes, or as THEOREM.2.program and so on if another program has the name: nothing is
/// overwritten. Returns the path, also if the same program is there already; or one clear line.
[[nodiscard]] std::expected<std::string, std::string> keep_counterexample(
    const std::string& directory, const std::string& theorem, const std::string& program);

/// `text` with `margin` before each line.
std::string indented(const std::string& text, const std::string& margin);

}  // namespace fiberproof::verify
