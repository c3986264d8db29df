// One switch between two stacks, with the state that the switch itself does not know: the
// exceptions that are being handled on each stack, and the sanitizers' annotations.
#pragma once

#include "core/control_effect.hpp"
#include "core/instrumentation.hpp"
#include "core/record.hpp"
#include "core/sanitizer.hpp"
#include "core/store.hpp"
#include "core/switch.hpp"

#include <cstdint>
#include <utility>

namespace fiberproof {

/// stack_switch(save, load, payload) from the running stack `from` to `to`. Returns the payload of
/// the stack that switches back, possibly on another thread.
FIBERPROOF_SWITCHING std::uint64_t transfer(Store& store, StackRecord& from, StackRecord& to,
                                            ControlContext* save, const ControlContext* load,
                                            std::uint64_t payload) {
  if (!store.exceptions->is_empty()) [[unlikely]] {
    from.exceptions = std::exchange(*store.exceptions, {});
  }
  sanitizer_leave(*from.sanitizer, *to.sanitizer);
  payload = stack_switch(save, load, payload);
  sanitizer_arrive(*from.sanitizer);
  if (!from.exceptions.is_empty()) [[unlikely]] {
    *store.exceptions = std::exchange(from.exceptions, {});
  }
  return payload;
}

/// Copies a control context. Uninstrumented, since the context is poisoned.
FIBERPROOF_SWITCHING void copy_context(const ControlContext& from, ControlContext& to) {
  to.rsp = from.rsp;
  to.rbp = from.rbp;
  to.rip = from.rip;
}

}  // namespace fiberproof
