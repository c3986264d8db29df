// The native stack that the system gave this thread.
#pragma once

#include <cstdint>

namespace fiberproof {

/// Addresses: [lowest, end), without the guard page.
struct ThreadStack {
  std::uint64_t lowest;
  std::uint64_t end;
};

/// That of the calling thread, asked for once. Both are 0 where the system does not tell.
const ThreadStack& thread_stack();

}  // namespace fiberproof
