// How Programs of this language call their stacks.
#pragma once

#include "fuzz/program/text.hpp"
#include "fuzz/start/program.hpp"

namespace fiberproof::fuzz {

inline constexpr StackTerms program_stack_terms = {"mapped", 1, mapped_bytes_max,
                                                   supplied_bytes_min, supplied_bytes_max};

}  // namespace fiberproof::fuzz
