// What a step gave to the stack that has the control after it.
#pragma once

#include "core/continuation.hpp"
#include "fuzz/reference/reference.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace fiberproof::fuzz {

/// What bodies throw and resume_throw raises. Counts how many there are.
struct BodyException {
  explicit BodyException(std::uint32_t serial) : thrown_in(serial) {
    ++count;
    latest = this;
  }
  BodyException(const BodyException& other) : thrown_in(other.thrown_in) { ++count; }
  BodyException& operator=(const BodyException&) = delete;
  ~BodyException() { --count; }

  std::uint32_t thrown_in;  ///< serial number of the step
  static inline std::uint64_t count = 0;
  static inline BodyException* latest = nullptr;  ///< made by its serial number
};

/// As Arrival, which says what it must be.
struct Seen {
  Arrival::Kind kind = Arrival::Kind::went_on;
  std::uint32_t clause = 0;
  std::uint32_t exception = 0;
  std::span<const Value> values{};
  Handle handle{};
  std::optional<Trap> trap{};
};

}  // namespace fiberproof::fuzz
