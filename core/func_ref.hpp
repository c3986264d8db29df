// Functions that a continuation can run: the raw array call, and any C++ callable behind it.
#pragma once

#include "core/words.hpp"

#include <concepts>
#include <cstdint>
#include <expected>
#include <span>
#include <type_traits>
#include <utility>

namespace fiberproof {

/// A callable with its own context (Wasmtime's VMFuncRef). Must outlive every continuation that was
/// made for it.
struct FuncRef {
  /// Runs the function on `values[0, capacity)`, which holds the arguments on entry and the results
  /// on success (F1). `caller_vmctx` is the Store. Returns false if the function trapped. May
  /// throw, which traps, too (F3).
  using ArrayCall = bool(const FuncRef& self, void* caller_vmctx, Value* values,
                         std::uint32_t capacity);

  ArrayCall* array_call;
  void* vmctx;
};

/// A function and its arity: how many values it takes and returns.
struct Function : FuncRef {
  std::uint32_t parameter_count;
  std::uint32_t return_value_count;

  Function(ArrayCall* call, void* context, std::uint32_t parameters, std::uint32_t results)
      : FuncRef{call, context}, parameter_count(parameters), return_value_count(results) {}
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
};

}  // namespace fiberproof
