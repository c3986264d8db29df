// Compares the mutants that nothing noticed with the list of those that are known (survivors.txt).
#pragma once

#include "verify/mutation/listed_reasons.hpp"

#include <set>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Each difference on a line: a survivor that the list does not have, or an entry that was killed,
/// or that names no mutant of `files` any more. `made` has the keys of all mutants of `files`,
/// tried or not.
std::vector<std::string> differences(const ListedReasons& listed,
                                     const std::set<std::string>& files,
                                     const std::set<std::string>& made,
                                     const std::set<std::string>& killed,
                                     const std::set<std::string>& survived);

}  // namespace fiberproof::verify
