// Tags and handler tables: a suspension or a switch names a tag, and the tables say which stack
// handles it (SPEC.md, Continuations).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace fiberproof {

/// The name in a suspension or a switch. Identity is the address, so a tag must outlive every use.
struct Tag {
  const char* name;  ///< for messages

  Tag(const char* shown) : name(shown) {}
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;
};

/// The handlers that a resume installs: suspend tags first, then switch tags. The struct and its
/// table must live until the resume returns.
struct Handlers {
  std::span<const Tag* const> tags;
  std::uint32_t first_switch = 0;  ///< index of the first switch tag; at most tags.size()

  /// A table of suspend handlers alone.
  static Handlers suspends(std::span<const Tag* const> tags) {
    return {tags, static_cast<std::uint32_t>(tags.size())};
  }
  /// A table of switch handlers alone.
  static Handlers switches(std::span<const Tag* const> tags) { return {tags, 0}; }

  /// The index of the first suspend clause for `tag`, which the handler sees.
  std::optional<std::uint32_t> suspend_clause(const Tag& tag) const {
    for (std::uint32_t index = 0; index < first_switch; ++index) {
      if (tags[index] == &tag) return index;
    }
    return std::nullopt;
  }

  bool has_switch_clause(const Tag& tag) const {
    for (std::size_t index = first_switch; index < tags.size(); ++index) {
      if (tags[index] == &tag) return true;
    }
    return false;
  }
};

}  // namespace fiberproof
