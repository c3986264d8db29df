// A chain of stacks of which each has resumed the next, without handlers.
#pragma once

#include "core/continuation.hpp"

#include <cstdint>
#include <functional>

namespace fiberproof {

/// Its argument is the number of stacks, itself included, and its result that of the innermost.
class DeepChain : public Function {
 public:
  using Innermost = std::function<Value(Store&)>;

  explicit DeepChain(Innermost innermost);

 private:
  static bool call(const FuncRef& self, void* caller_vmctx, Value* values, std::uint32_t capacity);

  Innermost innermost_;
};

}  // namespace fiberproof
