// What the command says on standard error: one line for each thing that is wrong, kept for --json.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Prints `fiberproof: LINE` after all that standard output has so far. The beginning is not
/// repeated where the line has it already.
void complain(std::string_view line);

/// What was said so far, without that beginning.
const std::vector<std::string>& complaints();

/// Hands on what was printed so far, or throws what prevents it: a reader who left ends the run.
void flush();

/// One line where standard output did not take all, unless that was said; whether it took all.
bool took_all_output();

/// What an exception says; of one that a full or closed standard output threw, that and why.
std::string message(const std::exception& error);

}  // namespace fiberproof::verify
