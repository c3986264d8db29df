// Prints a trace as a Program, to be run on real stacks: if the run passes, only the model has the
// bug.
#pragma once

#include "verify/model/search.hpp"

#include <expected>
#include <string>

namespace fiberproof::verify::model {

/// The Program, or why the language cannot express the trace: it begins and ends with an entry, and
/// names at most seven handles.
[[nodiscard]] std::expected<std::string, std::string> program_text(const Trace& trace);

/// One line for each operation, for people.
std::string story(const Trace& trace);

}  // namespace fiberproof::verify::model
