#include "fuzz/wasm/helpers.hpp"

namespace fiberproof::fuzz::wasm {

Helpers::Helpers(Assembly& assembly, const Library& library, const Program& program)
    : wrong_(import(assembly, library.wrong())),
      check_now_(import(assembly, library.check_now())),
      collect_(import(assembly, library.collect())),
      overflow_(import(assembly, library.overflow())) {
  for (const ValueType type : program.values) {
    import_type(assembly, library, made_as(type));
  }
  import_type(assembly, library, ValueType::i64);
  assembly.import_global(Library::name, Library::now, i64_type);
  assembly.import_global(Library::name, Library::first, i32_type);
  assembly.import_global(Library::name, Library::id, i64_type);
  assembly.import_global(Library::name, Library::here, i64_type);
  assembly.import_tag(Library::name, Library::exception_tag, {i64_type});
  assembly.import_tag(Library::name, Library::wrong_tag, {});
}

std::uint32_t Helpers::import(Assembly& assembly, const Library::Function& function) {
  return assembly.import_function(Library::name, function.name, function.type);
}

void Helpers::import_type(Assembly& assembly, const Library& library, ValueType type) {
  OfType& of_type = of_types_[static_cast<std::size_t>(type)];
  if (of_type.is_there) return;
  of_type = {import(assembly, library.of(type).make), import(assembly, library.of(type).check),
             true};
}

void Helpers::make(Code& code, ValueType type) const {
  code.emit(op::call, of_types_[static_cast<std::size_t>(made_as(type))].make);
}

void Helpers::check(Code& code, ValueType type) const {
  code.emit(op::call, of_types_[static_cast<std::size_t>(made_as(type))].check);
}

void Helpers::believe_now(Code& code) const {
  code.emit(op::global_get, Library::now);
  code.emit(op::global_set, Library::here);
  code.emit(op::global_get, Library::now);
}

void Helpers::overflow(Code& code) const {
  code.i64(0);
  code.emit(op::call, overflow_);
  code.emit(op::drop);
}

}  // namespace fiberproof::fuzz::wasm
