#include "core/tests/deep_chain.hpp"

#include <utility>

namespace fiberproof {

DeepChain::DeepChain(Innermost innermost)
    : Function(&call, nullptr, 1, 1), innermost_(std::move(innermost)) {}

bool DeepChain::call(const FuncRef& self, void* caller_vmctx, Value* values, std::uint32_t) {
  const auto& chain = static_cast<const DeepChain&>(static_cast<const Function&>(self));
  Store& store = *static_cast<Store*>(caller_vmctx);
  if (values[0].low == 1) {
    values[0] = chain.innermost_(store);
    return true;
  }
  const Value rest{values[0].low - 1, 0};
  const auto next = cont_new(store, &chain);
  if (!next) {
    return false;
  }
  const auto outcome = resume(store, *next, {&rest, 1});
  if (!outcome) {
    return false;
  }
  values[0] = outcome->values[0];
  return true;
}

}  // namespace fiberproof
