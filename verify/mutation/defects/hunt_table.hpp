// The findings of a hunt for people: a line for each defect as it is done, and the whole as a
// table.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/defects/findings.hpp"

#include <span>
#include <string>

namespace fiberproof::verify {

/// One line.
std::string line_of(const Defect& defect, const Findings& findings);

/// Markdown: a row for each defect, with what the patch says where nothing was to be seen, and
/// below it how many were seen by what.
std::string table_of(std::span<const Defect> defects, std::span<const Findings> findings);

}  // namespace fiberproof::verify
