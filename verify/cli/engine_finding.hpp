// Keeps a disagreement with an engine: minimises its program, and writes one folder with the
// program, its modules as text and binary, what each engine says of it, and the command that shows
// it again.
#pragma once

#include "verify/cli/engine_campaign.hpp"

#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

inline constexpr unsigned engine_attempts_max = 300;  ///< of minimising one finding

/// Replaces the program of `finding` by a shorter one that the same engine answers in the same way.
/// A finding that shows only in a batch stays as it is. Calls `on_attempt` with the steps that are
/// left.
void minimize_finding(EngineFinding& finding, fuzz::engine::Driver& driver,
                      const EngineParts& parts,
                      const std::function<void(std::size_t steps, unsigned attempts)>& on_attempt);

/// Writes the finding of `driver` into a new folder below `out`, and notes it in the finding. Runs
/// the command that it writes down. The result is that command, empty where it does not show the
/// finding again; the error is one line that names the file.
[[nodiscard]] std::expected<std::string, std::string> keep_engine_finding(
    EngineFinding& finding, fuzz::engine::Driver& driver,
    const std::vector<fuzz::engine::Driver*>& all, const EngineParts& parts,
    const std::string& out);

}  // namespace fiberproof::verify
