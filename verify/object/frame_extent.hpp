// Where functions begin and end according to a file's call frame information, for addresses that no
// symbol covers. Unreadable entries are ignored.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace fiberproof::verify {

/// The addresses that one entry of `.eh_frame` (an FDE) covers, as the file counts.
struct FrameExtent {
  std::uint64_t begin;
  std::uint64_t bytes;
};

/// Every entry, in the table's order.
std::vector<FrameExtent> frame_extents(const ObjectFile& file);

/// The entry that covers the address.
std::optional<FrameExtent> frame_extent(const ObjectFile& file, std::uint64_t address);

}  // namespace fiberproof::verify
