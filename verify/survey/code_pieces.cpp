#include "verify/survey/code_pieces.hpp"

#include "verify/object/frame_extent.hpp"

#include <algorithm>

namespace fiberproof::verify {

std::vector<CodePiece> code_pieces(const ObjectFile& file) {
  std::vector<std::uint64_t> begins;
  for (const Symbol& symbol : file.symbols()) {
    if (symbol.section != 0 && symbol.is_function) begins.push_back(symbol.address);
  }
  // A module of Cranelift is a relocatable file whose `.eh_frame` has no relocations: its distances
  // are those of the file as it will be mapped, and not those of the placement here.
  if (!file.is_relocatable()) {
    for (const FrameExtent& extent : frame_extents(file)) begins.push_back(extent.begin);
  }
  std::ranges::sort(begins);
  const auto repeated = std::ranges::unique(begins);
  begins.erase(repeated.begin(), repeated.end());

  std::vector<CodePiece> pieces;
  for (const auto& [address, bytes] : file.code_ranges()) {
    std::uint64_t from = address;
    const auto cut = [&, begin = address, all = bytes](std::uint64_t to) {
      if (to > from) pieces.push_back({from, all.subspan(from - begin, to - from)});
      from = to;
    };
    const std::uint64_t end = address + bytes.size();
    for (auto next = std::ranges::upper_bound(begins, address); next != begins.end() && *next < end;
         ++next) {
      cut(*next);
    }
    cut(end);
  }
  return pieces;
}

}  // namespace fiberproof::verify
