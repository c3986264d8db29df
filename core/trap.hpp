// Traps: why an operation was refused or a body ended early, as values.
#pragma once

#include "core/initialize.hpp"
#include "core/stack.hpp"
#include "core/tag.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace fiberproof {

/// cont_new was given no function.
struct NullFunction {};

/// An operation was given a handle that names no continuation.
struct NullHandle {};

/// The handle was used before (C1).
struct ConsumedHandle {
  std::uint64_t continuation;  ///< its id
  std::uint64_t handle_revision;
  std::uint64_t current_revision;
};

/// The values do not fit in the continuation's buffer (C5).
struct TooManyValues {
  std::uint64_t given;
  std::uint32_t length;  ///< in use before
  std::uint32_t capacity;
};

/// No stack outward has a handler of this kind for the tag.
struct UnhandledTag {
  enum class Wanted : std::uint8_t { suspend_handler, switch_handler };
  const Tag* tag;
  Wanted wanted;
};

/// A body returned false: it failed without a reason of its own.
struct BodyFailed {
  std::uint64_t continuation;  ///< its id
};

/// The reason. StackTooSmall is L5 and L8; StackError is a stack that could not be mapped.
using Trap = std::variant<NullFunction, StackTooSmall, StackError, NullHandle, ConsumedHandle,
                          TooManyValues, UnhandledTag, BodyFailed>;

/// One line for people, without a full stop.
std::string describe(const Trap& trap);

/// Receives the trap of a child on the stack that resumed it. The trap is raised there again: every
/// operation of that stack is refused with it from then on, and its body ends in a trap.
struct TrapHandler {
  const Trap* trap = nullptr;  ///< null if there is none; else in the record of that stack
};

}  // namespace fiberproof
