// The operations around the switches of a compiled module, told in lines: how many of each part are
// as the engine's offsets say, and why the others are not known.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/survey/engine_offsets.hpp"
#include "verify/survey/survey.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// With the offsets that are part of the command; empty if the file is no module of an engine, or
/// has no switch.
std::vector<std::string> module_operations(const ObjectFile& file, const Survey& found);

}  // namespace fiberproof::verify
