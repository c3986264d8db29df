// The table of engines: what is run, and by which protocol it is asked.
//
//   # NAME      VERSION  PROTOCOL  COMMAND…
//   wasmtime-49 49.0.4   wast      wasmtime-49.0.4/wasmtime
//   v8          auto     js        deno-2.9.8/deno
//
// A version `auto` is asked from the program. A path that is not absolute begins at the table's
// folder; a word without a slash is found in PATH. A command of one word alone gets the arguments
// that its program needs. Double quotes keep blanks together; `{loop}` and `{batch}` stand for the
// two files of the protocol `js` where they are not simply the last arguments, and `{batch}` for
// the one of `wast`.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::engine {

enum class Protocol : std::uint8_t {
  wast,        ///< a script of modules and assertions, as Wasmtime reads it
  javascript,  ///< loop.mjs, for hosts with a WebAssembly object
};

/// As in the table: `wast` or `js`.
std::string_view word_of(Protocol protocol);

struct Engine {
  std::string name;     ///< letters, digits, dots, dashes and underscores: it names folders, too
  std::string version;  ///< empty where the program is to be asked
  Protocol protocol = Protocol::wast;
  std::vector<std::string> command;
};

/// Reads a table that came from the file `path`. The error is one line that names file and line.
[[nodiscard]] std::expected<std::vector<Engine>, std::string> parse_engine_table(
    std::string_view text, const std::string& path);

/// Reads NAME=COMMAND…, NAME:wast=COMMAND… or NAME:js=COMMAND…, as of --engine. Without a protocol
/// it is `wast` where the command names wasmtime, else `js`.
[[nodiscard]] std::expected<Engine, std::string> parse_engine_option(const std::string& text);

/// The words that start the engine on a batch; `loop` is not used by the protocol `wast`.
std::vector<std::string> batch_command(const Engine& engine, const std::string& loop,
                                       const std::string& batch);

/// The version in what a program says of itself: V8's where it names one, else the first that is
/// there; empty where there is none.
std::string version_in(std::span<const std::string> lines);

}  // namespace fiberproof::fuzz::engine
