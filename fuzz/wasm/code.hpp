// Instructions in the binary format and, where wanted, the same as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::wasm {

using Bytes = std::vector<std::uint8_t>;

/// Numbers of the binary format (LEB128).
void put_unsigned(Bytes& out, std::uint64_t number);
void put_signed(Bytes& out, std::int64_t number);
/// A name: its length and its bytes.
void put_name(Bytes& out, std::string_view name);

/// An instruction: its word, and its code after a prefix; a prefix of 0 is none.
struct Op {
  std::string_view word;
  std::uint8_t prefix;
  std::uint8_t code;
};

namespace op {
inline constexpr Op unreachable{"unreachable", 0, 0x00};
inline constexpr Op block{"block", 0, 0x02};
inline constexpr Op loop{"loop", 0, 0x03};
inline constexpr Op if_{"if", 0, 0x04};
inline constexpr Op else_{"else", 0, 0x05};
inline constexpr Op throw_{"throw", 0, 0x08};
inline constexpr Op throw_ref{"throw_ref", 0, 0x0a};
inline constexpr Op end{"end", 0, 0x0b};
inline constexpr Op br{"br", 0, 0x0c};
inline constexpr Op br_if{"br_if", 0, 0x0d};
inline constexpr Op return_{"return", 0, 0x0f};
inline constexpr Op call{"call", 0, 0x10};
inline constexpr Op call_ref{"call_ref", 0, 0x14};
inline constexpr Op drop{"drop", 0, 0x1a};
inline constexpr Op try_table{"try_table", 0, 0x1f};
inline constexpr Op local_get{"local.get", 0, 0x20};
inline constexpr Op local_set{"local.set", 0, 0x21};
inline constexpr Op local_tee{"local.tee", 0, 0x22};
inline constexpr Op global_get{"global.get", 0, 0x23};
inline constexpr Op global_set{"global.set", 0, 0x24};
inline constexpr Op table_get{"table.get", 0, 0x25};
inline constexpr Op table_set{"table.set", 0, 0x26};
inline constexpr Op i32_const{"i32.const", 0, 0x41};
inline constexpr Op i64_const{"i64.const", 0, 0x42};
inline constexpr Op i32_eqz{"i32.eqz", 0, 0x45};
inline constexpr Op i32_ne{"i32.ne", 0, 0x47};
inline constexpr Op i64_ne{"i64.ne", 0, 0x52};
inline constexpr Op i32_add{"i32.add", 0, 0x6a};
inline constexpr Op i32_sub{"i32.sub", 0, 0x6b};
inline constexpr Op i32_and{"i32.and", 0, 0x71};
inline constexpr Op i32_or{"i32.or", 0, 0x72};
inline constexpr Op i64_add{"i64.add", 0, 0x7c};
inline constexpr Op i64_mul{"i64.mul", 0, 0x7e};
inline constexpr Op i64_and{"i64.and", 0, 0x83};
inline constexpr Op i64_or{"i64.or", 0, 0x84};
inline constexpr Op i64_xor{"i64.xor", 0, 0x85};
inline constexpr Op i64_shl{"i64.shl", 0, 0x86};
inline constexpr Op i64_shr_u{"i64.shr_u", 0, 0x88};
inline constexpr Op i32_wrap_i64{"i32.wrap_i64", 0, 0xa7};
inline constexpr Op i32_reinterpret_f32{"i32.reinterpret_f32", 0, 0xbc};
inline constexpr Op i64_reinterpret_f64{"i64.reinterpret_f64", 0, 0xbd};
inline constexpr Op f32_reinterpret_i32{"f32.reinterpret_i32", 0, 0xbe};
inline constexpr Op f64_reinterpret_i64{"f64.reinterpret_i64", 0, 0xbf};
inline constexpr Op ref_null{"ref.null", 0, 0xd0};
inline constexpr Op ref_is_null{"ref.is_null", 0, 0xd1};
inline constexpr Op ref_func{"ref.func", 0, 0xd2};
inline constexpr Op cont_new{"cont.new", 0, 0xe0};
inline constexpr Op cont_bind{"cont.bind", 0, 0xe1};
inline constexpr Op suspend{"suspend", 0, 0xe2};
inline constexpr Op resume{"resume", 0, 0xe3};
inline constexpr Op resume_throw{"resume_throw", 0, 0xe4};
inline constexpr Op resume_throw_ref{"resume_throw_ref", 0, 0xe5};
inline constexpr Op switch_{"switch", 0, 0xe6};
inline constexpr Op struct_new{"struct.new", 0xfb, 0x00};
inline constexpr Op struct_get{"struct.get", 0xfb, 0x02};
inline constexpr Op array_new{"array.new", 0xfb, 0x06};
inline constexpr Op array_new_default{"array.new_default", 0xfb, 0x07};
inline constexpr Op array_get{"array.get", 0xfb, 0x0b};
inline constexpr Op array_len{"array.len", 0xfb, 0x0f};
inline constexpr Op ref_cast{"ref.cast", 0xfb, 0x16};
inline constexpr Op any_convert_extern{"any.convert_extern", 0xfb, 0x1a};
inline constexpr Op extern_convert_any{"extern.convert_any", 0xfb, 0x1b};
inline constexpr Op ref_i31{"ref.i31", 0xfb, 0x1c};
inline constexpr Op i31_get_u{"i31.get_u", 0xfb, 0x1e};
inline constexpr Op i64x2_splat{"i64x2.splat", 0xfd, 0x12};
inline constexpr Op i64x2_extract_lane{"i64x2.extract_lane", 0xfd, 0x1d};
inline constexpr Op i64x2_replace_lane{"i64x2.replace_lane", 0xfd, 0x1e};
}  // namespace op

/// A clause of a resume, or a catch of a try_table.
struct Clause {
  std::uint8_t kind;
  std::uint32_t tag;
  std::uint32_t label;  ///< unused where the kind has none
};
inline constexpr std::uint8_t clause_on = 0;         ///< of a resume: a suspension with the tag
inline constexpr std::uint8_t clause_on_switch = 1;  ///< of a resume: a switch with the tag
inline constexpr std::uint8_t clause_catch = 0;      ///< of a try_table: the exception's values
inline constexpr std::uint8_t clause_catch_ref = 1;  ///< of a try_table: these and the exception

/// A block without results; others name a type of the module, from [] to their results.
inline constexpr std::int64_t no_results = -64;

class Code {
 public:
  explicit Code(bool with_text = false) : with_text_(with_text) {}

  void emit(const Op& op);
  void emit(const Op& op, std::uint64_t index);
  void emit(const Op& op, std::uint64_t index, std::uint64_t second);
  void lane(const Op& op, std::uint8_t lane);
  void i32(std::int32_t number);
  void i64(std::int64_t number);
  /// For ref.null and ref.cast: an abstract type by its (negative) code, or an index.
  void heap(const Op& op, std::int64_t type);
  /// Opens a block, loop or if with results of `type`.
  void open(const Op& op, std::int64_t type = no_results);
  void open_try(std::int64_t type, std::span<const Clause> catches);
  void close();
  /// A resume of type `type`; `extra` is the tag of a resume_throw.
  void resume(const Op& op, std::uint64_t type, const std::uint64_t* extra,
              std::span<const Clause> clauses);
  /// A place in the code.
  struct Mark {
    std::size_t bytes;
    std::size_t text;
  };
  Mark mark() const { return {bytes_.size(), text_.size()}; }
  /// Whether [first, first_end) and [second, second_end) are the same instructions.
  bool is_same(Mark first, Mark first_end, Mark second, Mark second_end) const;
  /// Leaves out what follows `mark`, and returns it as instructions of their own.
  Code cut(Mark mark);
  /// Adds [first, end) of `other`.
  void append(const Code& other, Mark first, Mark end);
  /// For people alone.
  void comment(std::string_view words);

  bool with_text() const { return with_text_; }
  const Bytes& bytes() const { return bytes_; }
  const std::string& text() const { return text_; }

 private:
  void put(const Op& op);
  void line(std::string_view words);
  void words(const Op& op, std::initializer_list<std::string_view> more);

  bool with_text_;
  unsigned depth_ = 0;
  Bytes bytes_;
  std::string text_;
};

/// The word of an abstract heap type by its code; an index stands for itself.
std::string heap_word(std::int64_t type);

}  // namespace fiberproof::fuzz::wasm
