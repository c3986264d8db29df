#include "verify/cli/kept_finding.hpp"

#include "fuzz/replay/recording.hpp"
#include "fuzz/replay/replay.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/engine_output.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/process/process.hpp"
#include "verify/target/target_end.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Quoted so that a shell reads one word.
std::string quoted(const std::string& word) {
  const bool is_plain = std::ranges::all_of(word, [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view("/._-+,:=@").find(letter) != std::string_view::npos;
  });
  if (is_plain && !word.empty()) return word;
  std::string text = "'";
  for (const char letter : word)
    text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return text + "'";
}

// Absolute, since the line may be copied to another folder.
std::string whole(const std::string& path) {
  std::error_code ignored;
  return quoted(filesystem::absolute(path, ignored).lexically_normal().string());
}

std::string replayer_of(const FuzzTarget& target) {
  return filesystem::path(own_path()).parent_path() / (target.name + "_replay");
}

// The Program that an input stands for, as text; empty if there is none.
std::string program_of(const FuzzTarget& target, const std::string& artifact) {
  if (!target.runs_programs()) return {};
  const std::string bytes = contents_of(artifact);
  const std::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                           bytes.size());
  const auto program = std::make_unique<fuzz::Program>();
  return fuzz::make_program(data, target.generator, *program) ? fuzz::print(*program)
                                                              : std::string();
}

// Reserves `folder`/`name`, if it is free, for `text`.
std::expected<std::string, std::string> keep_text(const std::string& text,
                                                  const std::string& folder,
                                                  const std::string& name) {
  std::error_code refused;
  filesystem::create_directories(folder, refused);
  if (refused) {
    return std::unexpected(fmt::format("{}: cannot be created: {}", folder, refused.message()));
  }
  for (unsigned number = 1;; ++number) {
    const std::string path = number == 1 ? fmt::format("{}/{}", folder, name)
                                         : fmt::format("{}/{}.{}", folder, name, number);
    std::FILE* const file = std::fopen(path.c_str(), "wbx");
    if (file == nullptr && errno == EEXIST) {
      if (contents_of(path) == text) return path;
      continue;
    }
    const bool is_written =
        file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    const bool is_closed = file != nullptr && std::fclose(file) == 0;
    if (is_written && is_closed) return path;
    if (file != nullptr) filesystem::remove(path, refused);
    return std::unexpected(
        fmt::format("{}: cannot be written: {}", path, std::strerror(is_written ? errno : error)));
  }
}

// A complete shell command that shows the finding again; empty if nothing does.
std::string replay_line(const FuzzTarget& target, const std::string& artifact,
                        const std::string& program, const std::string& scratch) {
  if (!program.empty() && fuzz::replay_file(program).verdict == fuzz::Replay::Verdict::different) {
    return fmt::format("{} replay {}", whole(own_path()), whole(program));
  }
  if (!run_again(target, artifact, scratch).is_finding) return {};
  return fmt::format("{} -runs=2 {}", whole(target_path(target.name)), whole(artifact));
}

// Returns true if it printed a line that replays the artifact.
bool keep_artifact(const FuzzTarget& target, const std::string& artifact, const FoundInputs& found,
                   const std::string& folder) {
  const std::string name =
      fmt::format("{}-{}", target.name, filesystem::path(artifact).filename().string());
  const auto kept = keep_file(artifact, folder, name);
  if (!kept) {
    complain(kept.error());
    return false;
  }
  fmt::print("{}: the input is kept as {}\n", target.name, *kept);
  std::string program;
  if (const std::string text = program_of(target, *kept); !text.empty()) {
    const auto path =
        keep_text(text, folder, filesystem::path(*kept).filename().string() + ".program");
    if (path) program = *path;
    if (!path) complain(path.error());
  }
  if (!program.empty()) fmt::print("{}: as a Program: {}\n", target.name, program);
  const std::string line = replay_line(target, *kept, program, found.scratch);
  if (line.empty()) return false;
  fmt::print("{}: replay with: {}\n", target.name, line);
  return true;
}

// Leaves out the space that its inputs do not use, most of a recording.
void keep_recording(const FuzzTarget& target, const std::string& recording,
                    const FoundInputs& found, const std::string& folder) {
  const std::string small = found.scratch + "/recording";
  const auto read = fuzz::read_recording(recording);
  if (!read || read->inputs.empty()) return;
  std::error_code ignored;
  filesystem::remove(small, ignored);
  const auto written = fuzz::write_recording(*read, small);
  const auto kept = written ? keep_file(small, folder, target.name + "-recording")
                            : std::unexpected(written.error());
  if (!kept) {
    complain(kept.error());
    return;
  }
  fmt::print("{}: replay its last inputs with: {} --sequence {}\n", target.name,
             whole(replayer_of(target)), whole(*kept));
}

}  // namespace

std::expected<std::string, std::string> keep_file(const std::string& file,
                                                  const std::string& folder,
                                                  const std::string& name) {
  return keep_text(contents_of(file), folder, name);
}

ShownAgain run_again(const FuzzTarget& target, const std::string& input, const std::string& scratch,
                     const std::vector<std::string>& variables) {
  std::vector<std::string> environment = sanitizer_environment();
  environment.insert(environment.end(), variables.begin(), variables.end());
  EngineOutput output;
  const ProcessEnd end =
      run_process({target_path(target.name), "-runs=2", "-timeout=25", "-rss_limit_mb=2560",
                   fmt::format("-artifact_prefix={}/again-", scratch), input},
                  environment, [&output](const std::string& line) { output.read(line); });
  const TargetEnd judged = judge_end(end, output.tail(), !output.artifacts().empty());
  const bool is_finding =
      !end.interrupted && (judged.blame == Blame::target || judged.blame == Blame::to_be_shown);
  return {is_finding, output.tail()};
}

void keep_finding(const FuzzTarget& target, const FoundInputs& found, const std::string& folder) {
  constexpr std::size_t kept_max = 8;
  bool is_replayed = false;
  const std::size_t count = std::min(found.artifacts.size(), kept_max);
  for (std::size_t index = 0; index < count; ++index) {
    is_replayed = keep_artifact(target, found.artifacts[index], found, folder) || is_replayed;
  }
  if (is_replayed) return;
  if (count > 0) {
    fmt::print("{}: no single input reproduces it; it may depend on earlier inputs\n", target.name);
  }
  for (const std::string& recording : found.recordings) {
    keep_recording(target, recording, found, folder);
  }
}

}  // namespace fiberproof::verify
