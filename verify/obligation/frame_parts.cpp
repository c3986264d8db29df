#include "verify/obligation/frame_parts.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

// How far the first offset is above the second one, if that is the same number in every state.
std::optional<std::int64_t> distance(const Location& from, const Location& to) {
  if (from.region != to.region) return std::nullopt;
  const auto difference = constant_difference(from.offset, to.offset);
  if (!difference) return std::nullopt;
  return static_cast<std::int64_t>(*difference);
}

}  // namespace

FramePiece FramePiece::part(std::uint64_t from, std::uint64_t to) const {
  FramePiece made = *this;
  made.begin = from;
  made.end = to;
  made.offset += from - begin;
  return made;
}

Term FramePiece::of_chunk(Term value) const {
  const Term shifted = shift_right(value, static_cast<unsigned>(8 * offset));
  return size() >= 8 ? shifted : shifted & word((std::uint64_t{1} << 8 * size()) - 1);
}

std::string FramePiece::text() const {
  if (!range->bytes || size() == *range->bytes) return range->text;
  if (size() == 1) return fmt::format("byte {} of {}", begin, range->text);
  return fmt::format("bytes {} to {} of {}", begin, end - 1, range->text);
}

Result<WritableRange> FrameParts::evaluated(const Range& range,
                                            const std::optional<Expression>& condition,
                                            std::string text) {
  const auto at = [&](const std::string& reason) {
    const Position& position = range.low.position;
    return std::unexpected(fmt::format("fiberproof: {}:{}:{}: {}", contract_.path, position.line,
                                       position.column, reason));
  };
  const auto low = word_value(range.low, entry_);
  if (!low) return at(low.error());
  const auto high = word_value(range.high, entry_);
  if (!high) return at(high.error());
  const auto first = locate(in_.regions, *low);
  if (!first) return at(first.error());
  const auto last = locate(in_.regions, *high);
  if (!last) return at(last.error());
  const auto holds = condition ? truth_value(*condition, entry_) : Result<Formula>(truth(true));
  if (!holds) return at(holds.error());
  return WritableRange{*first, *last, constant_difference(*high, *low), *holds, std::move(text)};
}

Result<void> FrameParts::read() {
  for (const WriteDeclaration& write : contract_.modifies) {
    auto range = evaluated(write.range, write.condition, write.text);
    if (!range) return std::unexpected(range.error());
    writable_.push_back(std::move(*range));
  }
  for (const RegionDeclaration& region : contract_.regions) {
    if (region.read_only || !contract_.modifies.empty()) continue;
    auto range = evaluated({region.low, region.high}, std::nullopt, region.text);
    if (!range) return std::unexpected(range.error());
    writable_.push_back(std::move(*range));
  }
  for (const UnclaimedDeclaration& unclaimed : contract_.unclaimed) {
    if (const auto done = read_reason(unclaimed); !done) return done;
  }
  return {};
}

Result<void> FrameParts::read_reason(const UnclaimedDeclaration& unclaimed) {
  const auto condition = unclaimed.condition ? truth_value(*unclaimed.condition, entry_)
                                             : Result<Formula>(truth(true));
  if (!condition) return std::unexpected(condition.error());
  Reason reason{&unclaimed, *condition, {}, {}, {}};
  for (const Range& range : unclaimed.ranges) {
    const auto read = evaluated(range, std::nullopt, {});
    if (!read) return std::unexpected(read.error());
    reason.ranges.push_back({read->low, read->high, read->bytes, {}});
  }
  reasons_.push_back(std::move(reason));
  return {};
}

bool FrameParts::are_apart(const WritableRange& range, const Memory::Chunk& chunk) {
  if (range.low.region != chunk.location.region) return true;
  if (!range.bytes) return false;
  if (const auto known = distance(chunk.location, range.low)) {
    return *known >= static_cast<std::int64_t>(*range.bytes) || *known + chunk.bytes <= 0;
  }
  const Term above = collected(chunk.location.offset - range.low.offset);
  const Formula apart =
      logical_and(at_most(word(*range.bytes), above), at_most(word(chunk.bytes), word(0) - above));
  std::vector<Formula> assumed = in_.entry->path;
  assumed.push_back(range.condition);
  return solver_.prove({std::move(assumed), apart}).verdict == Verdict::proved;
}

Formula FrameParts::may_be_written(const Location& location, unsigned bytes) {
  Formula where = truth(false);
  for (const WritableRange& range : writable_) {
    if (!are_apart(range, {location, bytes, word(0)})) where = logical_or(where, range.condition);
  }
  return where;
}

std::vector<FramePiece> FrameParts::pieces(const std::vector<Memory::Chunk>& chunks) {
  std::vector<FramePiece> made;
  for (const WritableRange& range : writable_) {
    if (!range.bytes) {
      made.push_back({.range = &range});
      continue;
    }
    const auto end = static_cast<std::int64_t>(*range.bytes);
    std::set<std::int64_t> cuts{0, end};
    std::vector<std::pair<std::int64_t, std::size_t>> inside;  // chunks, by their distance
    std::optional<std::string> undecided;
    for (std::size_t index = 0; index < chunks.size(); ++index) {
      if (are_apart(range, chunks[index])) continue;
      const auto known = distance(chunks[index].location, range.low);
      if (!known) {
        undecided = fmt::format("whether a clause reads within {} is undecided", range.text);
        continue;
      }
      inside.emplace_back(*known, index);
      cuts.insert({*known, *known + chunks[index].bytes});
    }
    for (const Reason& reason : reasons_) {
      for (const ReasonRange& named : reason.ranges) {
        const auto known = distance(named.low, range.low);
        if (known && named.bytes) {
          cuts.insert({*known, *known + static_cast<std::int64_t>(*named.bytes)});
        }
      }
    }
    for (auto cut = cuts.lower_bound(0); *cut < end; ++cut) {
      FramePiece piece{.range = &range,
                       .begin = static_cast<std::uint64_t>(*cut),
                       .end = static_cast<std::uint64_t>(std::min(*std::next(cut), end)),
                       .undecided = undecided};
      for (const auto& [from, index] : inside) {
        if (*cut < from || *cut >= from + chunks[index].bytes) continue;
        piece.chunk = index;
        piece.offset = static_cast<std::uint64_t>(*cut - from);
      }
      made.push_back(std::move(piece));
    }
  }
  return made;
}

bool FrameParts::is_at(const Reason& reason, const std::string& point) {
  const auto& points = reason.declaration->points;
  return points.empty() || std::ranges::find(points, point) != points.end();
}

std::vector<FrameReason> FrameParts::reasons_for(std::string_view register_name,
                                                 const std::string& point) {
  std::vector<FrameReason> found;
  for (Reason& reason : reasons_) {
    const auto& names = reason.declaration->registers;
    if (!is_at(reason, point) || std::ranges::find(names, register_name) == names.end()) continue;
    found.push_back({reason.declaration, reason.condition, [&reason, register_name, point] {
                       reason.registers.emplace(register_name);
                       reason.points.insert(point);
                     }});
  }
  return found;
}

std::vector<FrameReason> FrameParts::reasons_for(const FramePiece& piece,
                                                 const std::string& point) {
  std::vector<FrameReason> found;
  for (Reason& reason : reasons_) {
    if (!is_at(reason, point)) continue;
    for (ReasonRange& named : reason.ranges) {
      const auto above = distance(piece.range->low, named.low);
      if (!above) continue;
      const std::int64_t begin = *above + static_cast<std::int64_t>(piece.begin);
      const std::int64_t end = *above + static_cast<std::int64_t>(piece.end);
      const bool is_within = piece.range->bytes && named.bytes
                                 ? begin >= 0 && end <= static_cast<std::int64_t>(*named.bytes)
                                 : *above == 0 && distance(piece.range->high, named.high) == 0;
      if (!is_within) continue;
      found.push_back({reason.declaration, reason.condition, [&reason, &named, point, begin, end] {
                         reason.points.insert(point);
                         named.is_open = true;
                         for (std::int64_t byte = begin; byte < end; ++byte) {
                           named.open.insert(static_cast<std::uint64_t>(byte));
                         }
                       }});
    }
  }
  return found;
}

std::vector<std::string> FrameParts::unneeded() const {
  std::vector<std::string> lines;
  const auto add = [&](const UnclaimedDeclaration& unclaimed, const std::string& what) {
    const Position& position = unclaimed.position;
    lines.push_back(fmt::format("{}:{}:{}: {}: say less in '{}'", contract_.path, position.line,
                                position.column, what, unclaimed.text));
  };
  for (const Reason& reason : reasons_) {
    const UnclaimedDeclaration& unclaimed = *reason.declaration;
    for (const std::string& name : unclaimed.registers) {
      if (!reason.registers.contains(name)) add(unclaimed, name + " is claimed");
    }
    for (const std::string& point : unclaimed.points) {
      if (!reason.points.contains(point)) add(unclaimed, "nothing of it is open at " + point);
    }
    for (const ReasonRange& range : reason.ranges) {
      if (!range.is_open || (range.bytes && range.open.size() < *range.bytes)) {
        add(unclaimed, "bytes of it are claimed, or never written");
      }
    }
  }
  return lines;
}

}  // namespace fiberproof::verify
