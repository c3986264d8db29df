// The native stack that the system gave this thread.
#pragma once

#include <cstdint>

namespace fiberproof {

/// Addresses: [lowest, end), without the guard page.
struct ThreadStack {
  std::uint64_t lowest;
  std::uint64_t end;
};

/// The stack of the calling thread, looked up once. Both addresses are 0 if the system does not
/// say.
const ThreadStack& thread_stack();

}  // namespace fiberproof
