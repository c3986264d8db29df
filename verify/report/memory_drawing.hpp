// The memory of a refutation as SVG: a cell for each word, high addresses on top.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Takes the rows of `refutation.memory`; nothing where there are none. Words that are not beside
/// each other in memory are drawn apart, and the wrong one is marked by a word, too.
std::string memory_drawing(const nlohmann::json& rows);

}  // namespace fiberproof::verify
