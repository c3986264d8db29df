// gdb in batch mode.
#pragma once

#include <string>
#include <vector>

namespace fiberproof::unwind {

/// Runs gdb on `program`, a path and its arguments, and returns the lines that both print. Expects
/// that gdb can be run, and ends without an error.
std::vector<std::string> gdb_output(const std::vector<std::string>& commands,
                                    const std::vector<std::string>& program);

}  // namespace fiberproof::unwind
