#include "core/stack.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

namespace fiberproof {
namespace {

constexpr std::uint64_t stack_bytes_max = std::uint64_t{1} << 46;  // user half of 47-bit addresses

std::uint64_t round_up_to_pages(std::uint64_t bytes) {
  return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

}  // namespace

std::uint64_t page_bytes() {
  static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::expected<Stack, StackError> Stack::map(std::uint64_t usable_bytes) {
  if (usable_bytes == 0) {
    return std::unexpected(StackError{StackError::Reason::too_small, usable_bytes, 0});
  }
  if (usable_bytes > stack_bytes_max) {
    return std::unexpected(StackError{StackError::Reason::too_large, usable_bytes, 0});
  }
  usable_bytes = round_up_to_pages(usable_bytes);
  const std::uint64_t mapping_bytes = usable_bytes + page_bytes();
  void* const mapping = ::mmap(nullptr, mapping_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    return std::unexpected(StackError{StackError::Reason::not_mapped, usable_bytes, errno});
  }
  if (::mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
    const int refused = errno;
    ::munmap(mapping, mapping_bytes);
    return std::unexpected(StackError{StackError::Reason::not_mapped, usable_bytes, refused});
  }
  const auto top = reinterpret_cast<std::uint64_t>(mapping) + mapping_bytes;
  return Stack({top, usable_bytes}, mapping_bytes);
}

std::expected<Stack, StackError> Stack::supply(std::span<std::byte> memory) {
  const auto lowest = reinterpret_cast<std::uint64_t>(memory.data());
  const std::uint64_t top = (lowest + memory.size()) & ~std::uint64_t{15};
  if (top < lowest + 16) {
    return std::unexpected(StackError{StackError::Reason::too_small, memory.size(), 0});
  }
  return Stack({top, top - lowest}, 0);
}

Stack::Stack(StackBounds bounds, std::uint64_t mapping_bytes)
    : bounds_(bounds),
      mapping_bytes_(mapping_bytes),
      sanitizer_(bounds.limit(), bounds.usable_bytes) {}

Stack::Stack(Stack&& other) noexcept
    : bounds_(other.bounds_),
      mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
      sanitizer_(std::exchange(other.sanitizer_, SanitizerStack{})) {}

Stack& Stack::operator=(Stack&& other) noexcept {
  std::swap(bounds_, other.bounds_);
  std::swap(mapping_bytes_, other.mapping_bytes_);
  std::swap(sanitizer_, other.sanitizer_);
  return *this;
}

Stack::~Stack() {
  if (mapping_bytes_ != 0) {
    ::munmap(reinterpret_cast<void*>(bounds_.top - mapping_bytes_), mapping_bytes_);
  }
}

std::expected<Stack, StackError> StackPool::acquire(std::uint64_t usable_bytes) {
  const std::uint64_t wanted = round_up_to_pages(usable_bytes);
  const auto match = std::ranges::find_if(
      free_, [wanted](const Stack& stack) { return stack.bounds().usable_bytes == wanted; });
  if (match == free_.end()) {
    return Stack::map(usable_bytes);
  }
  Stack stack = std::move(*match);
  *match = std::move(free_.back());
  free_.pop_back();
  return stack;
}

void StackPool::release(Stack stack) {
  stack.sanitizer().recycle();
  free_.push_back(std::move(stack));
}

}  // namespace fiberproof
