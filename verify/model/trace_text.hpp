// A trace as a Program ("fiberproof program 2"), to be run on real
// stacks: a run that is as the Program expects says that what was found is the model's alone.
#pragma once

#include "verify/model/search.hpp"

#include <expected>
#include <string>

namespace fiberproof::verify::model {

/// The Program, or why the language has none for the trace: it begins with an entry and ends with
/// it, and names at most seven handles.
std::expected<std::string, std::string> program_text(const Trace& trace);

/// One line for each operation, for people.
std::string story(const Trace& trace);

}  // namespace fiberproof::verify::model
