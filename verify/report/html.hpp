// Results as one page of HTML that opens from disk: no script, nothing from elsewhere. What is not
// as expected comes first, each refutation with its run and a drawing of the memory that it
// touched; then what holds, by rule, and everything else that was checked.
#pragma once

#include "verify/report/result_items.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// `items` must be those of `results`.
std::string html_of(const ResultItems& items, const nlohmann::json& results);

}  // namespace fiberproof::verify
