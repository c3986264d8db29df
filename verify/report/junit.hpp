// Results as JUnit's XML, in the form that CI services read: a suite for each group of items.
#pragma once

#include "verify/report/result_items.hpp"

#include <string>

namespace fiberproof::verify {

/// A failed item is a `failure`, an undecided one an `error`, a skipped one `skipped`.
std::string junit_of(const ResultItems& results);

}  // namespace fiberproof::verify
