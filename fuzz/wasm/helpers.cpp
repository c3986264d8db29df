#include "fuzz/wasm/helpers.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

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
  id_ = assembly.add_global(i64_type);
  here_ = assembly.add_global(i64_type);
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
  now.code.emit(op::global_set, here_);
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

void Helpers::believe_now(Code& code) const {
  code.emit(op::global_get, now_);
  code.emit(op::global_set, here_);
  code.emit(op::global_get, now_);
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
    functions_[index] = assembly_.add_helper(fmt::format("function-{}", index), type_index::number,
                                             std::move(body));
    assembly_.refer_to_helper(functions_[index]);
  }
}

void Helpers::add_type(ValueType type) {
  OfType& of_type = types_[static_cast<std::size_t>(type)];
  if (of_type.is_there) return;
  if (type == ValueType::func) add_functions();
  TypeTable& types = assembly_.types();
  FunctionBody make{{}, {i64_type}, assembly_.code()};
  make.code.emit(op::global_get, id_);
  make.code.emit(op::local_tee, made_local_id);
  make.code.i64(1);
  make.code.emit(op::i64_add);
  make.code.emit(op::global_set, id_);
  make_value(make.code, type);
  of_type.make = assembly_.add_helper(fmt::format("make-{}", word_of(type)),
                                      types.function({}, {declared(type)}), std::move(make));
  of_type.is_there = true;
  FunctionBody check{{checked(type)}, {i64_type}, assembly_.code()};
  check.code.emit(op::global_get, id_);
  check.code.emit(op::local_set, checked_local_id);
  compare(check.code, type);
  check.code.emit(op::local_get, checked_local_id);
  check.code.i64(-1);
  check.code.emit(op::i64_add);
  check.code.emit(op::global_set, id_);
  const std::uint32_t check_type = types.function(check.params, {});
  of_type.check =
      assembly_.add_helper(fmt::format("check-{}", word_of(type)), check_type, std::move(check));
}

}  // namespace fiberproof::fuzz::wasm
