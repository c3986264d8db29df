// The findings of a hunt as text: a line for each defect as it is done, and the whole as a table.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/findings.hpp"

#include <span>
#include <string>

namespace fiberproof::verify {

/// One line.
std::string line_of(const Defect& defect, const Findings& findings);

/// Markdown: a row for each defect, with the patch's reason where nothing had to notice it, and
/// below it how many were noticed by what, and which by nothing.
std::string table_of(std::span<const Defect> defects, std::span<const Findings> findings);

}  // namespace fiberproof::verify
