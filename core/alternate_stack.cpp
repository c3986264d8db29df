#include "core/alternate_stack.hpp"

#include <sys/auxv.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace fiberproof {
namespace {

// Enough for the report of a sanitizer's handler, which may run there.
constexpr std::size_t stack_bytes = 128 * 1024;
constexpr std::size_t stack_bytes_min = 16 * 1024;
/// For the handler, beyond the kernel's frame (up to 11 KiB with AMX).
constexpr std::size_t handler_bytes_min = 8 * 1024;

std::size_t bytes_wanted_of_another() {
  return std::max<std::size_t>(stack_bytes_min, ::getauxval(AT_MINSIGSTKSZ) + handler_bytes_min);
}

}  // namespace

AlternateStack::~AlternateStack() {
  if (!stack_) {
    return;
  }
  stack_t current{};
  ::sigaltstack(nullptr, &current);
  if (current.ss_sp == reinterpret_cast<void*>(stack_->bounds().limit())) {
    ::sigaltstack(&before_, nullptr);
  }
}

int AlternateStack::install() {
  stack_t current{};
  if (::sigaltstack(nullptr, &current) != 0) {
    return errno;
  }
  if ((current.ss_flags & SS_DISABLE) == 0 && current.ss_size >= bytes_wanted_of_another()) {
    return 0;
  }
  auto mapped = Stack::map(stack_bytes);
  if (!mapped) {
    return mapped.error().system_error;
  }
  const StackBounds bounds = mapped->bounds();
  const stack_t wanted{reinterpret_cast<void*>(bounds.limit()), 0, bounds.usable_bytes};
  if (::sigaltstack(&wanted, nullptr) != 0) {
    return errno;
  }
  stack_.emplace(std::move(*mapped));
  before_ = current;
  return 0;
}

}  // namespace fiberproof
