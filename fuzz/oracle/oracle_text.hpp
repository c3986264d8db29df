// The oracles of core's error messages: a message names the trap or the break in a chain with its
// numbers. It is checked for phrases only: the words that tell one case from the others, each
// number with the words that say what it is. The rest of the wording is free.
#pragma once

#include "fuzz/oracle/continuation_oracle.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::oracle {

using Phrases = std::vector<std::string>;

/// Numbers that occur only in the text of a trap.
struct TextFacts {
  std::uint64_t numbers_before = 0;  ///< continuations of the store from before the run
  // For a consumed handle.
  std::uint64_t continuation = 0;
  std::uint64_t handle_revision = 0;
  std::uint64_t record_revision = 0;
};

/// The phrases that the text of this trap must contain.
Phrases phrases_of(const ExpectedTrap& trap, const TextFacts& facts);

/// The phrases that the text of this walk must contain, which broke on the stack called `stack`.
Phrases phrases_of(const BrokenWalk& broken, std::string_view stack);

/// `text` contains each phrase as whole words and numbers.
[[nodiscard]] Verdict text_says(SpecId id, const Phrases& phrases, std::string_view text);

}  // namespace fiberproof::fuzz::oracle
