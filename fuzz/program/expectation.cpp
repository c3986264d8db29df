#include "fuzz/program/expectation.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz {

std::string print(const Expectation& expect) {
  switch (expect.kind) {
    case Expectation::Kind::pass: return "pass";
    case Expectation::Kind::trap_reported_as_return: return "trap-reported-as-return";
    case Expectation::Kind::stack_overflow: return "stack-overflow";
    case Expectation::Kind::trespass: return "trespass";
    case Expectation::Kind::fault: return "fault";
    case Expectation::Kind::violation: return fmt::format("violation {}", name_of(expect.violated));
    case Expectation::Kind::check: return fmt::format("check {}", name_of(expect.violated));
  }
  return "?";
}

}  // namespace fiberproof::fuzz
