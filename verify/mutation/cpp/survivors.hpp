// The mutants that nothing notices, each with the reason why that is right, or who should: a list
// that is kept by hand (survivors.txt). A mutant's key on a line, and below it, indented, the
// reason.
#pragma once

#include <expected>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct SurvivingMutant {
  std::size_t line = 0;  ///< of the list
  std::string reason;
};

/// By key. An error is one line that names the list's file and line.
using SurvivingMutants = std::map<std::string, SurvivingMutant>;
std::expected<SurvivingMutants, std::string> parse_surviving_mutants(std::string_view text,
                                                                     std::string_view path);

/// How the list differs from what was found, one line each: survivors that it does not have, and
/// entries of mutants that are killed or of `files` and made no more. `made` has the keys of all
/// mutants of `files`, tried or not.
std::vector<std::string> differences(const SurvivingMutants& listed,
                                     const std::set<std::string>& files,
                                     const std::set<std::string>& made,
                                     const std::set<std::string>& killed,
                                     const std::set<std::string>& survived);

}  // namespace fiberproof::verify
