// The names of outcomes, states and traps, for reports.
#pragma once

#include "fuzz/reference/reference.hpp"

#include <string_view>

namespace fiberproof::fuzz {

constexpr std::string_view name_of(Arrival::Kind kind) {
  switch (kind) {
    case Arrival::Kind::went_on: return "continued";
    case Arrival::Kind::made: return "made";
    case Arrival::Kind::refused: return "rejected";
    case Arrival::Kind::started: return "started";
    case Arrival::Kind::returned: return "returned";
    case Arrival::Kind::suspended: return "suspended";
    case Arrival::Kind::trapped: return "trapped";
    case Arrival::Kind::resumed: return "resumed";
    case Arrival::Kind::caught: return "caught";
    case Arrival::Kind::cleaning: return "held up";
  }
  return "unknown";
}

constexpr std::string_view name_of(ReferenceStack::State state) {
  switch (state) {
    case ReferenceStack::State::fresh: return "fresh";
    case ReferenceStack::State::running: return "running";
    case ReferenceStack::State::parent: return "parent";
    case ReferenceStack::State::suspended: return "suspended";
    case ReferenceStack::State::returned: return "returned";
    case ReferenceStack::State::trapped: return "trapped";
  }
  return "unknown";
}

constexpr std::string_view name_of(ExpectedTrap::Kind kind) {
  switch (kind) {
    case ExpectedTrap::Kind::null_function: return "null function";
    case ExpectedTrap::Kind::stack_too_small: return "stack too small";
    case ExpectedTrap::Kind::null_handle: return "null handle";
    case ExpectedTrap::Kind::consumed_handle: return "consumed handle";
    case ExpectedTrap::Kind::too_many_values: return "too many values";
    case ExpectedTrap::Kind::unhandled_suspend: return "no suspend handler";
    case ExpectedTrap::Kind::unhandled_switch: return "no switch handler";
    case ExpectedTrap::Kind::body_failed: return "body failed";
    case ExpectedTrap::Kind::no_stack: return "no stack";
  }
  return "unknown";
}

constexpr std::string_view name_of(ExpectedTrap::NoStack reason) {
  return reason == ExpectedTrap::NoStack::too_large ? "too large" : "too small";
}

}  // namespace fiberproof::fuzz
