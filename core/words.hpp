// Words that pass between stacks (SPEC.md, Words): a value, the args object, a control context.
// Where they lie on a stack is known to layout.hpp alone.
#pragma once

#include "core/assumptions.hpp"

#include <cstdint>

namespace fiberproof {

/// One WebAssembly value in transit (Wasmtime's ValRaw): 16 bytes, 16-byte aligned.
struct alignas(16) Value {
  std::uint64_t low;
  std::uint64_t high;
  friend bool operator==(const Value&, const Value&) = default;
};

/// Describes the args buffer of a continuation (L3). `length` values of `capacity` are in use;
/// `data` is null exactly where `capacity` is 0.
struct ArgsObject {
  std::uint32_t length;
  std::uint32_t capacity;
  Value* data;
};

/// Where a stack resumes that is not running: 24 bytes, consumed by loading them (S5).
struct ControlContext {
  std::uint64_t rsp;
  std::uint64_t rbp;
  std::uint64_t rip;
};

static_assert(sizeof(Value) == 16 && sizeof(ArgsObject) == 16);

}  // namespace fiberproof
