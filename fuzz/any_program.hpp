// A Program of either language, as a file or an input can hold: which of the two it is stands in
// its first line.
#pragma once

#include "fuzz/oracle/report.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/start/program.hpp"
#include "fuzz/start/run.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace fiberproof::fuzz {

/// Some kilobytes: not for small stacks.
using AnyProgram = std::variant<Program, MachineProgram>;

/// `program` as one of language T. What it held before is lost where that was of the other one.
template <class T>
T& as(AnyProgram& program) {
  T* const held = std::get_if<T>(&program);
  return held != nullptr ? *held : program.emplace<T>();
}

/// Whether `text` claims to be a program of either language.
bool has_any_magic(std::string_view text);

/// Reads a program of whichever language `text` is in, or says where it is none; `program` is
/// unspecified then.
std::expected<void, ParseError> parse(std::string_view text, AnyProgram& program);

/// The text of `program`: parse(print(p)) is p.
std::string print(const AnyProgram& program);

/// What a replay must see.
const Expectation& expectation_of(const AnyProgram& program);
void expect(AnyProgram& program, const Expectation& expectation);

/// Runs `program`; of a Program there are no options. A violation goes to `handler` and does not
/// come back. One run at a time.
Outcome run(const AnyProgram& program, FindingHandler* handler, const RunOptions& options = {});

}  // namespace fiberproof::fuzz
