#include "fuzz/wasm/library.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::int32_t garbage_arrays = 64;
constexpr std::int32_t garbage_length = 2048;  // i64 each: 1 MiB in all

/// The parameter type of a check: a supertype of every type that such a value is declared as.
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

const Library& Library::with(bool has_host) {
  static const Library without(false);
  static const Library with_host(true);
  return has_host ? with_host : without;
}

Library::Library(bool has_host) : types_(true), assembly_(Assembly::library(TypeTable(true))) {
  // A run's modules import `enter` with this type.
  assembly_.types().function({i32_type}, {});
  const std::uint32_t no_values = assembly_.types().function({}, {});
  const std::uint32_t host_collect =
      has_host ? assembly_.import_function("host", "collect", no_values) : 0;
  assembly_.add_global(i64_type);
  assembly_.add_global(i32_type);
  assembly_.add_global(i64_type);
  assembly_.add_global(i64_type);
  assembly_.add_tag({i64_type}, {});
  assembly_.add_tag({}, {});
  add_notes();
  add_pattern();
  add_collect(has_host, host_collect);
  add_overflow();
  add_numbers();
  for (std::size_t type = 0; type < value_types; ++type) {
    const auto value = static_cast<ValueType>(type);
    if (made_as(value) == value) add_type(value);
  }
  module_ = assembly_.finish().front();
  types_ = assembly_.types();
}

Library::Function Library::add(std::string_view function, const TypeList& results,
                               FunctionBody body) {
  const std::uint32_t type = assembly_.types().function(body.params, results);
  return {function, type, assembly_.add_helper(function, type, std::move(body))};
}

void Library::add_notes() {
  FunctionBody note{{i64_type}, {}, assembly_.code()};
  note.code.emit(op::global_get, first);
  note.code.emit(op::i32_eqz);
  note.code.open(op::if_);
  note.code.emit(op::local_get, 0);
  note.code.i64(32);
  note.code.emit(op::i64_shr_u);
  note.code.emit(op::i32_wrap_i64);
  note.code.emit(op::global_set, first);
  note.code.close();
  note_ = add("note", {}, std::move(note));

  FunctionBody wrong{{i64_type}, {}, assembly_.code()};
  wrong.code.emit(op::local_get, 0);
  wrong.code.emit(op::call, note_.index);
  wrong.code.emit(op::throw_, wrong_tag);
  wrong_ = add("wrong", {}, std::move(wrong));

  FunctionBody check{{i64_type}, {}, assembly_.code()};
  check.code.emit(op::local_get, 0);
  check.code.emit(op::global_set, here);
  check.code.emit(op::local_get, 0);
  check.code.emit(op::global_get, now);
  check.code.emit(op::i64_ne);
  check.code.open(op::if_);
  check.code.emit(op::local_get, 0);
  check.code.emit(op::call, note_.index);
  check.code.close();
  check_now_ = add("check-now", {}, std::move(check));
}

/// [id] -> [i64]: by the last two bits of the id.
void Library::add_pattern() {
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
  pattern_ = add("pattern", {i64_type}, std::move(body));
}

void Library::add_collect(bool has_host, std::uint32_t host_collect) {
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
  if (has_host) code.emit(op::call, host_collect);
  collect_ = add("collect", {}, std::move(body));
}

void Library::add_overflow() {
  FunctionBody body{{i64_type}, {}, assembly_.code()};
  Code& code = body.code;
  code.emit(op::local_get, 0);
  code.i64(1);
  code.emit(op::i64_add);
  code.emit(op::call, assembly_.next_helper());
  code.emit(op::local_get, 0);
  code.emit(op::i64_add);
  overflow_ = add("overflow", {i64_type}, std::move(body));
}

void Library::add_numbers() {
  static constexpr std::array<std::string_view, 4> names = {"zero", "one", "two", "three"};
  for (std::size_t number = 0; number < numbers_.size(); ++number) {
    FunctionBody body{{}, {}, assembly_.code()};
    body.code.i32(static_cast<std::int32_t>(number));
    numbers_[number] = add(names[number], {i32_type}, std::move(body));
    assembly_.refer_to_helper(numbers_[number].index);
  }
}

void Library::add_type(ValueType type) {
  const auto number = static_cast<std::size_t>(type);
  OfType& of_type = of_types_[number];
  FunctionBody make{{}, {i64_type}, assembly_.code()};
  make.code.emit(op::global_get, id);
  make.code.emit(op::local_tee, made_local_id);
  make.code.i64(1);
  make.code.emit(op::i64_add);
  make.code.emit(op::global_set, id);
  make_value(make.code, type);
  names_[2 * number] = fmt::format("make-{}", word_of(type));
  of_type.make = add(names_[2 * number], {declared(type)}, std::move(make));
  FunctionBody check{{checked(type)}, {i64_type}, assembly_.code()};
  check.code.emit(op::global_get, id);
  check.code.emit(op::local_set, checked_local_id);
  compare(check.code, type);
  check.code.emit(op::local_get, checked_local_id);
  check.code.i64(-1);
  check.code.emit(op::i64_add);
  check.code.emit(op::global_set, id);
  names_[2 * number + 1] = fmt::format("check-{}", word_of(type));
  of_type.check = add(names_[2 * number + 1], {}, std::move(check));
}

}  // namespace fiberproof::fuzz::wasm
