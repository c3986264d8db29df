// The stacks that contenders run on. All contenders of a row get the same ones, so that none has
// luckier addresses; only where a row is about mapping does each map its own.
#pragma once

#include "core/stack.hpp"

#include <cstddef>
#include <cstdint>

namespace fiberproof::bench {

inline constexpr std::uint64_t stack_bytes = 64 * 1024;

/// A stack that was used before. One fiber at a time.
StackBounds used_stack();

enum class Tops {
  aligned,    ///< each at the end of a page: all compete for the same few cache sets
  staggered,  ///< each some cache lines below
};

/// The stack of fiber `index` in a round robin: every one is mapped by itself, with guard pages,
/// and stays mapped.
StackBounds round_robin_stack(std::size_t index, Tops tops);

/// A stack as the peers without one of their own would map it, and the floor of the rows that do:
/// mmap, mprotect of a guard page, munmap.
class PlainMapping {
 public:
  PlainMapping();
  PlainMapping(const PlainMapping&) = delete;
  PlainMapping& operator=(const PlainMapping&) = delete;
  ~PlainMapping();

  StackBounds bounds() const;

 private:
  std::byte* lowest_;  ///< of the guard page
};

}  // namespace fiberproof::bench
