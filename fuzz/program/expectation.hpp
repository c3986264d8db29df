// What a replay of a Program must see: the word behind `expect`.
#pragma once

#include "fuzz/oracle/spec_id.hpp"

#include <cstdint>
#include <string>

namespace fiberproof::fuzz {

struct Expectation {
  enum class Kind : std::uint8_t {
    pass,
    trap_reported_as_return,
    stack_overflow,
    trespass,   ///< a guard page was touched, from another stack than its own
    violation,  ///< an oracle's finding
    check,      ///< a FIBER_CHECK of core's stopped what the program did on purpose
  };
  Kind kind = Kind::pass;
  SpecId violated = SpecId::L1;  ///< of violation and check
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// What is expected, as in the text.
std::string print(const Expectation& expect);

}  // namespace fiberproof::fuzz
