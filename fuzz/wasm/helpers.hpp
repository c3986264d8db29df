// The imports of a program from the library, and the calls of its functions to them.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/wasm/assembly.hpp"
#include "fuzz/wasm/library.hpp"

#include <array>
#include <cstdint>

namespace fiberproof::fuzz::wasm {

class Helpers {
 public:
  /// Imports into `assembly` what `program` needs; before anything is added to it.
  Helpers(Assembly& assembly, const Library& library, const Program& program);

  /// [id] -> []: the id of the value that is made or checked next.
  void set_id(Code& code) const { code.emit(op::global_set, Library::id); }
  /// [] -> [value], of the type that it is made as. The next id is one more.
  void make(Code& code, ValueType type) const;
  /// [value] -> []: notes the step that is here where the value is not that of the id. The next id
  /// is one less, as values lie on a stack.
  void check(Code& code, ValueType type) const;
  /// [id] -> []: this step is here; notes it where the latest that gave the control is another.
  void check_now(Code& code) const { code.emit(op::call, check_now_); }
  /// [] -> [id]: the latest step that gave the control away, which is here.
  void believe_now(Code& code) const;
  /// [step] -> []: notes it and ends the part; never returns.
  void wrong(Code& code) const { code.emit(op::call, wrong_); }
  void collect(Code& code) const { code.emit(op::call, collect_); }
  void overflow(Code& code) const;

 private:
  std::uint32_t import(Assembly& assembly, const Library::Function& function);
  void import_type(Assembly& assembly, const Library& library, ValueType type);

  std::uint32_t wrong_ = 0;
  std::uint32_t check_now_ = 0;
  std::uint32_t collect_ = 0;
  std::uint32_t overflow_ = 0;
  struct OfType {
    std::uint32_t make = 0;
    std::uint32_t check = 0;
    bool is_there = false;
  };
  std::array<OfType, value_types> of_types_{};
};

}  // namespace fiberproof::fuzz::wasm
