// A function that a continuation can run (Wasmtime's VMFuncRef and its array call), and the store,
// which the embedder hands through as the caller's VM context.
#pragma once

#include "core/layout.hpp"

#include <cstdint>
#include <exception>

namespace fiberproof {

/// State of one embedder thread that continuations share.
struct Store {
  /// The C++ exception that ended a body, kept by fiber_start for whoever resumed it (F3).
  std::exception_ptr raised;
};

/// A callable with its own context. Must outlive every continuation that was made for it.
struct FuncRef {
  /// Runs the function on `values[0, capacity)`, which holds the arguments on entry and the results
  /// on success (F1). Returns false where the function trapped. May throw: that is a trap too (F3).
  using ArrayCall = bool(const FuncRef& self, void* caller_vmctx, Value* values,
                         std::uint32_t capacity);

  ArrayCall* array_call;
  void* vmctx;
};

}  // namespace fiberproof
