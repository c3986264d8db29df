// The run of a Program on the reference as a list of events: which stack took which step, what came
// of it and where the control went. Steps that the reference skips are not in it.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/reference/reference.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof::fuzz::wasm {

/// A value by the step that made it and its place among the values of that step.
struct ValueId {
  std::uint32_t serial;
  std::uint32_t place;
};

/// A handle by its continuation and how often one of it was consumed before.
struct HandleId {
  StackIndex stack = no_stack;
  std::uint32_t uses = 0;
  friend bool operator==(const HandleId&, const HandleId&) = default;
};

struct Event {
  const Step* step = nullptr;  ///< null where a body or an entry ends without a step
  std::uint32_t serial = 0;    ///< grows from event to event
  StackIndex on = 0;           ///< the stack that took the step
  StackIndex next = 0;         ///< the stack that has the control after it
  Arrival::Kind arrival = Arrival::Kind::went_on;
  std::uint8_t to = 0;              ///< the slot of `made`
  std::uint32_t clause = 0;         ///< of a suspension: the suspend clause that takes it
  std::uint32_t exception = 0;      ///< the serial number of the step that threw what is caught
  bool is_caught_by_frame = false;  ///< and not by the embedder
  bool is_in_entry = false;  ///< of a refusal: an entry is open that is not the embedder's own
  ExpectedTrap::Kind trap = ExpectedTrap::Kind::null_function;  ///< of a refusal
  HandleId used;                    ///< that the step names: consumed, or refused as such
  HandleId made;                    ///< that arrives with the control, or is made
  StackIndex used_last = no_stack;  ///< the outermost stack of the chain that `used` names
  StackIndex cut_last = no_stack;   ///< of a suspension or switch: the outermost that is cut off
  std::uint32_t first_value = 0;
  std::uint32_t value_count = 0;  ///< what arrives, in Trace::values

  bool is(Step::Kind kind) const { return step != nullptr && step->kind == kind; }
  /// Whether the step was taken, and not refused.
  bool is_taken() const { return arrival != Arrival::Kind::refused; }
  /// Whether the body, or the entry, that took the step ended with it in order.
  bool is_return() const { return step == nullptr || step->kind == Step::Kind::return_; }
};

struct TracedStack {
  bool is_initial;
  std::uint8_t function;
};

struct Trace {
  std::vector<Event> events;
  std::vector<ValueId> values;
  std::vector<TracedStack> stacks;  ///< by StackIndex
  bool is_beside_store = false;     ///< a step of it lays out or starts beside the store: left out

  std::span<const ValueId> values_of(const Event& event) const {
    return {values.data() + event.first_value, event.value_count};
  }
};

/// `reference` is used for the run, and kept so that it need not allocate again.
void trace(const Program& program, Reference& reference, Trace& out);

}  // namespace fiberproof::fuzz::wasm
