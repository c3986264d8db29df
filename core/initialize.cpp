#include "core/initialize.hpp"

#include "core/check.hpp"
#include "core/layout.hpp"

#include <algorithm>

namespace fiberproof {

// In a section of its own, whose bounds the program can read at run time: machine_code.hpp.
[[gnu::section("fiberproof_text"), gnu::noinline]] std::expected<void, StackTooSmall> initialize(
    StackBounds stack, const Launch& launch, ArgsObject& args) {
  FIBER_CHECK(L7, stack.top % 16, ==, 0u);
  FIBER_CHECK(L3, args.length, ==, 0u);
  FIBER_CHECK(L3, args.capacity, ==, 0u);
  FIBER_CHECK(L3, args.data, ==, nullptr);

  const std::uint32_t capacity = std::max(launch.parameter_count, launch.return_value_count);
  const std::uint64_t laid_out = laid_out_bytes(capacity);
  const std::uint64_t required_bytes = laid_out + headroom_bytes;
  if (required_bytes > stack.usable_bytes) {
    return std::unexpected(StackTooSmall{required_bytes, stack.usable_bytes});
  }

  auto* const top = reinterpret_cast<StackTop*>(stack.top) - 1;
  auto* const buffer = reinterpret_cast<Value*>(top) - capacity;
  auto* const words = reinterpret_cast<LaunchWords*>(buffer) - 1;

  top->args_capacity = capacity;
  top->control_context.rsp = reinterpret_cast<std::uint64_t>(words);
  top->control_context.rbp = stack.top - frame_pointer_bytes_below_top;
  top->control_context.rip = reinterpret_cast<std::uint64_t>(launch.start_routine);

  words->func_ref = launch.func_ref;
  words->caller_vmctx = launch.caller_vmctx;
  words->args = &args;
  words->return_value_count = launch.return_value_count;

  args.capacity = capacity;
  args.data = capacity == 0 ? nullptr : buffer;
  return {};
}

}  // namespace fiberproof
