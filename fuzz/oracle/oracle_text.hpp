// The oracles of texts: what core says of a trap or a broken chain names what happened, with its
// numbers. How it says the rest is its own business, so a text is asked for phrases: the words that
// tell one case from the others, each number among those that say what it is.
#pragma once

#include "fuzz/oracle/continuation_oracle.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::oracle {

using Phrases = std::vector<std::string>;

/// Facts that only the text of a trap has to do with.
struct TextFacts {
  std::uint64_t numbers_before = 0;  ///< continuations of the store from before the run
  // Of a consumed handle.
  std::uint64_t continuation = 0;
  std::uint64_t handle_revision = 0;
  std::uint64_t record_revision = 0;
};

/// What a text on this trap must say.
Phrases phrases_of(const ExpectedTrap& trap, const TextFacts& facts);

/// What a text on this walk must say, which broke on the stack called `stack`.
Phrases phrases_of(const BrokenWalk& broken, std::string_view stack);

/// `text` has each phrase, as whole words and numbers.
Verdict text_says(SpecId id, const Phrases& phrases, std::string_view text);

}  // namespace fiberproof::fuzz::oracle
