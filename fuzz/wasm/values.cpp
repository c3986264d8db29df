// The code that makes a value of each type from its id, and the code that compares one with it.
#include "fuzz/wasm/library.hpp"

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::int32_t array_length = 3;

}  // namespace

void Library::make_value(Code& code, ValueType type) {
  const auto own_id = [&code] { code.emit(op::local_get, made_local_id); };
  const auto pattern = [&] {
    own_id();
    code.emit(op::call, pattern_.index);
  };
  // Both halves of the pattern in 32 bits.
  const auto narrow_pattern = [&] {
    pattern();
    pattern();
    code.i64(32);
    code.emit(op::i64_shr_u);
    code.emit(op::i64_xor);
    code.emit(op::i32_wrap_i64);
  };
  switch (type) {
    case ValueType::i32: return narrow_pattern();
    case ValueType::i64: return pattern();
    case ValueType::f32:
      narrow_pattern();
      code.i32(0x007fffff);
      code.emit(op::i32_and);
      code.i32(0x3f800000);
      code.emit(op::i32_or);
      return code.emit(op::f32_reinterpret_i32);
    case ValueType::f64:
      pattern();
      code.i64(0x000fffffffffffff);
      code.emit(op::i64_and);
      code.i64(0x3ff0000000000000);
      code.emit(op::i64_or);
      return code.emit(op::f64_reinterpret_i64);
    case ValueType::v128:
      pattern();
      code.emit(op::i64x2_splat);
      own_id();
      return code.lane(op::i64x2_replace_lane, 1);
    case ValueType::i31: narrow_pattern(); return code.emit(op::ref_i31);
    case ValueType::sub:
      own_id();
      narrow_pattern();
      return code.emit(op::struct_new, type_index::sub);
    case ValueType::node:
      own_id();
      pattern();
      code.heap(op::ref_null, type_index::node);
      code.emit(op::struct_new, type_index::node);
      return code.emit(op::struct_new, type_index::node);
    case ValueType::array:
      own_id();
      code.i32(array_length);
      return code.emit(op::array_new, type_index::array);
    case ValueType::none: return code.heap(op::ref_null, heap::none);
    case ValueType::noextern: return code.heap(op::ref_null, heap::noextern);
    case ValueType::nofunc: return code.heap(op::ref_null, heap::nofunc);
    case ValueType::extern_:
      own_id();
      code.emit(op::struct_new, type_index::struct_);
      return code.emit(op::extern_convert_any);
    case ValueType::func: {
      const std::int64_t result = assembly_.types().block({nullable(heap::func)});
      for (std::size_t index = 1; index < numbers_.size(); ++index) {
        own_id();
        code.i64(32);
        code.emit(op::i64_shr_u);
        code.emit(op::i32_wrap_i64);
        code.i32(3);
        code.emit(op::i32_and);
        code.i32(static_cast<std::int32_t>(index));
        code.emit(op::i32_ne);
        code.emit(op::i32_eqz);
        code.open(op::if_, result);
        code.emit(op::ref_func, numbers_[index].index);
        code.emit(op::else_);
      }
      code.emit(op::ref_func, numbers_[0].index);
      for (std::size_t index = 1; index < numbers_.size(); ++index) {
        code.close();
      }
      return;
    }
    default:  // A struct; other declared types are made as one of these.
      own_id();
      return code.emit(op::struct_new, type_index::struct_);
  }
}

void Library::note_if(Code& code, const Op& differs) const {
  code.emit(differs);
  code.open(op::if_);
  code.emit(op::global_get, here);
  code.emit(op::call, note_.index);
  code.close();
}

void Library::compare(Code& code, ValueType type) {
  const auto get = [&code] { code.emit(op::local_get, checked_value); };
  const auto expected = [&] {
    code.emit(op::local_get, checked_local_id);
    code.emit(op::global_set, id);
    make(code, type);
  };
  const auto cast = [&](std::int64_t to) {
    get();
    code.heap(op::ref_cast, to);
  };
  const auto is_id = [&] {
    code.emit(op::local_get, checked_local_id);
    note_if(code, op::i64_ne);
  };
  switch (type) {
    case ValueType::i32:
      get();
      expected();
      return note_if(code, op::i32_ne);
    case ValueType::i64:
      get();
      expected();
      return note_if(code, op::i64_ne);
    case ValueType::f32:
      for (const auto& one : {0, 1}) {
        one == 0 ? get() : expected();
        code.emit(op::i32_reinterpret_f32);
      }
      return note_if(code, op::i32_ne);
    case ValueType::f64:
      for (const auto& one : {0, 1}) {
        one == 0 ? get() : expected();
        code.emit(op::i64_reinterpret_f64);
      }
      return note_if(code, op::i64_ne);
    case ValueType::v128:
      for (const std::uint8_t lane : {std::uint8_t{0}, std::uint8_t{1}}) {
        get();
        code.lane(op::i64x2_extract_lane, lane);
        expected();
        code.lane(op::i64x2_extract_lane, lane);
        note_if(code, op::i64_ne);
      }
      return;
    case ValueType::i31:
      cast(heap::i31);
      code.emit(op::i31_get_u);
      expected();
      code.emit(op::i31_get_u);
      return note_if(code, op::i32_ne);
    case ValueType::sub:
      cast(type_index::sub);
      code.emit(op::struct_get, type_index::sub, 0);
      is_id();
      cast(type_index::sub);
      code.emit(op::struct_get, type_index::sub, 1);
      expected();
      code.emit(op::struct_get, type_index::sub, 1);
      return note_if(code, op::i32_ne);
    case ValueType::node:
      cast(type_index::node);
      code.emit(op::struct_get, type_index::node, 0);
      is_id();
      cast(type_index::node);
      code.emit(op::struct_get, type_index::node, 1);
      code.emit(op::struct_get, type_index::node, 0);
      code.emit(op::local_get, checked_local_id);
      code.emit(op::call, pattern_.index);
      return note_if(code, op::i64_ne);
    case ValueType::array:
      cast(type_index::array);
      code.emit(op::array_len);
      code.i32(array_length);
      note_if(code, op::i32_ne);
      cast(type_index::array);
      code.i32(array_length - 1);
      code.emit(op::array_get, type_index::array);
      return is_id();
    case ValueType::none:
    case ValueType::noextern:
    case ValueType::nofunc:
      get();
      code.emit(op::ref_is_null);
      return note_if(code, op::i32_eqz);
    case ValueType::extern_:
      get();
      code.emit(op::any_convert_extern);
      code.heap(op::ref_cast, type_index::struct_);
      code.emit(op::struct_get, type_index::struct_, 0);
      return is_id();
    case ValueType::func:
      for (const auto& one : {0, 1}) {
        one == 0 ? get() : expected();
        code.heap(op::ref_cast, type_index::number);
        code.emit(op::call_ref, type_index::number);
      }
      return note_if(code, op::i32_ne);
    default:
      cast(type_index::struct_);
      code.emit(op::struct_get, type_index::struct_, 0);
      return is_id();
  }
}

}  // namespace fiberproof::fuzz::wasm
