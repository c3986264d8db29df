// What an engine's records look like, as far as a text tells: NAME VALUE lines behind `engine NAME`
// and `versions MAJOR…`. verify/contracts/engines/ has the texts.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Offsets in bytes; negative ones modulo 2^64.
struct EngineOffsets {
  std::string engine;
  std::vector<unsigned> versions;  ///< major numbers
  std::uint64_t record_stack_limit = 0;
  std::uint64_t record_last_ancestor = 0;
  std::uint64_t record_stack_top = 0;
  std::uint64_t stack_control_context = 0;
  std::uint64_t store_stack_limit = 0;
  std::uint64_t store_running = 0;
};

/// Every offset must be there once. An error is one line that names file and line.
[[nodiscard]] std::expected<EngineOffsets, std::string> parse_engine_offsets(std::string_view text,
                                                                             std::string_view path);

/// The major version of the Wasmtime that compiled a module, by its section `.wasmtime.engine`.
std::optional<unsigned> wasmtime_version(const ObjectFile& file);

}  // namespace fiberproof::verify
