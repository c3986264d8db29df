// Any C++ callable as the function of continuations.
#pragma once

#include "core/func_ref.hpp"
#include "core/store.hpp"
#include "core/trap.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <type_traits>
#include <utility>

namespace fiberproof {

/// Runs `callable(values)`, or `callable(store, values)`: the arguments in, the results out, in a
/// span of as many values as the larger of the two counts. Returning false or an unexpected Trap,
/// or throwing, traps. Any other return succeeds.
template <class Callable>
class Body : public Function {
 public:
  Body(std::uint32_t parameters, std::uint32_t results, Callable callable)
      : Function(&call, nullptr, parameters, results), callable_(std::move(callable)) {}

 private:
  static constexpr bool takes_store = std::is_invocable_v<Callable&, Store&, std::span<Value>>;

  static bool call(const FuncRef& self, void* caller_vmctx, Value* values, std::uint32_t capacity) {
    const auto& body = static_cast<const Body&>(static_cast<const Function&>(self));
    Store& store = *static_cast<Store*>(caller_vmctx);
    return body.run(store, {values, capacity});
  }

  bool run(Store& store, std::span<Value> values) const {
    const auto invoke = [&] {
      if constexpr (takes_store) {
        return callable_(store, values);
      } else {
        return callable_(values);
      }
    };
    using Result = decltype(invoke());
    if constexpr (std::is_void_v<Result>) {
      invoke();
      return true;
    } else if constexpr (std::is_same_v<Result, std::expected<void, Trap>>) {
      const Result result = invoke();
      if (!result) {
        store.trap = result.error();
      }
      return result.has_value();
    } else {
      static_assert(std::is_same_v<Result, bool>, "a body returns nothing, a bool, or a Trap");
      return invoke();
    }
  }

  mutable Callable callable_;
};

}  // namespace fiberproof
