// FIBER_CHECK(id, left, op, right): holds unless core or its caller is wrong. It is on in every
// build; if it fails, it prints the rule's id with both values and traps.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace fiberproof {

/// One violated check; all strings are literals.
struct CheckSite {
  const char* spec_id;
  const char* expression;
  const char* file;
  int line;
};

/// Prints the site and both values to standard error and executes UD2. Needs no heap and about 200
/// bytes of stack, so that it also works on an exhausted continuation stack.
[[noreturn, gnu::cold, gnu::noinline]] void check_failed(
    const CheckSite& site, std::uint64_t left,
    std::uint64_t right) __asm__("fiberproof_check_failed");

namespace check_detail {

template <class T>
constexpr std::uint64_t as_word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<std::uint64_t>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

}  // namespace check_detail

}  // namespace fiberproof

// A macro, since only the preprocessor can name the expression and the place.
#define FIBER_CHECK(id, left, op, right)                                                       \
  do {                                                                                         \
    const auto fiber_check_left = (left);                                                      \
    const auto fiber_check_right = (right);                                                    \
    if (!(fiber_check_left op fiber_check_right)) [[unlikely]] {                               \
      static constexpr ::fiberproof::CheckSite fiber_check_site{#id, #left " " #op " " #right, \
                                                                __FILE__, __LINE__};           \
      ::fiberproof::check_failed(fiber_check_site,                                             \
                                 ::fiberproof::check_detail::as_word(fiber_check_left),        \
                                 ::fiberproof::check_detail::as_word(fiber_check_right));      \
    }                                                                                          \
  } while (false)
