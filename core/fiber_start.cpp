#include "core/fiber_start.hpp"

#include "core/check.hpp"
#include "core/sanitizer.hpp"

#include <exception>
#include <limits>

namespace fiberproof {
namespace {

bool run(const FuncRef& func_ref, Store& store, ArgsObject& args) {
  try {
    return func_ref.array_call(func_ref, &store, args.data, args.capacity);
  } catch (...) {
    store.raised = std::current_exception();
    return false;
  }
}

}  // namespace

bool fiber_start(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                 std::uint64_t return_value_count) noexcept {
  sanitizer_arrive_on_fresh_stack();
  FIBER_CHECK(L2, return_value_count, <=, args->capacity);
  const bool succeeded = run(*func_ref, *static_cast<Store*>(caller_vmctx), *args);
  if (succeeded) {
    args->length = static_cast<std::uint32_t>(return_value_count);
  }
  sanitizer_leave_for_parent_at_the_end();
  return succeeded;
}

void fiber_start_v44(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                     std::uint64_t return_value_count) noexcept {
  sanitizer_arrive_on_fresh_stack();
  FIBER_CHECK(L2, return_value_count, <=, args->capacity);
  run(*func_ref, *static_cast<Store*>(caller_vmctx), *args);
  args->length = static_cast<std::uint32_t>(return_value_count);
  sanitizer_leave_for_parent_at_the_end();
}

}  // namespace fiberproof
