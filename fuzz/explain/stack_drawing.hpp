// The top of a continuation's stack as text, high addresses on top: offsets below TOS, the names of
// the fields, and what the words are. From a snapshot of a run, or from the specification alone.
#pragma once

#include "fuzz/explain/story.hpp"
#include "fuzz/run/stack_snapshot.hpp"

#include <optional>
#include <string>

namespace fiberproof::fuzz {

/// On input `snapshot` was taken in this process or one that was forked from it. Marks the word
/// that `violation` is about, where it is one of those.
std::string draw(const StackSnapshot& snapshot, const std::optional<Violation>& violation);

/// What SPEC.md says of a stack that was laid out for such a continuation and runs.
std::string draw(const ToldStack& stack);

}  // namespace fiberproof::fuzz
