#include "verify/proofs/tests/frame_mutants.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

namespace fiberproof::verify {
namespace {

// DWARF 5, 6.4.1, and the LSB core specification, 10.6: length, id or pointer, the rest.
constexpr std::size_t header_bytes = 8;

}  // namespace

FrameMutants::FrameMutants(const std::string& path, const std::string& routine) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  bytes_.resize(text.size());
  std::memcpy(bytes_.data(), text.data(), text.size());
  const auto file = ObjectFile::parse(path, bytes_);
  const auto section = file->section(".eh_frame");
  const auto found = std::ranges::search(bytes_, section->bytes);
  section_begin_ = static_cast<std::size_t>(found.begin() - bytes_.begin());
  section_end_ = section_begin_ + section->bytes.size();
  const std::uint64_t wanted = file->routine(routine)->address;
  for (std::size_t at = section_begin_; at + header_bytes <= section_end_ && word_at(at) != 0;
       at += word_at(at) + 4) {
    const std::uint64_t field = section->address + (at + header_bytes - section_begin_);
    const auto distance = static_cast<std::int32_t>(word_at(at + header_bytes));
    const std::uint32_t to_common = word_at(at + 4);
    if (to_common == 0 || field + static_cast<std::uint64_t>(std::int64_t{distance}) != wanted) {
      continue;
    }
    const std::size_t common = at + 4 - to_common;
    entry_ = {at + header_bytes, at + 4 + word_at(at)};
    common_ = {common + header_bytes, common + 4 + word_at(common)};
    return;
  }
  throw std::runtime_error(path + ": no frame description entry for " + routine);
}

std::uint32_t FrameMutants::word_at(std::size_t place) const {
  std::uint32_t word;
  std::memcpy(&word, bytes_.data() + place, sizeof word);
  return word;
}

std::size_t FrameMutants::place_of(std::initializer_list<unsigned> pattern) const {
  std::vector<std::byte> wanted;
  for (const unsigned byte : pattern) wanted.push_back(static_cast<std::byte>(byte));
  std::vector<std::size_t> places;
  for (const FileRange& range : {entry_, common_}) {
    const std::span<const std::byte> bytes(bytes_.data() + range.begin, range.end - range.begin);
    for (std::size_t at = 0; at + wanted.size() <= bytes.size(); ++at) {
      if (std::ranges::equal(bytes.subspan(at, wanted.size()), wanted)) {
        places.push_back(range.begin + at);
      }
    }
  }
  if (places.size() != 1) {
    throw std::runtime_error("the bytes of a rule are not there, or not once");
  }
  return places.front();
}

std::vector<std::byte> FrameMutants::with(std::size_t place,
                                          std::initializer_list<unsigned> replacement) const {
  std::vector<std::byte> changed = bytes_;
  for (const unsigned byte : replacement) changed.at(place++) = static_cast<std::byte>(byte);
  return changed;
}

std::vector<std::byte> FrameMutants::with_common_of(const std::string& augmentation) const {
  const std::size_t pointer = entry_.begin - 4;
  for (std::size_t at = section_begin_; word_at(at) != 0; at += word_at(at) + 4) {
    const char* const text = reinterpret_cast<const char*>(bytes_.data() + at + header_bytes + 1);
    if (word_at(at + 4) != 0 || augmentation != text) continue;
    std::vector<std::byte> changed = bytes_;
    const auto distance = static_cast<std::uint32_t>(pointer - at);
    std::memcpy(changed.data() + pointer, &distance, sizeof distance);
    return changed;
  }
  throw std::runtime_error("no common information with augmentation " + augmentation);
}

}  // namespace fiberproof::verify
