#include "fuzz/replay/recording.hpp"

#include "fuzz/replay/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace fiberproof::fuzz {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using Refusal = std::string;

/// Reads a file that is as long as a recording.
std::expected<std::unique_ptr<RecordingFile>, Refusal> read_file(const std::string& path) {
  if (kind_of(path) != PathKind::file) {
    return std::unexpected("not a file that can be read");
  }
  const File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    return std::unexpected(fmt::format("cannot be opened: {}", std::strerror(errno)));
  }
  std::array<char, recording_magic.size()> magic{};
  if (std::fread(magic.data(), 1, magic.size(), file.get()) == magic.size() &&
      magic != recording_magic) {
    return std::unexpected("byte 0: not the magic bytes of a recording");
  }
  std::fseek(file.get(), 0, SEEK_END);
  const long bytes = std::ftell(file.get());
  constexpr long all_bytes = sizeof(RecordingFile);
  if (bytes < all_bytes) {
    return std::unexpected(
        fmt::format("truncated: it ends at byte {}, and a recording has {}", bytes, all_bytes));
  }
  if (bytes > all_bytes) {
    return std::unexpected(
        fmt::format("it goes on after byte {}, where a recording ends", all_bytes));
  }
  std::rewind(file.get());
  auto content = std::make_unique<RecordingFile>();
  if (std::fread(content.get(), sizeof *content, 1, file.get()) != 1) {
    return std::unexpected("cannot be read to its end");
  }
  return content;
}

Refusal check_header(const RecordingHeader& header) {
  if (header.version != recording_version) {
    return fmt::format("byte {}: version {}, where only {} is known",
                       offsetof(RecordingHeader, version), header.version, recording_version);
  }
  if (header.slot_bytes != sizeof(RecordingSlot)) {
    return fmt::format("byte {}: slots of {} bytes, where they have {}",
                       offsetof(RecordingHeader, slot_bytes), header.slot_bytes,
                       sizeof(RecordingSlot));
  }
  if (std::ranges::find(header.target, '\0') == header.target.end()) {
    return fmt::format("byte {}: the target's name does not end",
                       offsetof(RecordingHeader, target));
  }
  return {};
}

bool is_possible(const RecordingSlot& slot) {
  return slot.is_cut == (slot.length > recorded_bytes_max ? 1 : 0);
}

}  // namespace

bool is_recording(const std::string& path) {
  if (kind_of(path) != PathKind::file) {
    return false;
  }
  const File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::array<char, recording_magic.size()> start{};
  return file != nullptr && std::fread(start.data(), 1, start.size(), file.get()) == start.size() &&
         start == recording_magic;
}

std::expected<Recording, std::string> read_recording(const std::string& path) {
  const auto file = read_file(path);
  const Refusal refusal = file ? check_header((*file)->header) : file.error();
  if (!refusal.empty()) {
    return std::unexpected(fmt::format("{}: {}", path, refusal));
  }
  const RecordingHeader& header = (*file)->header;
  const auto& slots = (*file)->slots;
  Recording recording{header.target.data(), header.count, {}};
  const std::uint64_t kept = std::min<std::uint64_t>(recording.count, recorded_inputs_max);
  for (std::uint64_t number = recording.count - kept; number < recording.count; ++number) {
    const std::size_t index = number % slots.size();
    const RecordingSlot& slot = slots[index];
    if (!is_possible(slot)) {
      return std::unexpected(fmt::format("{}: byte {}: impossible length {} of input {} ({})", path,
                                         offsetof(RecordingFile, slots) + index * sizeof slot,
                                         slot.length, number + 1,
                                         slot.is_cut != 0 ? "said to be cut" : "said to be whole"));
    }
    const auto* const first = slot.bytes.data();
    recording.inputs.push_back(
        {slot.length, {first, first + std::min<std::size_t>(slot.length, recorded_bytes_max)}});
  }
  return recording;
}

}  // namespace fiberproof::fuzz
