// Bodies inside each other, each with a local variable whose destructor leaves a note.
#pragma once

#include "core/body.hpp"
#include "core/continuation.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof {

/// Adds `text` to `notes` when it is destroyed.
struct Note {
  std::vector<std::string>& notes;
  std::string text;
  ~Note() { notes.push_back(text); }
};

/// Runs `innermost` in `depth` bodies inside each other. Each notes its depth when its frame ends,
/// and "was resumed" if the resume of the next one returns.
inline void run_nested(Store& store, std::size_t depth, std::vector<std::string>& notes,
                       const std::function<void()>& innermost) {
  const Note note{notes, std::to_string(depth)};
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, notes, innermost); });
  static_cast<void>(resume(store, *cont_new(store, &body)));
  notes.push_back("was resumed");
}

}  // namespace fiberproof
