// The types of a module.
#pragma once

#include "fuzz/program/value_type.hpp"
#include "fuzz/wasm/code.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fiberproof::fuzz::wasm {

/// A value type: a number or vector by its code, or a reference to a heap type.
struct ValType {
  std::uint8_t code;
  std::int64_t heap = 0;  ///< of a reference: an abstract type (negative) or an index
  friend auto operator<=>(const ValType&, const ValType&) = default;
};
inline constexpr std::uint8_t reference_code = 0x64;
inline constexpr std::uint8_t nullable_code = 0x63;
inline constexpr ValType i32_type{0x7f};
inline constexpr ValType i64_type{0x7e};
inline constexpr ValType f32_type{0x7d};
inline constexpr ValType f64_type{0x7c};
inline constexpr ValType v128_type{0x7b};

constexpr ValType reference_to(std::int64_t heap) {
  return {reference_code, heap};
}
constexpr ValType nullable(std::int64_t heap) {
  return {nullable_code, heap};
}
constexpr bool is_reference(const ValType& type) {
  return type.code == reference_code || type.code == nullable_code;
}

/// Abstract heap types.
namespace heap {
inline constexpr std::int64_t func = -0x10;
inline constexpr std::int64_t extern_ = -0x11;
inline constexpr std::int64_t any = -0x12;
inline constexpr std::int64_t eq = -0x13;
inline constexpr std::int64_t i31 = -0x14;
inline constexpr std::int64_t exn = -0x17;
inline constexpr std::int64_t none = -0x0f;
inline constexpr std::int64_t noextern = -0x0e;
inline constexpr std::int64_t nofunc = -0x0d;
}  // namespace heap

/// Types that every module has, at the same indices.
namespace type_index {
inline constexpr std::int64_t struct_ = 0;  ///< of an i64; may have subtypes
inline constexpr std::int64_t sub = 1;      ///< a subtype of it, with an i32 more
inline constexpr std::int64_t node = 2;     ///< of an i64 and a node
inline constexpr std::int64_t array = 3;    ///< of i64
inline constexpr std::int64_t number = 4;   ///< a function from [] to [i32]
}  // namespace type_index

using TypeList = std::vector<ValType>;

/// As what a value is passed.
ValType declared(ValueType type);

void put(Bytes& out, const ValType& type);
std::string text_of(const ValType& type);

/// The types of one module. Those of a library come first, each by itself, so that they are the
/// same types in every module; then some that are there twice, so that the index of a type is not
/// what an engine calls it; then all of a run, in one recursion group.
class TypeTable {
 public:
  /// A library's, with the types that every module has.
  explicit TypeTable(bool with_text);
  /// A run's. On input `library` outlives it, and gets no further type.
  TypeTable(bool with_text, const TypeTable& library, unsigned twins);

  /// The index of the function type.
  std::uint32_t function(const TypeList& params, const TypeList& results);
  /// The type of a block with these results: `no_results`, or an index.
  std::int64_t block(const TypeList& results);

  /// An index for a continuation type, and the one before it for its function type, which are
  /// defined later: they may refer to each other.
  std::uint32_t reserve_continuation();
  void define_continuation(std::uint32_t index, const TypeList& params, const TypeList& results);

  /// The content of a type section.
  void encode(Bytes& out) const;
  std::string text() const;

 private:
  struct Definition {
    Bytes bytes;
    std::string text;
  };
  void put_function(Bytes& out, const TypeList& params, const TypeList& results);
  std::string function_text(const TypeList& params, const TypeList& results) const;
  std::uint32_t first_of_run() const;
  Definition& definition(std::uint32_t index) { return definitions_[index - first_of_run()]; }
  std::uint32_t next_index() const {
    return first_of_run() + static_cast<std::uint32_t>(definitions_.size());
  }

  bool with_text_;
  const TypeTable* library_ = nullptr;
  unsigned twins_ = 0;
  Bytes scratch_;
  std::vector<Definition> definitions_;  ///< without the library's
  std::map<Bytes, std::uint32_t> functions_;
};

}  // namespace fiberproof::fuzz::wasm
