#include "core/bench/stacks.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <cstdlib>
#include <vector>

namespace fiberproof::bench {
namespace {

constexpr std::uint64_t cache_line_bytes = 64;

// A fiber of these rows touches less than a kilobyte below its top. Staggered tops leave that much
// of their page, so that both ways touch the same number of pages.
constexpr std::uint64_t staggered_tops = 48;

[[noreturn]] void give_up(std::string_view wanted) {
  fmt::print(stderr, "bench: no memory for {}\n", wanted);
  std::exit(EXIT_FAILURE);
}

Stack mapped_stack() {
  auto stack = Stack::map(stack_bytes);
  if (!stack.has_value()) give_up("a stack");
  return std::move(*stack);
}

}  // namespace

StackBounds used_stack() {
  static const Stack stack = mapped_stack();
  return stack.bounds();
}

StackBounds round_robin_stack(std::size_t index, Tops tops) {
  static std::vector<Stack> stacks;
  while (stacks.size() <= index) stacks.push_back(mapped_stack());
  StackBounds bounds = stacks[index].bounds();
  if (tops == Tops::staggered) {
    const std::uint64_t lowered_bytes = index % staggered_tops * cache_line_bytes;
    bounds.top -= lowered_bytes;
    bounds.usable_bytes -= lowered_bytes;
  }
  return bounds;
}

PlainMapping::PlainMapping() {
  void* const mapping = ::mmap(nullptr, page_bytes() + stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED || ::mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
    give_up("a mapping");
  }
  lowest_ = static_cast<std::byte*>(mapping);
}

PlainMapping::~PlainMapping() {
  ::munmap(lowest_, page_bytes() + stack_bytes);
}

StackBounds PlainMapping::bounds() const {
  return {reinterpret_cast<std::uint64_t>(lowest_) + page_bytes() + stack_bytes, stack_bytes};
}

}  // namespace fiberproof::bench
