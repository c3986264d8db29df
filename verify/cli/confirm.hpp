// Whether a counterexample's Program shows on real stacks what the proof says: a refutation that
// does not run is one of the model.
#pragma once

#include <expected>
#include <string>

namespace fiberproof::verify {

struct Confirmation {
  bool confirmed;
  std::string line;  ///< what the native run did
};

/// Replays `program` in a process of its own. A refutation that is expected is confirmed by a run
/// that is as the Program records it; one that is not, by a run that differs from it. A Program
/// without values of the refuting state, always the same one, is only said to fail as well.
Confirmation confirm_natively(const std::string& program, bool is_expected, bool is_of_state);

/// Writes `program` into `directory`, made if need be, as THEOREM.program, its slashes dots, or,
/// where another program is there already, THEOREM.2.program and so on: nothing is overwritten. The
/// path, also where the same program is there; or one clear line.
std::expected<std::string, std::string> keep_counterexample(const std::string& directory,
                                                            const std::string& theorem,
                                                            const std::string& program);

/// `text` with `margin` before each line.
std::string indented(const std::string& text, const std::string& margin);

}  // namespace fiberproof::verify
