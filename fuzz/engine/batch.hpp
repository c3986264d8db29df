// A batch: programs as one file for an engine, and what its output says of each of them.
//
// Both protocols have the engine say which program it begins and which part it calls, so that a
// crash or a hang names its program.
#pragma once

#include "fuzz/engine/verdict.hpp"
#include "fuzz/wasm/translation.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::fuzz::engine {

using Programs = std::span<const wasm::Translation* const>;

/// The output of an engine for a batch, up to where the engine stopped.
struct BatchOutput {
  std::vector<std::optional<Verdict>> verdicts;  ///< one for each program; nothing where it ended
  std::optional<std::size_t> begun;              ///< the last program that was begun
  std::optional<std::size_t> calling;            ///< its part that was called last
  bool is_complete = false;                      ///< the engine came to the end of the batch
};

/// The modules that programs of a batch share, each once: they are instantiated before the
/// programs.
std::vector<const wasm::Module*> shared_modules(Programs programs);

/// The text of a script for the protocol `wast`.
std::string wast_script(Programs programs);

/// Reads Wasmtime's output for wast_script(programs). It stops at the first wrong assertion: then
/// that program has a verdict, and those behind it have none.
BatchOutput read_wast_output(Programs programs, std::span<const std::string> lines);

/// A batch for loop.mjs: a line for the shared modules and one for each program, each a JSON
/// object, with the modules in hexadecimal.
std::string javascript_batch(Programs programs);

/// Reads the output of loop.mjs, among whatever else the host prints.
BatchOutput read_javascript_output(Programs programs, std::span<const std::string> lines);

/// The source of loop.mjs.
std::string_view javascript_loop();

}  // namespace fiberproof::fuzz::engine
