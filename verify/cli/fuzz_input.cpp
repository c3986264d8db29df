#include "verify/cli/fuzz_input.hpp"

#include "fuzz/program/text.hpp"
#include "fuzz/replay/paths.hpp"
#include "fuzz/replay/recording.hpp"
#include "fuzz/replay/replay.hpp"
#include "verify/cli/fuzz_command.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <span>

namespace fiberproof::verify {
namespace {

using Read = std::expected<void, std::string>;

// The names that libFuzzer gives to its findings.
constexpr std::array<std::string_view, 5> kinds{"crash", "leak", "oom", "timeout", "slow-unit"};

const FuzzTarget* target_of(const std::string& path) {
  const std::string_view name = fuzz::name_of(path);
  for (const FuzzTarget& target : fuzz_targets()) {
    for (const std::string_view kind : kinds) {
      if (name.starts_with(fmt::format("{}-{}-", target.name, kind))) return &target;
    }
  }
  return nullptr;
}

bool is_text(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x20 ? value != 0x7f : byte == '\n' || byte == '\r' || byte == '\t';
}

// The bytes of a file that is neither a Program's text nor an attempt to write one.
std::optional<std::string> bytes_of(const std::string& path) {
  if (path.ends_with(".program") || fuzz::kind_of(path) != fuzz::PathKind::file) return {};
  std::ifstream file(path, std::ios::binary);
  std::string bytes(fuzz::program_text_bytes_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  const bool is_small = !bytes.empty() && bytes.size() <= fuzz::program_text_bytes_max;
  if (!is_small || fuzz::has_program_magic(bytes)) return {};
  return bytes;
}

Read decode(const std::string& path, const std::string& bytes, const FuzzTarget& target,
            fuzz::Program& program) {
  if (!target.runs_programs()) {
    return std::unexpected(
        fmt::format("{}: an input of the target '{}', not a Program; replay it with: {} -runs=2 {}",
                    path, target.name, target_path(target.name), path));
  }
  const std::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                           bytes.size());
  if (fuzz::make_program(data, target.generator, program)) return {};
  return std::unexpected(fmt::format("{}: is not a Program of the target '{}'", path, target.name));
}

std::string what_to_do_with_bytes(const std::string& path) {
  const std::string program = path + ".program";
  if (fuzz::kind_of(program) == fuzz::PathKind::file) {
    return fmt::format("{}: raw bytes, not a Program; give the Program beside it: {}", path,
                       program);
  }
  return fmt::format(
      "{}: raw bytes, not a Program; if they are a fuzz target's input, begin the file's name "
      "with the target's, as in trampoline-crash-1",
      path);
}

}  // namespace

Read read_program_or_input(const std::string& path, fuzz::Program& program) {
  if (fuzz::is_recording(path)) {
    const auto recording = fuzz::read_recording(path);
    if (!recording) return std::unexpected(recording.error());
    return std::unexpected(
        fmt::format("{}: a recording of the inputs of '{}', not a Program; its replayer, "
                    "TARGET_replay, runs it with --sequence",
                    path, recording->target));
  }
  const auto bytes = bytes_of(path);
  if (!bytes) return fuzz::read_program(path, program);
  if (const FuzzTarget* const target = target_of(path)) {
    return decode(path, *bytes, *target, program);
  }
  if (std::ranges::all_of(*bytes, is_text) || bytes->starts_with("\xff\xfe") ||
      bytes->starts_with("\xfe\xff")) {
    return fuzz::read_program(path, program);
  }
  return std::unexpected(what_to_do_with_bytes(path));
}

}  // namespace fiberproof::verify
