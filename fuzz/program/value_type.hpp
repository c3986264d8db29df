// The types that values have on a WebAssembly engine, and where handles are kept there. Core knows
// one type of value, of 16 bytes, and ignores both.
//
// A type says what a value is made as and what it is declared as where it is passed: the same, or a
// supertype. Above i31, struct and array are eq and any; sub and node are subtypes of struct, and a
// node refers to a node; none is below all of these. extern has noextern below it, func nofunc.
// A value of none, noextern or nofunc is null.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::fuzz {

enum class ValueType : std::uint8_t {
  i32,
  i64,
  f32,
  f64,
  v128,
  i31,
  i31_as_eq,
  i31_as_any,
  struct_,
  struct_as_eq,
  struct_as_any,
  sub,
  sub_as_struct,
  sub_as_any,
  node,
  node_as_any,
  array,
  array_as_any,
  none,
  none_as_struct,
  none_as_any,
  extern_,
  noextern,
  func,
  nofunc,
};
inline constexpr std::size_t value_types = static_cast<std::size_t>(ValueType::nofunc) + 1;

/// The place where an engine keeps handles.
enum class HandlePlace : std::uint8_t {
  globals,
  tables,
  passed,  ///< among the parameters, results and payloads of the functions and tags
};
inline constexpr std::size_t handle_places = static_cast<std::size_t>(HandlePlace::passed) + 1;

namespace detail {
inline constexpr std::array<std::string_view, value_types> value_type_words = {
    "i32",           "i64",       "f32",           "f64",        "v128",
    "i31",           "i31-as-eq", "i31-as-any",    "struct",     "struct-as-eq",
    "struct-as-any", "sub",       "sub-as-struct", "sub-as-any", "node",
    "node-as-any",   "array",     "array-as-any",  "none",       "none-as-struct",
    "none-as-any",   "extern",    "noextern",      "func",       "nofunc"};
inline constexpr std::array<std::string_view, handle_places> handle_place_words = {
    "globals", "tables", "passed"};
}  // namespace detail

/// As in the text of a Program.
constexpr std::string_view word_of(ValueType type) {
  return detail::value_type_words[static_cast<std::size_t>(type)];
}
constexpr std::string_view word_of(HandlePlace place) {
  return detail::handle_place_words[static_cast<std::size_t>(place)];
}

constexpr bool is_reference(ValueType type) {
  return type >= ValueType::i31;
}

/// The type that a value of `type` is made as, declared as itself.
constexpr ValueType made_as(ValueType type) {
  using enum ValueType;
  switch (type) {
    case i31_as_eq:
    case i31_as_any: return i31;
    case struct_as_eq:
    case struct_as_any: return struct_;
    case sub_as_struct:
    case sub_as_any: return sub;
    case node_as_any: return node;
    case array_as_any: return array;
    case none_as_struct:
    case none_as_any: return none;
    default: return type;
  }
}

constexpr std::optional<ValueType> value_type_of(std::string_view word) {
  for (std::size_t index = 0; index < value_types; ++index) {
    if (detail::value_type_words[index] == word) {
      return static_cast<ValueType>(index);
    }
  }
  return std::nullopt;
}

constexpr std::optional<HandlePlace> handle_place_of(std::string_view word) {
  for (std::size_t index = 0; index < handle_places; ++index) {
    if (detail::handle_place_words[index] == word) {
      return static_cast<HandlePlace>(index);
    }
  }
  return std::nullopt;
}

static_assert(value_type_of("nofunc") == ValueType::nofunc);
static_assert(word_of(ValueType::i31) == "i31" && word_of(HandlePlace::passed) == "passed");

}  // namespace fiberproof::fuzz
