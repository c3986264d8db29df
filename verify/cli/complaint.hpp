// The command's messages on standard error: one line per problem, kept for --json.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Prints `fiberproof: LINE`, after everything printed to standard output so far. The prefix is not
/// repeated if the line has it already.
void complain(std::string_view line);

/// The messages so far, without the prefix.
const std::vector<std::string>& complaints();

/// Flushes standard output, or throws if that fails: a closed pipe ends the run.
void flush();

/// Prints one line if standard output did not take everything, unless that was said before; returns
/// whether it took everything.
bool took_all_output();

/// The text of an exception; for one that a full or closed standard output threw, the reason.
std::string message(const std::exception& error);

}  // namespace fiberproof::verify
