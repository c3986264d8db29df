// A contract of what a routine does today, read off its instructions: to start from, and to be
// turned into what it should do.
#pragma once

#include "verify/object/object_file.hpp"

#include <string>

namespace fiberproof::verify {

/// The contract `name` of the routine, which the file calls `symbol`. The first path is followed,
/// on which no conditional jump is taken: registers and words are known as sums over what a
/// register, or a word that was loaded, has at the beginning. Whatever is not followed is a comment
/// that says so.
std::string sketch_contract(const std::string& name, const std::string& symbol,
                            const Routine& routine);

}  // namespace fiberproof::verify
