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

/// A nullable reference to an abstract type is one byte, as tools write it.
void put(Bytes& out, const ValType& type) {
  if (type.code == nullable_code && type.heap < 0) return put_signed(out, type.heap);
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

TypeTable::TypeTable(bool with_text) : with_text_(with_text) {
  const auto field = [](Bytes& out, const ValType& type, std::uint8_t mutability) {
    put(out, type);
    out.push_back(mutability);
  };
  Definition open_struct{{code_of_open, 0, code_of_struct, 1}, "(sub (struct (field i64)))"};
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

void TypeTable::put_function(Bytes& out, const TypeList& params, const TypeList& results) {
  out.push_back(code_of_function);
  for (const TypeList* const list : {&params, &results}) {
    put_unsigned(out, list->size());
    for (const ValType& type : *list) {
      put(out, type);
    }
  }
}

std::string TypeTable::function_text(const TypeList& params, const TypeList& results) const {
  if (!with_text_) return {};
  std::string text = "(func";
  for (const TypeList* const list : {&params, &results}) {
    if (list->empty()) continue;
    text += list == &params ? " (param" : " (result";
    for (const ValType& type : *list) {
      text.append(" ").append(text_of(type));
    }
    text.push_back(')');
  }
  return text + ")";
}

std::uint32_t TypeTable::function(const TypeList& params, const TypeList& results) {
  scratch_.clear();
  put_function(scratch_, params, results);
  const auto known = functions_.find(scratch_);
  if (known != functions_.end()) return known->second;
  if (library_ != nullptr) {
    const auto of_library = library_->functions_.find(scratch_);
    if (of_library != library_->functions_.end()) return of_library->second;
  }
  const std::uint32_t index = next_index();
  definitions_.push_back({scratch_, function_text(params, results)});
  functions_.emplace(scratch_, index);
  return index;
}

std::int64_t TypeTable::block(const TypeList& results) {
  return results.empty() ? no_results : function({}, results);
}

TypeTable::TypeTable(bool with_text, const TypeTable& library, unsigned twins)
    : with_text_(with_text), library_(&library), twins_(twins) {}

std::uint32_t TypeTable::first_of_run() const {
  return library_ == nullptr ? 0
                             : static_cast<std::uint32_t>(library_->definitions_.size()) + twins_;
}

std::uint32_t TypeTable::reserve_continuation() {
  definitions_.resize(definitions_.size() + 2);
  return next_index() - 1;
}

void TypeTable::define_continuation(std::uint32_t index, const TypeList& params,
                                    const TypeList& results) {
  Definition& function = definition(index - 1);
  function.bytes.clear();
  put_function(function.bytes, params, results);
  function.text = function_text(params, results);
  Definition& made = definition(index);
  made.bytes.assign(1, code_of_continuation);
  put_signed(made.bytes, index - 1);
  if (with_text_) made.text = fmt::format("(cont {})", index - 1);
}

void TypeTable::encode(Bytes& out) const {
  const auto put_all = [&out](const std::vector<Definition>& definitions) {
    for (const Definition& definition : definitions) {
      out.insert(out.end(), definition.bytes.begin(), definition.bytes.end());
    }
  };
  if (library_ == nullptr) {
    put_unsigned(out, definitions_.size());
    return put_all(definitions_);
  }
  put_unsigned(out, first_of_run() + (definitions_.empty() ? 0 : 1));
  put_all(library_->definitions_);
  for (unsigned twin = 0; twin < twins_; ++twin) {
    out.insert(out.end(), {code_of_function, 0, 0});
  }
  if (definitions_.empty()) return;
  out.push_back(code_of_group);
  put_unsigned(out, definitions_.size());
  put_all(definitions_);
}

std::string TypeTable::text() const {
  std::string text;
  std::uint32_t index = 0;
  const auto add = [&](std::string_view definition, std::string_view indentation) {
    text += fmt::format("{}(type (;{};) {})\n", indentation, index++, definition);
  };
  if (library_ != nullptr) {
    for (const Definition& definition : library_->definitions_) {
      add(definition.text, "  ");
    }
    for (unsigned twin = 0; twin < twins_; ++twin) {
      add("(func)", "  ");
    }
    if (definitions_.empty()) return text;
    text += "  (rec\n";
  }
  for (const Definition& definition : definitions_) {
    add(definition.text, library_ != nullptr ? "    " : "  ");
  }
  return library_ != nullptr ? text + "  )\n" : text;
}

}  // namespace fiberproof::fuzz::wasm
