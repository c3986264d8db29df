#include "verify/x86/fuzz/loader.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t page_bytes = 4096;

std::uint64_t page_of(std::uint64_t address) {
  return address / page_bytes;
}

template <typename Record>
std::optional<Record> record_at(std::span<const std::byte> file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(Record)) {
    return std::nullopt;
  }
  Record record;
  std::memcpy(&record, file.data() + offset, sizeof record);
  return record;
}

std::optional<std::vector<Elf64_Phdr>> loaded_segments(std::span<const std::byte> file) {
  const auto header = record_at<Elf64_Ehdr>(file, 0);
  if (!header || header->e_phentsize != sizeof(Elf64_Phdr)) {
    return std::nullopt;
  }
  std::vector<Elf64_Phdr> segments;
  for (std::uint64_t index = 0; index < header->e_phnum; ++index) {
    const auto segment = record_at<Elf64_Phdr>(file, header->e_phoff + index * sizeof(Elf64_Phdr));
    if (!segment) {
      return std::nullopt;
    }
    if (segment->p_type == PT_LOAD) {
      segments.push_back(*segment);
    }
  }
  return segments;
}

// mmap maps whole pages of the file to whole pages.
bool is_mappable(const Elf64_Phdr& segment) {
  return (segment.p_vaddr - segment.p_offset) % page_bytes == 0 &&
         segment.p_filesz <= segment.p_memsz;
}

bool covers(const Elf64_Phdr& segment, std::uint64_t address) {
  return segment.p_memsz != 0 && page_of(segment.p_vaddr) <= page_of(address) &&
         page_of(address) <= page_of(segment.p_vaddr + segment.p_memsz - 1);
}

// Whole pages come from the file; zeros follow the last of them, and follow the segment's bytes if
// it is larger in memory.
std::byte byte_of(const Elf64_Phdr& segment, std::span<const std::byte> file,
                  std::uint64_t address) {
  const bool is_after = address >= segment.p_vaddr + segment.p_filesz;
  const bool is_zero = is_after && segment.p_memsz > segment.p_filesz;
  const std::uint64_t offset = segment.p_offset + (address - segment.p_vaddr);
  return is_zero || offset >= file.size() ? std::byte{0} : file[offset];
}

}  // namespace

bool is_loadable(std::span<const std::byte> file) {
  const auto segments = loaded_segments(file);
  return segments && std::ranges::all_of(*segments, is_mappable);
}

std::optional<MappedByte> mapped_byte(std::span<const std::byte> file, std::uint64_t address) {
  std::optional<MappedByte> mapped;
  // A later segment hides earlier ones in the same page.
  for (const Elf64_Phdr& segment : loaded_segments(file).value_or(std::vector<Elf64_Phdr>{})) {
    if (covers(segment, address)) {
      mapped = MappedByte{byte_of(segment, file, address), (segment.p_flags & PF_X) != 0,
                          (segment.p_flags & PF_W) != 0};
    }
  }
  return mapped;
}

}  // namespace fiberproof::verify
