#include "fuzz/replay/crash_recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace fiberproof::fuzz {
namespace {

int make_file(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

}  // namespace

std::expected<CrashRecorder, std::string> CrashRecorder::make(const std::string& path,
                                                              std::string_view target) {
  std::string made = path;
  int file = make_file(made);
  if (file < 0 && errno == EEXIST) {
    made = fmt::format("{}.{}", path, ::getpid());
    file = make_file(made);
  }
  if (file < 0) {
    return std::unexpected(fmt::format("{}: cannot be made: {}", made, std::strerror(errno)));
  }
  // The blocks now: a full disk would be a SIGBUS in the middle of some execution.
  int error = ::posix_fallocate(file, 0, sizeof(RecordingFile));
  void* mapping = MAP_FAILED;
  if (error == 0) {
    mapping = ::mmap(nullptr, sizeof(RecordingFile), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    error = errno;
  }
  ::close(file);
  if (mapping == MAP_FAILED) {
    ::unlink(made.c_str());
    return std::unexpected(fmt::format("{}: cannot be made: {}", made, std::strerror(error)));
  }
  auto* const content = static_cast<RecordingFile*>(mapping);
  RecordingHeader& header = content->header;
  header.version = recording_version;
  header.slot_bytes = sizeof(RecordingSlot);
  std::ranges::copy(target.substr(0, header.target.size() - 1), header.target.begin());
  header.magic = recording_magic;
  return CrashRecorder(std::move(made), content);
}

void CrashRecorder::record(std::span<const std::uint8_t> input) {
  std::uint64_t& count = file_->header.count;
  RecordingSlot& slot = file_->slots[count % file_->slots.size()];
  slot.length = static_cast<std::uint32_t>(
      std::min<std::size_t>(input.size(), std::numeric_limits<std::uint32_t>::max()));
  slot.is_cut = input.size() > recorded_bytes_max ? 1 : 0;
  std::ranges::copy(input.first(std::min(input.size(), recorded_bytes_max)), slot.bytes.begin());
  // An input counts once it is there.
  std::atomic_ref(count).store(count + 1, std::memory_order_release);
}

void CrashRecorder::Unmap::operator()(RecordingFile* file) const {
  ::munmap(file, sizeof *file);
}

}  // namespace fiberproof::fuzz
