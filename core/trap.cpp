#include "core/trap.hpp"

#include <cstring>
#include <string>

namespace fiberproof {
namespace {

std::string text(std::uint64_t number) {
  return std::to_string(number);
}

struct Describe {
  std::string operator()(const NullFunction&) const { return "cont_new of a null function"; }
  std::string operator()(const StackTooSmall& trap) const {
    return "a stack of " + text(trap.usable_bytes) +
           " usable bytes, where the layout and its "
           "headroom need " +
           text(trap.required_bytes);
  }
  std::string operator()(const StackError& trap) const {
    const std::string asked = "no stack of " + text(trap.requested_bytes) + " bytes: ";
    const std::string guarded =
        "no stack with " + text(trap.requested_bytes) + " bytes of guard pages: ";
    switch (trap.reason) {
      case StackError::Reason::too_large: return asked + "more than an address space holds";
      case StackError::Reason::too_small: return asked + "too small for any layout";
      case StackError::Reason::guard_too_large: return guarded + "more than an address space holds";
      case StackError::Reason::guard_too_small: return guarded + "give it one page at least";
      case StackError::Reason::not_mapped: break;
    }
    return asked + std::strerror(trap.system_error);
  }
  std::string operator()(const NullHandle&) const { return "a null handle"; }
  std::string operator()(const ConsumedHandle& trap) const {
    return "a consumed handle to continuation " + text(trap.continuation) + ": its revision is " +
           text(trap.handle_revision) + ", the continuation's is " + text(trap.current_revision);
  }
  std::string operator()(const TooManyValues& trap) const {
    return text(trap.given) + " values for a buffer of " + text(trap.capacity) + " with " +
           text(trap.length) + " in use";
  }
  std::string operator()(const UnhandledTag& trap) const {
    const bool suspend = trap.wanted == UnhandledTag::Wanted::suspend_handler;
    return std::string("no ") + (suspend ? "suspend" : "switch") + " handler for tag " +
           trap.tag->name;
  }
  std::string operator()(const BodyFailed& trap) const {
    return "the body of continuation " + text(trap.continuation) + " failed";
  }
};

}  // namespace

std::string describe(const Trap& trap) {
  return std::visit(Describe{}, trap);
}

}  // namespace fiberproof
