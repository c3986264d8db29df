#include "fuzz/replay/replay_sequence.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <utility>

namespace fiberproof::fuzz {
namespace {

SequenceReplay& could_not(SequenceReplay& replay, std::string line) {
  replay.status = 2;
  replay.lines.push_back(std::move(line));
  return replay;
}

/// Fails where there is such a file already. The error is one line.
std::expected<void, std::string> write_new(const std::string& path,
                                           const std::vector<std::uint8_t>& bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr) {
    return std::unexpected(errno == EEXIST
                               ? fmt::format("{}: exists already, and is not overwritten", path)
                               : fmt::format("{}: cannot be made: {}", path, std::strerror(errno)));
  }
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !written) {
    return std::unexpected(fmt::format("{}: cannot be written to its end", path));
  }
  return {};
}

/// One file each: those that were one already, and new ones of those that were recorded.
std::expected<std::vector<std::string>, std::string> keep(const std::vector<const Input*>& inputs) {
  std::vector<std::string> files;
  std::size_t number = 0;
  for (const Input* const input : inputs) {
    files.push_back(input->is_recorded ? fmt::format("{}.{}", input->path, number++) : input->path);
    if (!input->is_recorded) continue;
    if (const auto written = write_new(files.back(), input->bytes); !written) {
      return std::unexpected(written.error());
    }
  }
  return files;
}

std::string told(const ShortestSequence& shortest) {
  const std::size_t count = shortest.inputs.size();
  return fmt::format(
      "{}: {}, after {} attempts", shortest.crash.how,
      count == 1 ? "one input is enough" : fmt::format("it takes {} inputs, in this order", count),
      shortest.attempts);
}

void tell_crash(SequenceReplay& replay, const std::vector<const Input*>& inputs, Crash crash,
                const std::string& program, Execute* execute, unsigned seconds_max) {
  replay.status = 1;
  replay.lines.push_back(fmt::format("{}: input {} of {}: {}", inputs[crash.input]->path,
                                     crash.input + 1, inputs.size(), crash.how));
  auto shortest = shorten(inputs, std::move(crash), execute, seconds_max);
  if (!shortest) {
    could_not(replay, fmt::format("cannot be run: {}", shortest.error()));
    return;
  }
  replay.lines.push_back(told(*shortest));
  replay.report = std::move(shortest->crash.report);
  const auto files = keep(shortest->inputs);
  if (!files) {
    replay.lines.push_back(files.error());
    return;
  }
  std::string command = program + " --sequence";
  for (const std::string& file : *files) {
    command += " " + file;
  }
  replay.lines.push_back("replay with: " + command);
}

}  // namespace

SequenceReplay replay_sequence(const std::vector<std::string>& files, const std::string& program,
                               Execute* execute, unsigned seconds_max) {
  SequenceReplay replay;
  std::vector<Input> inputs;
  for (const std::string& file : files) {
    auto read = read_inputs(file);
    if (!read) {
      return could_not(replay, std::move(read.error()));
    }
    std::move(read->begin(), read->end(), std::back_inserter(inputs));
  }
  if (inputs.empty()) {
    return could_not(replay, files.empty() ? "no input file was found"
                                           : fmt::format("{}: holds no input", files.front()));
  }
  std::vector<const Input*> in_order;
  for (const Input& input : inputs) {
    in_order.push_back(&input);
    if (!input.note.empty()) {
      replay.lines.push_back(input.note);
    }
  }
  auto crash = run_sequence(in_order, execute, seconds_max);
  if (!crash) {
    return could_not(replay, fmt::format("cannot be run: {}", crash.error()));
  }
  if (!*crash) {
    replay.lines.push_back(
        fmt::format("{}: {} inputs in one process: nothing found", files.front(), inputs.size()));
    return replay;
  }
  tell_crash(replay, in_order, std::move(**crash), program, execute, seconds_max);
  return replay;
}

}  // namespace fiberproof::fuzz
