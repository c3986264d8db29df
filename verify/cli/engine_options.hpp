// The options of `fiberproof engines`, and those of the main job about engines.
#pragma once

#include "verify/cli/options.hpp"

#include <CLI/CLI.hpp>

namespace fiberproof::verify {

void add_engines(CLI::App& app, Options& options);
void add_main_engines(CLI::App& app, Options& options);

}  // namespace fiberproof::verify
