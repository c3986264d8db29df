#include "fuzz/replay/input_files.hpp"

#include "fuzz/replay/paths.hpp"
#include "fuzz/replay/recording.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t input_bytes_max = 1024 * 1024;

std::expected<std::vector<Input>, std::string> read_recorded(const std::string& path) {
  auto recording = read_recording(path);
  if (!recording) {
    return std::unexpected(std::move(recording.error()));
  }
  std::vector<Input> inputs;
  for (RecordedInput& recorded : recording->inputs) {
    std::string note;
    if (!recorded.is_whole()) {
      note = fmt::format("{}: input {} had {} bytes, of which the first {} were recorded", path,
                         inputs.size() + 1, recorded.length, recorded.bytes.size());
    }
    inputs.push_back({std::move(recorded.bytes), path, true, std::move(note)});
  }
  return inputs;
}

}  // namespace

std::vector<std::string> input_files(const std::string& path) {
  if (kind_of(path) != PathKind::directory) {
    return {path};
  }
  std::vector<std::string> found = paths_below(path).paths;
  std::erase_if(found, [](const std::string& below) { return kind_of(below) != PathKind::file; });
  return found;
}

std::expected<std::vector<Input>, std::string> read_inputs(const std::string& path) {
  if (is_recording(path)) {
    return read_recorded(path);
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::vector<std::uint8_t> bytes(input_bytes_max + 1);
  if (file != nullptr) {
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  }
  if (file == nullptr || std::ferror(file.get()) != 0 || bytes.size() > input_bytes_max) {
    return std::unexpected(
        fmt::format("{}: cannot be read, or has more than {} bytes", path, input_bytes_max));
  }
  std::vector<Input> inputs;
  inputs.push_back({std::move(bytes), path, false, {}});
  return inputs;
}

}  // namespace fiberproof::fuzz
