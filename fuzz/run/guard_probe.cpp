#include "fuzz/run/guard_probe.hpp"

#include "fuzz/spec/spec_layout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace fiberproof::fuzz {
namespace {

// Its ends, kept for the process: what the kernel cannot read for us, it refuses to write (EFAULT).
struct Pipe {
  std::array<int, 2> ends{};

  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      fmt::print(stderr, "fiberproof: the system refuses a pipe\n");
      std::exit(2);
    }
  }
};

}  // namespace

bool is_readable(std::uint64_t address) {
  static const Pipe pipe;
  // Not by write(): a sanitizer would look at the byte itself.
  if (::syscall(SYS_write, pipe.ends[1], address, std::size_t{1}) != 1) {
    return false;
  }
  char taken = 0;
  ::syscall(SYS_read, pipe.ends[0], &taken, sizeof taken);
  return true;
}

std::optional<std::uint64_t> first_readable_page(std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t page = first; page < end; page += spec::page_bytes) {
    if (is_readable(page)) {
      return page;
    }
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz
