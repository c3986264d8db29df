// AddressSanitizer: stores of C++ code to the control context and the launch words, which only
// assembly and `initialize` may touch. Without the report each is a wild jump later, or unnoticed.
#include "core/tests/sanitizer/self_test.hpp"

#include "core/layout.hpp"

#include <cstdint>

namespace fiberproof::self_test {
namespace {

void overrun(Value* values, std::uint32_t capacity) {
  opaque(values)[capacity] = {1, 2};
}

void store_past_the_args_buffer() {
  Store store;
  const Entry entry(store);
  const Body body(2, 1, [](std::span<Value> values) { overrun(values.data(), 2); });
  const Value arguments[] = {{1, 0}, {2, 0}};
  begin(store, body, arguments);
}

// A throw clears the poison of the frames, but not that of the layout.
void store_past_the_args_buffer_after_a_throw() {
  Store store;
  const Entry entry(store);
  const Body body(2, 1, [](std::span<Value> values) {
    try {
      throw 1;
    } catch (int) {
    }
    overrun(values.data(), 2);
  });
  const Value arguments[] = {{1, 0}, {2, 0}};
  begin(store, body, arguments);
}

void store_past_the_args_buffer_from_outside() {
  Store store;
  const Entry entry(store);
  const Body body(1, 1, [](std::span<Value>) {});
  overrun(cont_new(store, &body)->record->args.data, 1);
}

void store_below_the_args_buffer_of_a_fresh_continuation() {
  Store store;
  const Entry entry(store);
  const Body body(1, 1, [](std::span<Value>) {});
  auto* const buffer = opaque(cont_new(store, &body)->record->args.data);
  (reinterpret_cast<LaunchWords*>(buffer) - 1)->func_ref = nullptr;
}

void store_into_the_control_context_of_a_suspended_continuation() {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) { pause(own); });
  const Outcome paused = begin(store, body);
  opaque(paused.handle.record)->control_context->rip = 1;
}

// The poison belongs to the layout, so the next one on the same stack has its own.
void store_past_the_args_buffer_on_a_stack_used_before() {
  Store store;
  const Entry entry(store);
  for (std::uint32_t capacity = 8; capacity > 0; --capacity) {
    const Body body(capacity, 0, [](Store& own, std::span<Value> values) {
      for (Value& value : values) value = {1, 2};
      pause(own);
    });
    go_on(store, begin(store, body));
    require(abandon(store, begin(store, body).handle).has_value(), "an abandonment");
  }
  store_past_the_args_buffer();
}

constexpr Mode modes[] = {
    {"store-past-the-args-buffer", store_past_the_args_buffer},
    {"store-past-the-args-buffer-after-a-throw", store_past_the_args_buffer_after_a_throw},
    {"store-past-the-args-buffer-from-outside", store_past_the_args_buffer_from_outside},
    {"store-past-the-args-buffer-on-a-stack-used-before",
     store_past_the_args_buffer_on_a_stack_used_before},
    {"store-below-the-args-buffer", store_below_the_args_buffer_of_a_fresh_continuation},
    {"store-into-a-control-context", store_into_the_control_context_of_a_suspended_continuation},
};

}  // namespace

std::span<const Mode> planted_layout_errors() {
  return modes;
}

}  // namespace fiberproof::self_test
