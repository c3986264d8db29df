#include "fuzz/wasm/assembly.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

Bytes FunctionBody::encoded() const {
  std::vector<std::pair<std::uint32_t, ValType>> runs;
  for (const ValType& type : locals) {
    if (runs.empty() || runs.back().second != type) runs.emplace_back(0, type);
    ++runs.back().first;
  }
  Bytes out;
  put_unsigned(out, runs.size());
  for (const auto& [count, type] : runs) {
    put_unsigned(out, count);
    put(out, type);
  }
  out.insert(out.end(), code.bytes().begin(), code.bytes().end());
  out.push_back(op::end.code);
  return out;
}

std::string module_name(unsigned module) {
  return fmt::format("m{}", module);
}

Assembly::Assembly(TypeTable types, unsigned modules, bool with_text)
    : with_text_(with_text), types_(std::move(types)), modules_(modules) {
  if (modules > 1) add_table(nullable(heap::func), 0);
}

Assembly Assembly::library(TypeTable types) {
  Assembly made(std::move(types), 1, true);
  made.is_library_ = true;
  return made;
}

std::uint32_t Assembly::import_function(std::string_view module, std::string_view name,
                                        std::uint32_t type) {
  imported_functions_.push_back({{std::string(module), std::string(name)}, type});
  return imported_functions() - 1;
}

std::uint32_t Assembly::import_tag(std::string_view module, std::uint32_t number,
                                   const TypeList& params) {
  imported_tags_.push_back({std::string(module), fmt::format("e{}", number)});
  return add_tag(params, {});
}

std::uint32_t Assembly::import_global(std::string_view module, std::uint32_t number,
                                      const ValType& type) {
  imported_globals_.push_back({std::string(module), fmt::format("g{}", number)});
  return add_global(type);
}

std::uint32_t Assembly::next_helper() const {
  return imported_functions() + static_cast<std::uint32_t>(helpers_.size());
}

std::uint32_t Assembly::add_helper(std::string_view name, std::uint32_t type, FunctionBody body) {
  const std::uint32_t index = next_helper();
  helpers_.push_back({std::string(name), type, std::move(body)});
  return index;
}

std::uint32_t Assembly::add_tag(const TypeList& params, const TypeList& results) {
  tags_.push_back({types_.function(params, results)});
  return static_cast<std::uint32_t>(tags_.size() - 1);
}

std::uint32_t Assembly::add_global(const ValType& type) {
  globals_.push_back(type);
  return static_cast<std::uint32_t>(globals_.size() - 1);
}

std::uint32_t Assembly::add_table(const ValType& type, std::uint32_t size) {
  tables_.push_back({type, size});
  return static_cast<std::uint32_t>(tables_.size() - 1);
}

Assembly::Function Assembly::add_function(unsigned module, std::uint32_t type, FunctionBody body) {
  const auto [at, is_new] =
      known_.try_emplace({module, type, body.encoded()}, static_cast<Function>(functions_.size()));
  if (is_new) {
    auto& own = modules_[module].functions;
    const auto index = static_cast<std::uint32_t>(next_helper() + own.size());
    own.push_back(at->second);
    functions_.push_back({module, type, index, std::move(body)});
  }
  return at->second;
}

std::uint32_t Assembly::shared_slot(Function function) {
  Placed& placed = functions_[function];
  if (placed.shared_slot < 0) {
    placed.shared_slot = shared_++;
    placements_.push_back({shared_table, static_cast<std::uint32_t>(placed.shared_slot), function});
  }
  return static_cast<std::uint32_t>(placed.shared_slot);
}

void Assembly::push_function(Code& code, unsigned from_module, Function function) {
  Placed& placed = functions_[function];
  if (placed.module == from_module) {
    placed.is_referred = true;
    code.emit(op::ref_func, placed.index);
    return;
  }
  code.i32(static_cast<std::int32_t>(shared_slot(function)));
  code.emit(op::table_get, shared_table);
  code.heap(op::ref_cast, placed.type);
}

void Assembly::call_function(Code& code, unsigned from_module, Function function) {
  const Placed& placed = functions_[function];
  if (placed.module == from_module) return code.emit(op::call, placed.index);
  push_function(code, from_module, function);
  code.emit(op::call_ref, placed.type);
}

void Assembly::fill_table(std::uint32_t table, std::span<const Function> functions) {
  for (std::uint32_t place = 0; place < functions.size(); ++place) {
    placements_.push_back({table, place, functions[place]});
  }
}

void Assembly::export_function(std::string_view name, Function function) {
  exports_.emplace_back(name, function);
}

}  // namespace fiberproof::fuzz::wasm
