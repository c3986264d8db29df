// Whether a counterexample's Program shows on real stacks what the proof says: a refutation that
// does not run is one of the model.
#pragma once

#include <string>

namespace fiberproof::verify {

struct Confirmation {
  bool confirmed;
  std::string line;  ///< what the native run did
};

/// Replays `program` in a process of its own. A refutation that is expected is confirmed by a run
/// that is as the Program records it; one that is not, by a run that differs from it.
Confirmation confirm_natively(const std::string& program, bool is_expected);

/// `text` with `margin` before each line.
std::string indented(const std::string& text, const std::string& margin);

}  // namespace fiberproof::verify
