#include "fuzz/replay/recording.hpp"

#include "fuzz/replay/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

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

constexpr std::size_t slot_head_bytes = offsetof(RecordingSlot, bytes);

/// Nothing where the file is none that write_recording() has written.
std::optional<std::string> contents_of_short(const std::string& path) {
  const File file(kind_of(path) == PathKind::file ? std::fopen(path.c_str(), "rb") : nullptr,
                  &std::fclose);
  if (file == nullptr) {
    return std::nullopt;
  }
  std::string text(sizeof(RecordingFile) + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  RecordingHeader header{};
  if (text.size() < sizeof header) {
    return std::nullopt;
  }
  std::memcpy(&header, text.data(), sizeof header);
  const bool is_short =
      header.magic == recording_magic && header.version == short_recording_version;
  return is_short ? std::optional(std::move(text)) : std::nullopt;
}

std::expected<Recording, Refusal> parse_short(std::string_view text) {
  RecordingHeader header{};
  std::memcpy(&header, text.data(), sizeof header);
  if (header.slot_bytes != 0) {
    return std::unexpected(fmt::format("byte {}: slots of {} bytes, where a short recording has 0",
                                       offsetof(RecordingHeader, slot_bytes), header.slot_bytes));
  }
  if (std::ranges::find(header.target, '\0') == header.target.end()) {
    return std::unexpected(
        fmt::format("byte {}: the target's name does not end", offsetof(RecordingHeader, target)));
  }
  Recording recording{header.target.data(), header.count, {}};
  const std::uint64_t kept = std::min<std::uint64_t>(recording.count, recorded_inputs_max);
  std::size_t at = sizeof header;
  for (std::uint64_t number = 0; number < kept; ++number) {
    RecordingSlot slot{};
    if (text.size() - at >= slot_head_bytes) {
      std::memcpy(&slot, text.data() + at, slot_head_bytes);
    }
    const std::size_t bytes = std::min<std::size_t>(slot.length, recorded_bytes_max);
    if (text.size() - at < slot_head_bytes + bytes) {
      return std::unexpected(fmt::format("truncated: it ends at byte {}, in input {} of {}",
                                         text.size(), number + 1, kept));
    }
    if (!is_possible(slot)) {
      return std::unexpected(fmt::format("byte {}: impossible length {}", at, slot.length));
    }
    const auto* const first =
        reinterpret_cast<const std::uint8_t*>(text.data()) + at + slot_head_bytes;
    recording.inputs.push_back({slot.length, {first, first + bytes}});
    at += slot_head_bytes + bytes;
  }
  if (at != text.size()) {
    return std::unexpected(fmt::format("it goes on after byte {}, where its last input ends", at));
  }
  return recording;
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
  if (const auto text = contents_of_short(path)) {
    auto recording = parse_short(*text);
    if (!recording) {
      return std::unexpected(fmt::format("{}: {}", path, recording.error()));
    }
    return recording;
  }
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

std::expected<void, std::string> write_recording(const Recording& recording,
                                                 const std::string& path) {
  RecordingHeader header{};
  header.magic = recording_magic;
  header.version = short_recording_version;
  header.count = recording.count;
  std::ranges::copy(recording.target.substr(0, header.target.size() - 1), header.target.begin());
  std::string text(reinterpret_cast<const char*>(&header), sizeof header);
  for (const RecordedInput& input : recording.inputs) {
    RecordingSlot slot{};
    slot.length = static_cast<std::uint32_t>(input.length);
    slot.is_cut = input.is_whole() ? 0 : 1;
    text.append(reinterpret_cast<const char*>(&slot), slot_head_bytes);
    text.append(input.bytes.begin(), input.bytes.end());
  }
  const File file(std::fopen(path.c_str(), "wbx"), &std::fclose);
  const bool is_written = file != nullptr &&
                          std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
                          std::fflush(file.get()) == 0;
  if (is_written) {
    return {};
  }
  return std::unexpected(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

}  // namespace fiberproof::fuzz
