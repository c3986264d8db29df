// Results as Markdown, for the summary page of a CI job: what is not as expected with its story,
// then a table of what was checked.
#pragma once

#include "verify/report/result_items.hpp"

#include <string>

namespace fiberproof::verify {

std::string markdown_of(const ResultItems& results);

}  // namespace fiberproof::verify
