#include "fuzz/wasm/types.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::uint8_t code_of_function = 0x60;
constexpr std::uint8_t code_of_struct = 0x5f;
constexpr std::uint8_t code_of_array = 0x5e;
constexpr std::uint8_t code_of_continuation = 0x5d;
constexpr std::uint8_t code_of_group = 0x4e;
constexpr std::uint8_t code_of_open = 0x50;
constexpr std::uint8_t is_mutable = 1;
constexpr std::uint8_t is_constant = 0;

}  // namespace

ValType declared(ValueType type) {
  using enum ValueType;
  switch (type) {
    case i32: return i32_type;
    case i64: return i64_type;
    case f32: return f32_type;
    case f64: return f64_type;
    case v128: return v128_type;
    case i31: return reference_to(heap::i31);
    case i31_as_eq:
    case struct_as_eq: return nullable(heap::eq);
    case struct_: return reference_to(type_index::struct_);
    case sub: return reference_to(type_index::sub);
    case sub_as_struct:
    case none_as_struct: return nullable(type_index::struct_);
    case node: return nullable(type_index::node);
    case array: return reference_to(type_index::array);
    case none: return nullable(heap::none);
    case i31_as_any:
    case struct_as_any:
    case sub_as_any:
    case node_as_any:
    case array_as_any:
    case none_as_any: return nullable(heap::any);
    case extern_: return nullable(heap::extern_);
    case noextern: return nullable(heap::noextern);
    case func: return nullable(heap::func);
    case nofunc: return nullable(heap::nofunc);
  }
  return i64_type;
}

void put(Bytes& out, const ValType& type) {
  out.push_back(type.code);
  if (is_reference(type)) put_signed(out, type.heap);
}

std::string text_of(const ValType& type) {
  switch (type.code) {
    case i32_type.code: return "i32";
    case i64_type.code: return "i64";
    case f32_type.code: return "f32";
    case f64_type.code: return "f64";
    case v128_type.code: return "v128";
    case nullable_code: return fmt::format("(ref null {})", heap_word(type.heap));
    default: return fmt::format("(ref {})", heap_word(type.heap));
  }
}

TypeTable::TypeTable() {
  const auto field = [](Bytes& out, const ValType& type, std::uint8_t mutability) {
    put(out, type);
    out.push_back(mutability);
  };
  Definition open_struct{{code_of_open, 0, code_of_struct, 1},
                         "(sub (struct (field i64)))"};
  field(open_struct.bytes, i64_type, is_constant);
  Definition sub{{code_of_open, 1, type_index::struct_, code_of_struct, 2},
                 "(sub 0 (struct (field i64) (field i32)))"};
  field(sub.bytes, i64_type, is_constant);
  field(sub.bytes, i32_type, is_constant);
  Definition node{{code_of_struct, 2}, "(struct (field i64) (field (ref null 2)))"};
  field(node.bytes, i64_type, is_constant);
  field(node.bytes, nullable(type_index::node), is_constant);
  Definition array{{code_of_array}, "(array (mut i64))"};
  field(array.bytes, i64_type, is_mutable);
  definitions_ = {open_struct, sub, node, array};
  function({}, {i32_type});
}

TypeTable::Definition TypeTable::function_definition(const TypeList& params,
                                                     const TypeList& results) {
  Definition made{{code_of_function}, "(func"};
  const auto add = [&made](const TypeList& list, std::string_view word) {
    put_unsigned(made.bytes, list.size());
    for (const ValType& type : list) {
      put(made.bytes, type);
    }
    if (list.empty()) return;
    made.text.append(" (").append(word);
    for (const ValType& type : list) {
      made.text.append(" ").append(text_of(type));
    }
    made.text.push_back(')');
  };
  add(params, "param");
  add(results, "result");
  made.text.push_back(')');
  return made;
}

std::uint32_t TypeTable::function(const TypeList& params, const TypeList& results) {
  Definition made = function_definition(params, results);
  const auto [at, is_new] =
      functions_.try_emplace(made.bytes, static_cast<std::uint32_t>(definitions_.size()));
  if (is_new) definitions_.push_back(std::move(made));
  return at->second;
}

std::int64_t TypeTable::block(const TypeList& results) {
  return results.empty() ? no_results : function({}, results);
}

std::uint32_t TypeTable::reserve_continuation() {
  definitions_.resize(definitions_.size() + 2);
  return static_cast<std::uint32_t>(definitions_.size() - 1);
}

void TypeTable::define_continuation(std::uint32_t index, const TypeList& params,
                                    const TypeList& results) {
  definitions_[index - 1] = function_definition(params, results);
  Definition& made = definitions_[index];
  made = {{code_of_continuation}, fmt::format("(cont {})", index - 1)};
  put_signed(made.bytes, index - 1);
}

void TypeTable::encode(Bytes& out) const {
  put_unsigned(out, 1);
  out.push_back(code_of_group);
  put_unsigned(out, definitions_.size());
  for (const Definition& definition : definitions_) {
    out.insert(out.end(), definition.bytes.begin(), definition.bytes.end());
  }
}

std::string TypeTable::text() const {
  std::string text = "  (rec\n";
  for (std::size_t index = 0; index < definitions_.size(); ++index) {
    text += fmt::format("    (type (;{};) {})\n", index, definitions_[index].text);
  }
  return text + "  )\n";
}

}  // namespace fiberproof::fuzz::wasm
