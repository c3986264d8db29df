// The plain oracle: counts a question, and compares what was seen with what the rule says. Outcomes
// are reported by their names.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace fiberproof::fuzz::oracle {

/// Behind oracle_counts().
inline OracleCounts counts{};

/// Counts one question on the rule `id`.
inline void asked(SpecId id) {
  ++counts[static_cast<std::size_t>(id)];
}

/// A part of a question that is counted already.
[[nodiscard]] inline Verdict equal(SpecId id, const char* what, std::uint64_t expected,
                                   std::uint64_t got, NameOf* name = nullptr) {
  if (expected == got) [[likely]] {
    return std::nullopt;
  }
  return Violation{id, what, expected, got, name};
}

/// `what` is a literal: a noun phrase for a number, or a sentence that is true or false.
[[nodiscard]] inline Verdict same(SpecId id, const char* what, std::uint64_t expected,
                                  std::uint64_t got, NameOf* name = nullptr) {
  asked(id);
  return equal(id, what, expected, got, name);
}

/// A truth value, or an enumeration that has a `name_of`.
template <class T>
concept NamedOutcome = std::same_as<T, bool> || std::is_enum_v<T>;

template <NamedOutcome T>
std::string_view name_of_number(std::uint64_t number) {
  if constexpr (std::same_as<T, bool>) {
    return number != 0 ? "true" : "false";
  } else {
    return name_of(static_cast<T>(number));
  }
}

template <NamedOutcome T>
[[nodiscard]] Verdict equal(SpecId id, const char* what, T expected, T got) {
  return equal(id, what, static_cast<std::uint64_t>(expected), static_cast<std::uint64_t>(got),
               &name_of_number<T>);
}

template <NamedOutcome T>
[[nodiscard]] Verdict same(SpecId id, const char* what, T expected, T got) {
  asked(id);
  return equal(id, what, expected, got);
}

}  // namespace fiberproof::fuzz::oracle
