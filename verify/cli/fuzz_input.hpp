// What the commands on one Program take: its text, or an input as a fuzz target left it behind. Raw
// bytes stand for a Program only to the target that read them, so the file's name must begin as
// that of a finding does: TARGET-crash-, or -leak-, -oom-, -timeout-, -slow-unit-.
#pragma once

#include "fuzz/program/program.hpp"

#include <expected>
#include <string>

namespace fiberproof::verify {

/// The error is one line that names the file and says what to do with it.
std::expected<void, std::string> read_program_or_input(const std::string& path,
                                                       fuzz::MachineProgram& program);

}  // namespace fiberproof::verify
