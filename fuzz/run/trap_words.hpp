// Core's traps in the reference's words, and what core says of them to people.
#pragma once

#include "core/trap.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/view.hpp"

#include <cstddef>
#include <string_view>

namespace fiberproof::fuzz {

/// The tags that programs name; `tag_index` finds one.
extern const Tag program_tags[program_bounds::tags];
/// A tag that no step names.
extern const Tag other_tag;
std::size_t tag_index(const Tag* tag);

/// On input `trap` is of a continuation of that store of this run.
ExpectedTrap in_plain_words(const Trap& trap, const RunView& view, std::uint8_t store);

/// `text` is core's description of the trap of the latest step, and names its facts.
void judge_text(const RunView& view, const ExpectedTrap& expected, std::string_view text);

}  // namespace fiberproof::fuzz
