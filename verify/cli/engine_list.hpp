// The engines that `fiberproof engines` and the main job run: a table, and --engine.
#pragma once

#include "fuzz/engine/driver.hpp"
#include "fuzz/engine/engine.hpp"
#include "fuzz/engine/known.hpp"
#include "verify/cli/engine_campaign.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The table that .ci/install-engines writes; empty where there is none.
std::string installed_engine_table();

/// The engines of the file `table`, none where that is empty, then those of `options`, which take
/// the place of one of the same name. The error is one line.
[[nodiscard]] std::expected<std::vector<fuzz::engine::Engine>, std::string> read_engines(
    const std::string& table, const std::vector<std::string>& options);

/// The list in the file `path`, or of the corpus where that is empty. The error is one line.
[[nodiscard]] std::expected<std::vector<fuzz::engine::KnownDisagreement>, std::string>
read_known_disagreements(const std::string& path);

/// Prepares a driver for each of `engines` that runs here, and a report for each of them all, those
/// that run first. A report says why its engine is left out.
std::vector<std::unique_ptr<fuzz::engine::Driver>> prepare_engines(
    const std::vector<fuzz::engine::Engine>& engines, const fuzz::engine::DriverOptions& options,
    std::vector<EngineReport>& reports);

}  // namespace fiberproof::verify
