#include "fuzz/wasm/helpers.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::uint32_t value = 0;  // Parameters of a check.
constexpr std::uint32_t value_id = 1;
constexpr std::uint32_t step = 2;
constexpr std::int32_t array_length = 3;
constexpr std::int32_t garbage_arrays = 64;
constexpr std::int32_t garbage_length = 2048;  // i64 each: 1 MiB in all

/// What a check takes: what every declared type of such a value is a subtype of.
ValType checked(ValueType made) {
  switch (made) {
    case ValueType::i31:
    case ValueType::struct_:
    case ValueType::sub:
    case ValueType::node:
    case ValueType::array:
    case ValueType::none: return nullable(heap::any);
    default: return declared(made);
  }
}

}  // namespace

Helpers::Helpers(Assembly& assembly, const Program& program) : assembly_(assembly) {
  now_ = assembly.add_global(i64_type);
  first_ = assembly.add_global(i32_type);
  exception_tag_ = assembly.add_tag({i64_type}, {});
  wrong_tag_ = assembly.add_tag({}, {});
  add_notes();
  add_pattern();
  add_collect();
  add_overflow();
  for (const ValueType type : program.values) {
    add_type(made_as(type));
  }
  add_type(ValueType::i64);
}

void Helpers::add_notes() {
  FunctionBody note{{i64_type}, {}, assembly_.code()};
  note.code.emit(op::global_get, first_);
  note.code.emit(op::i32_eqz);
  note.code.open(op::if_);
  note.code.emit(op::local_get, 0);
  note.code.i64(32);
  note.code.emit(op::i64_shr_u);
  note.code.emit(op::i32_wrap_i64);
  note.code.emit(op::global_set, first_);
  note.code.close();
  const std::uint32_t type = assembly_.types().function({i64_type}, {});
  note_ = assembly_.add_helper("note", type, std::move(note));

  FunctionBody wrong{{i64_type}, {}, assembly_.code()};
  wrong.code.emit(op::local_get, 0);
  wrong.code.emit(op::call, note_);
  wrong.code.emit(op::throw_, wrong_tag_);
  wrong_ = assembly_.add_helper("wrong", type, std::move(wrong));

  FunctionBody now{{i64_type}, {}, assembly_.code()};
  now.code.emit(op::local_get, 0);
  now.code.emit(op::global_get, now_);
  now.code.emit(op::i64_ne);
  now.code.open(op::if_);
  now.code.emit(op::local_get, 0);
  now.code.emit(op::call, note_);
  now.code.close();
  check_now_ = assembly_.add_helper("check-now", type, std::move(now));
}

/// [id] -> [i64]: by the last two bits of the id.
void Helpers::add_pattern() {
  FunctionBody body{{i64_type}, {}, assembly_.code()};
  Code& code = body.code;
  const std::int64_t number = assembly_.types().block({i64_type});
  const auto when_last_bits_are = [&](std::int32_t bits) {
    code.emit(op::local_get, 0);
    code.emit(op::i32_wrap_i64);
    code.i32(3);
    code.emit(op::i32_and);
    code.i32(bits);
    code.emit(op::i32_ne);
    code.emit(op::i32_eqz);
    code.open(op::if_, number);
  };
  const auto multiple_of_16 = [&code] {
    code.emit(op::local_get, 0);
    code.i64(32);
    code.emit(op::i64_shr_u);
    code.i64(4);
    code.emit(op::i64_shl);
  };
  when_last_bits_are(0);
  code.emit(op::local_get, 0);
  code.i64(static_cast<std::int64_t>(0x9e3779b97f4a7c15));
  code.emit(op::i64_mul);
  code.emit(op::else_);
  when_last_bits_are(1);
  multiple_of_16();
  code.emit(op::else_);
  when_last_bits_are(2);
  multiple_of_16();
  code.i64(0x00007f0000000000);
  code.emit(op::i64_or);
  code.emit(op::else_);
  code.emit(op::local_get, 0);
  code.close();
  code.close();
  code.close();
  pattern_ = assembly_.add_helper("pattern", assembly_.types().function({i64_type}, {i64_type}),
                                  std::move(body));
}

void Helpers::add_collect() {
  FunctionBody body{{}, {i32_type}, assembly_.code()};
  Code& code = body.code;
  code.i32(garbage_arrays);
  code.emit(op::local_set, 0);
  code.open(op::loop);
  code.i32(garbage_length);
  code.emit(op::array_new_default, type_index::array);
  code.emit(op::drop);
  code.emit(op::local_get, 0);
  code.i32(1);
  code.emit(op::i32_sub);
  code.emit(op::local_tee, 0);
  code.emit(op::br_if, 0);
  code.close();
  if (assembly_.has_host()) code.emit(op::call, Assembly::host_collect);
  collect_ = assembly_.add_helper("collect", assembly_.types().function({}, {}), std::move(body));
}

void Helpers::add_overflow() {
  FunctionBody body{{i64_type}, {}, assembly_.code()};
  Code& code = body.code;
  code.emit(op::local_get, 0);
  code.i64(1);
  code.emit(op::i64_add);
  code.emit(op::call, assembly_.next_helper());
  code.emit(op::local_get, 0);
  code.emit(op::i64_add);
  overflow_ = assembly_.add_helper("overflow", assembly_.types().function({i64_type}, {i64_type}),
                                   std::move(body));
}

void Helpers::overflow(Code& code) const {
  code.i64(0);
  code.emit(op::call, overflow_);
  code.emit(op::drop);
}

void Helpers::make(Code& code, ValueType type) const {
  code.emit(op::call, types_[static_cast<std::size_t>(made_as(type))].make);
}

void Helpers::check(Code& code, ValueType type) const {
  code.emit(op::call, types_[static_cast<std::size_t>(made_as(type))].check);
}

/// Four functions that return different numbers.
void Helpers::add_functions() {
  for (std::size_t index = 0; index < functions_.size(); ++index) {
    FunctionBody body{{}, {}, assembly_.code()};
    body.code.i32(static_cast<std::int32_t>(index));
    functions_[index] = assembly_.add_helper(fmt::format("function-{}", index),
                                             type_index::number, std::move(body));
    assembly_.refer_to_helper(functions_[index]);
  }
}

void Helpers::add_type(ValueType type) {
  OfType& of_type = types_[static_cast<std::size_t>(type)];
  if (of_type.is_there) return;
  if (type == ValueType::func) add_functions();
  TypeTable& types = assembly_.types();
  FunctionBody make{{i64_type}, {}, assembly_.code()};
  make_body(make.code, type);
  of_type.make = assembly_.add_helper(fmt::format("make-{}", word_of(type)),
                                      types.function({i64_type}, {declared(type)}), std::move(make));
  FunctionBody check{{checked(type), i64_type, i64_type}, {}, assembly_.code()};
  of_type.is_there = true;
  check_body(check.code, type);
  const std::uint32_t check_type = types.function(check.params, {});
  of_type.check =
      assembly_.add_helper(fmt::format("check-{}", word_of(type)), check_type, std::move(check));
}

void Helpers::make_body(Code& code, ValueType type) {
  const auto id = [&code] { code.emit(op::local_get, 0); };
  const auto pattern = [&] {
    id();
    code.emit(op::call, pattern_);
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
      id();
      return code.lane(op::i64x2_replace_lane, 1);
    case ValueType::i31:
      narrow_pattern();
      return code.emit(op::ref_i31);
    case ValueType::sub:
      id();
      narrow_pattern();
      return code.emit(op::struct_new, type_index::sub);
    case ValueType::node:
      id();
      pattern();
      code.heap(op::ref_null, type_index::node);
      code.emit(op::struct_new, type_index::node);
      return code.emit(op::struct_new, type_index::node);
    case ValueType::array:
      id();
      code.i32(array_length);
      return code.emit(op::array_new, type_index::array);
    case ValueType::none: return code.heap(op::ref_null, heap::none);
    case ValueType::noextern: return code.heap(op::ref_null, heap::noextern);
    case ValueType::nofunc: return code.heap(op::ref_null, heap::nofunc);
    case ValueType::extern_:
      id();
      code.emit(op::struct_new, type_index::struct_);
      return code.emit(op::extern_convert_any);
    case ValueType::func: {
      const std::int64_t result = assembly_.types().block({nullable(heap::func)});
      for (std::size_t index = 1; index < functions_.size(); ++index) {
        id();
        code.i64(32);
        code.emit(op::i64_shr_u);
        code.emit(op::i32_wrap_i64);
        code.i32(3);
        code.emit(op::i32_and);
        code.i32(static_cast<std::int32_t>(index));
        code.emit(op::i32_ne);
        code.emit(op::i32_eqz);
        code.open(op::if_, result);
        code.emit(op::ref_func, functions_[index]);
        code.emit(op::else_);
      }
      code.emit(op::ref_func, functions_[0]);
      for (std::size_t index = 1; index < functions_.size(); ++index) {
        code.close();
      }
      return;
    }
    default:  // A struct; other declared types are made as one of these.
      id();
      return code.emit(op::struct_new, type_index::struct_);
  }
}

void Helpers::note_unless(Code& code, const Op& differs) const {
  code.emit(differs);
  code.open(op::if_);
  code.emit(op::local_get, step);
  code.emit(op::call, note_);
  code.close();
}

void Helpers::check_body(Code& code, ValueType type) {
  const auto get = [&code] { code.emit(op::local_get, value); };
  const auto expected = [&] {
    code.emit(op::local_get, value_id);
    make(code, type);
  };
  const auto cast = [&](std::int64_t to) {
    get();
    code.heap(op::ref_cast, to);
  };
  const auto is_id = [&] {
    code.emit(op::local_get, value_id);
    note_unless(code, op::i64_ne);
  };
  switch (type) {
    case ValueType::i32:
      get();
      expected();
      return note_unless(code, op::i32_ne);
    case ValueType::i64:
      get();
      expected();
      return note_unless(code, op::i64_ne);
    case ValueType::f32:
      for (const auto& one : {0, 1}) {
        one == 0 ? get() : expected();
        code.emit(op::i32_reinterpret_f32);
      }
      return note_unless(code, op::i32_ne);
    case ValueType::f64:
      for (const auto& one : {0, 1}) {
        one == 0 ? get() : expected();
        code.emit(op::i64_reinterpret_f64);
      }
      return note_unless(code, op::i64_ne);
    case ValueType::v128:
      for (const std::uint8_t lane : {std::uint8_t{0}, std::uint8_t{1}}) {
        get();
        code.lane(op::i64x2_extract_lane, lane);
        expected();
        code.lane(op::i64x2_extract_lane, lane);
        note_unless(code, op::i64_ne);
      }
      return;
    case ValueType::i31:
      cast(heap::i31);
      code.emit(op::i31_get_u);
      expected();
      code.emit(op::i31_get_u);
      return note_unless(code, op::i32_ne);
    case ValueType::sub:
      cast(type_index::sub);
      code.emit(op::struct_get, type_index::sub, 0);
      is_id();
      cast(type_index::sub);
      code.emit(op::struct_get, type_index::sub, 1);
      expected();
      code.emit(op::struct_get, type_index::sub, 1);
      return note_unless(code, op::i32_ne);
    case ValueType::node:
      cast(type_index::node);
      code.emit(op::struct_get, type_index::node, 0);
      is_id();
      cast(type_index::node);
      code.emit(op::struct_get, type_index::node, 1);
      code.emit(op::struct_get, type_index::node, 0);
      code.emit(op::local_get, value_id);
      code.emit(op::call, pattern_);
      return note_unless(code, op::i64_ne);
    case ValueType::array:
      cast(type_index::array);
      code.emit(op::array_len);
      code.i32(array_length);
      note_unless(code, op::i32_ne);
      cast(type_index::array);
      code.i32(array_length - 1);
      code.emit(op::array_get, type_index::array);
      return is_id();
    case ValueType::none:
    case ValueType::noextern:
    case ValueType::nofunc:
      get();
      code.emit(op::ref_is_null);
      return note_unless(code, op::i32_eqz);
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
      return note_unless(code, op::i32_ne);
    default:
      cast(type_index::struct_);
      code.emit(op::struct_get, type_index::struct_, 0);
      return is_id();
  }
}

}  // namespace fiberproof::fuzz::wasm
