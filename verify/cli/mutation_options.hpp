// The options of `fiberproof hunt`, `mutate` and `mutants`.
#pragma once

#include "verify/cli/options.hpp"

#include <CLI/CLI.hpp>

namespace fiberproof::verify {

void add_hunt(CLI::App& app, Options& options);
void add_mutate(CLI::App& app, Options& options);
void add_mutants(CLI::App& app, Options& options);

}  // namespace fiberproof::verify
