// The operations around the switches of a compiled module, told in lines: how many of each part are
// as the engine's offsets say, and why the others are not known.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/survey/engine_offsets.hpp"
#include "verify/survey/survey.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

struct ModuleOperations {
  std::vector<std::string> lines;    ///< empty if the file is no module of an engine
  std::vector<std::string> refuted;  ///< one line for each part of an operation that is wrong
};

/// With the offsets that are part of the command.
ModuleOperations module_operations(const ObjectFile& file, const Survey& found);

}  // namespace fiberproof::verify
