// The line `expect` of a program: what a replay of it must see.
#pragma once

#include "fuzz/spec/spec_id.hpp"

#include <cstdint>
#include <string>

namespace fiberproof::fuzz {

struct Expectation {
  enum class Kind : std::uint8_t {
    pass,
    trap_reported_as_return,
    stack_overflow,
    trespass,   ///< a guard page was touched from another stack than its own
    fault,      ///< a guard page of no continuation was touched, and nothing was reported
    violation,  ///< an oracle reports a finding
    check,      ///< a FIBER_CHECK of core stops deliberate misuse
  };
  Kind kind = Kind::pass;
  SpecId violated = SpecId::L1;  ///< of violation and check
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// The words after `expect`.
std::string print(const Expectation& expect);

}  // namespace fiberproof::fuzz
