#include "fuzz/run/overflow.hpp"

#include "fuzz/run/outcome.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace fiberproof::fuzz {
namespace {

/// As good as never returns: each call has a frame of its own.
[[gnu::noinline]] std::uint64_t call_itself(std::uint64_t times) {
  volatile std::uint64_t left = times;
  return left == 0 ? 0 : call_itself(times - 1) + left;
}

}  // namespace

void overflow_stack(std::uint64_t id, std::uint32_t depth) {
  std::array<char, 96> line;
  const int bytes =
      std::snprintf(line.data(), line.size(), "%s%llu, %u deep\n", about_to_overrun.data(),
                    static_cast<unsigned long long>(id), static_cast<unsigned>(depth));
  if (::write(STDERR_FILENO, line.data(), static_cast<std::size_t>(bytes)) == bytes) {
    call_itself(~std::uint64_t{0});
  }
}

}  // namespace fiberproof::fuzz
