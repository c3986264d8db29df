// The modules while they are written: what they have by number. Every module has the same numbers
// for types, tags, globals, tables and helpers: what is imported comes first, the first module
// defines the rest, and the others import it from there. Only the functions that a run is made of
// are each in one module.
#pragma once

#include "fuzz/wasm/code.hpp"
#include "fuzz/wasm/translation.hpp"
#include "fuzz/wasm/types.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace fiberproof::fuzz::wasm {

/// A function with its local variables: index 0 is that of the first parameter.
struct FunctionBody {
  TypeList params;
  TypeList locals;  ///< beyond the parameters
  Code code;

  /// The function as a code section has it, without its size: runs of locals, and instructions.
  Bytes encoded() const;
};

class Assembly {
 public:
  /// A function of a run, by number.
  using Function = std::uint32_t;

  /// Modules m0, m1, … of a run with these types.
  Assembly(TypeTable types, unsigned modules, bool with_text);
  /// A module that exports all that it has, for others to import.
  static Assembly library(TypeTable types);

  unsigned modules() const { return static_cast<unsigned>(modules_.size()); }
  bool with_text() const { return with_text_; }
  TypeTable& types() { return types_; }
  Code code() const { return Code(with_text_); }

  // Imports of every module, before anything is added.
  std::uint32_t import_function(std::string_view module, std::string_view name, std::uint32_t type);
  std::uint32_t import_tag(std::string_view module, std::uint32_t number, const TypeList& params);
  std::uint32_t import_global(std::string_view module, std::uint32_t number, const ValType& type);

  /// Every module has helpers by the same index, which is returned.
  std::uint32_t add_helper(std::string_view name, std::uint32_t type, FunctionBody body);
  /// The index that the next helper gets, for one that calls itself.
  std::uint32_t next_helper() const;

  std::uint32_t add_tag(const TypeList& params, const TypeList& results);
  /// A mutable one, which begins as 0 or null.
  std::uint32_t add_global(const ValType& type);
  /// The places of the table are null at first.
  std::uint32_t add_table(const ValType& type, std::uint32_t size);

  /// The same number for functions that are the same in the same module. All helpers are there
  /// before the first function.
  Function add_function(unsigned module, std::uint32_t type, FunctionBody body);
  /// Pushes a reference to it, which has its exact type.
  void push_function(Code& code, unsigned from_module, Function function);
  void call_function(Code& code, unsigned from_module, Function function);

  /// Puts functions into a table, from its first place on.
  void fill_table(std::uint32_t table, std::span<const Function> functions);

  /// A helper that ref.func names.
  void refer_to_helper(std::uint32_t index) { referred_helpers_.push_back(index); }

  void export_function(std::string_view name, Function function);

  std::vector<Module> finish();

 private:
  struct Helper {
    std::string name;
    std::uint32_t type;
    FunctionBody body;
  };
  struct Tag {
    std::uint32_t type;
  };
  struct Import {
    std::string module;
    std::string name;
  };
  struct Table {
    ValType type;
    std::uint32_t size;
  };
  struct Placed {
    unsigned module;
    std::uint32_t type;
    std::uint32_t index;  ///< in its module
    FunctionBody body;
    std::int64_t shared_slot = -1;  ///< in the table by which other modules reach it
    bool is_referred = false;
  };
  struct Content {
    std::vector<Function> functions;
  };
  /// A function in a table.
  struct Placement {
    std::uint32_t table;
    std::uint32_t place;
    Function function;
  };
  class Writer;

  /// The table through which a module reaches functions of another; the first, where there are more
  /// modules than one.
  static constexpr std::uint32_t shared_table = 0;

  std::uint32_t imported_functions() const {
    return static_cast<std::uint32_t>(imported_functions_.size());
  }
  std::uint32_t shared_slot(Function function);

  bool with_text_;
  bool is_library_ = false;
  TypeTable types_;
  std::vector<std::pair<Import, std::uint32_t>> imported_functions_;  ///< with their types
  std::vector<Import> imported_tags_;                                 ///< the first of `tags_`
  std::vector<Import> imported_globals_;                              ///< the first of `globals_`
  std::vector<Helper> helpers_;
  std::vector<Tag> tags_;
  std::vector<ValType> globals_;
  std::vector<Table> tables_;
  std::vector<Placed> functions_;
  std::map<std::tuple<unsigned, std::uint32_t, Bytes>, Function> known_;
  std::vector<Content> modules_;
  std::vector<std::pair<std::string, Function>> exports_;
  std::vector<std::uint32_t> referred_helpers_;
  std::vector<Placement> placements_;
  std::uint32_t shared_ = 0;
};

/// The name under which a module is imported from: "m0", …
std::string module_name(unsigned module);

}  // namespace fiberproof::fuzz::wasm
