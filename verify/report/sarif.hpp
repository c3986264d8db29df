// Results as SARIF 2.1.0 (OASIS), which code hosts show beside the line: every item that failed or
// was not decided, at the wrong instruction's line of source text where the object file names one.
#pragma once

#include "verify/report/result_items.hpp"

#include <string>

namespace fiberproof::verify {

/// A failed item has the level `error`, an undecided one `warning`.
std::string sarif_of(const ResultItems& results);

}  // namespace fiberproof::verify
