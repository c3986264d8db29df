// Reads the Program for commands on one Program: its text, or an input that a fuzz target saved.
// Raw bytes mean a Program only to the target that read them, so the file's name must begin like
// that of a finding: TARGET-crash-, or -leak-, -oom-, -timeout-, -slow-unit-.
#pragma once

#include "fuzz/program/program.hpp"

#include <expected>
#include <string>

namespace fiberproof::verify {

/// The error is one line that names the file and the next step.
[[nodiscard]] std::expected<void, std::string> read_program_or_input(const std::string& path,
                                                                     fuzz::Program& program);

}  // namespace fiberproof::verify
