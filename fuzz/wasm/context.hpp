// The state that all functions of a translation share: the run and its plan, and the indices of its
// handles, tags and types in the modules.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/wasm/assembly.hpp"
#include "fuzz/wasm/helpers.hpp"
#include "fuzz/wasm/outline.hpp"
#include "fuzz/wasm/plan.hpp"
#include "fuzz/wasm/trace.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace fiberproof::fuzz::wasm {

class Context {
 public:
  Context(const Program& program, const Trace& trace, const Plan& plan, const Outline& outline,
          Assembly& assembly, const Helpers& helpers, Mistranslation mistranslation);

  const Program& program;
  const Trace& trace;
  const Plan& plan;
  const Outline& outline;
  Assembly& assembly;
  const Helpers& helpers;
  const Mistranslation mistranslation;
  std::uint32_t host_enter = none;  ///< the import by which a host calls entries, if there is one

  /// The continuation type of a node; the index before it is that of its function type.
  std::uint32_t continuation_type(std::uint32_t node) const {
    return continuation_types_[plan.type_of(node)];
  }
  std::uint32_t function_type(std::uint32_t node) const { return continuation_type(node) - 1; }
  /// A continuation type [] -> [], for what only traps.
  std::uint32_t plain_continuation();
  ValType type_of(const Element& element) const;
  TypeList types_of(const std::vector<Element>& list) const;

  /// The tag of a suspension: one for each tag of the program and each type that it occurs with.
  std::uint32_t tag_of(std::uint32_t event);
  /// Another of its type, which no clause names.
  std::uint32_t same_type_tag(std::uint32_t event);
  std::uint32_t switch_tag(std::uint8_t tag, std::uint32_t results);

  /// Whether the handles of the node's type are in a table.
  bool is_in_table(std::uint32_t node) const;
  /// [handle] -> []. `spare` is a local variable of the handle's type.
  void store(Code& code, std::uint8_t slot, std::uint32_t node, std::uint32_t spare);
  void store_null(Code& code, std::uint8_t slot, std::uint32_t node);
  /// [] -> [handle]
  void load(Code& code, std::uint8_t slot, std::uint32_t node);

  /// The module that the functions of a stack are in.
  unsigned module_of(StackIndex stack) const {
    const unsigned modules = assembly.modules();
    return stack == 0 || trace.stacks[stack].is_initial ? modules - 1 : stack % modules;
  }

  bool makes_many() const { return makes_many_; }

  /// [] -> [function]: that of the continuation that is made now.
  void push_function(Code& code, unsigned from_module, StackIndex stack);
  /// Says which functions the continuations have, once all are known.
  void place_functions();
  /// A part begins with the first continuation.
  void begin_run(Code& code) const;

  /// By StackIndex; known from the highest down to 1.
  std::vector<Assembly::Function> functions;

 private:
  std::uint32_t find_tag(std::uint32_t event);
  std::pair<TypeList, TypeList> tag_types(std::uint32_t event) const;
  std::uint32_t place_of(std::uint8_t slot, std::uint32_t node);

  void add_next_function(std::uint32_t continuations);

  /// A run that makes many continuations has a table of their functions, in the order in which the
  /// continuations are made. The code that makes one then names no function, and can be shared.
  bool makes_many_ = false;
  std::uint32_t made_ = 0;                         ///< a global: how many there are so far
  std::uint32_t made_functions_ = 0;               ///< the table
  std::uint32_t next_function_ = 0;                ///< a helper: [] -> [function]
  std::vector<std::uint32_t> continuation_types_;  ///< by type of the plan
  std::uint32_t plain_continuation_ = none;
  std::vector<std::uint32_t> tag_of_event_;
  std::map<std::pair<std::uint8_t, std::uint32_t>, std::uint32_t> suspend_tags_;
  std::map<std::pair<std::uint8_t, std::uint32_t>, std::uint32_t> switch_tags_;
  /// Globals by slot and type, or tables by type.
  std::map<std::pair<std::uint8_t, std::uint32_t>, std::uint32_t> places_;
};

}  // namespace fiberproof::fuzz::wasm
