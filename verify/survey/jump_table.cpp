#include "verify/survey/jump_table.hpp"

#include <algorithm>
#include <cstring>

namespace fiberproof::verify {

JumpTable jump_table(const ObjectFile& file, std::uint64_t table, std::uint64_t begin,
                     std::uint64_t end) {
  constexpr std::size_t entries_max = 4096;
  JumpTable read;
  std::uint64_t code_behind = end > table ? end : ~std::uint64_t{0};
  for (std::size_t entry = 0; entry < entries_max; ++entry) {
    std::int32_t distance = 0;
    const std::uint64_t place = table + sizeof distance * entry;
    if (place + sizeof distance > code_behind) break;
    const auto word = file.bytes(place, sizeof distance);
    if (!word) break;
    std::memcpy(&distance, word->data(), sizeof distance);  // little-endian, as the file is
    const std::uint64_t target = table + static_cast<std::uint64_t>(std::int64_t{distance});
    if (target < begin || target >= end) break;
    if (target > table) code_behind = std::min(code_behind, target);
    read.bytes += sizeof distance;
    if (std::ranges::find(read.targets, target) == read.targets.end()) {
      read.targets.push_back(target);
    }
  }
  return read;
}

}  // namespace fiberproof::verify
