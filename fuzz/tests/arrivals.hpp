// Takes the steps of a Program on the reference alone, and writes a line for each: what the
// stack that has the control must see. "1 starts (2.0 3.0)" is continuation 1, started with
// the first value that step 2 made and the first that step 3 made.
#pragma once

#include "fuzz/reference/reference.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {

/// Handles h0 to h7, tags t0 to t2, and what the names say.
inline std::string machine_program_with(std::string_view steps) {
  return fmt::format(
      "fiberproof program 2\n"
      "stack s0 pooled 65536\n"
      "stack s1 supplied 2112\n"  // 64 laid out and 2048 below them: just enough for f1
      "stack s2 beyond 64\n"
      "stack s3 supplied 30 offset 1\n"  // 15 up to the last multiple of 16
      "function f0 params 2 returns 1\n"
      "function f1 params 0 returns 0\n"
      "function f2 params 1 returns 3\n"
      "tags 3\n"
      "steps\n{}\nend\n",
      steps);
}

inline std::string text_of(const ExpectedTrap& trap) {
  switch (trap.kind) {
    case ExpectedTrap::Kind::null_function: return "null function";
    case ExpectedTrap::Kind::stack_too_small:
      return fmt::format("{} bytes in {}", trap.first, trap.second);
    case ExpectedTrap::Kind::null_handle: return "null handle";
    case ExpectedTrap::Kind::consumed_handle: return "consumed handle";
    case ExpectedTrap::Kind::too_many_values:
      return fmt::format("{} values to {} of {}", trap.first, trap.second, trap.third);
    case ExpectedTrap::Kind::unhandled_suspend: return fmt::format("suspend t{}", trap.first);
    case ExpectedTrap::Kind::unhandled_switch: return fmt::format("switch t{}", trap.first);
    case ExpectedTrap::Kind::body_failed: return fmt::format("body {} failed", trap.first);
    case ExpectedTrap::Kind::no_stack:
      return fmt::format("no stack of {}, too {}", trap.first,
                         trap.second == 0 ? "large" : "small");
  }
  return "?";
}

/// The values, each as the step that made it and its place there; and last, where a switch
/// hands it over, the handle.
inline std::string values_of(const Arrival& arrival) {
  std::string text = "(";
  for (const PlainValue& value : arrival.values) {
    const auto serial = static_cast<std::uint32_t>(value.low >> 32);
    const auto place = static_cast<std::uint32_t>(value.low);
    const bool is_made = value == value_made(serial, place);
    text += fmt::format("{}{}", text.size() > 1 ? " " : "",
                        is_made ? fmt::format("{}.{}", serial, place) : "?");
  }
  const bool switched = arrival.kind != Arrival::Kind::suspended && arrival.handle != no_stack;
  if (switched) {
    text += fmt::format("{}handle of {}", text.size() > 1 ? " " : "", arrival.handle);
  }
  return text + ")";
}

inline std::string text_of(const Arrival& arrival) {
  const StackIndex self = arrival.stack;
  switch (arrival.kind) {
    case Arrival::Kind::went_on: return fmt::format("{} continues", self);
    case Arrival::Kind::made: return fmt::format("{} has {}", self, arrival.handle);
    case Arrival::Kind::refused: return fmt::format("{} rejected: {}", self, text_of(arrival.trap));
    case Arrival::Kind::started:
      return fmt::format("{} starts {}{}", self, values_of(arrival), arrival.tight ? " tight" : "");
    case Arrival::Kind::returned:
      return fmt::format("{} gets results {}", self, values_of(arrival));
    case Arrival::Kind::suspended:
      return fmt::format("{} gets clause {} of {} {}", self, arrival.clause, arrival.handle,
                         values_of(arrival));
    case Arrival::Kind::trapped: return fmt::format("{} trapped: {}", self, text_of(arrival.trap));
    case Arrival::Kind::resumed: return fmt::format("{} resumes with {}", self, values_of(arrival));
    case Arrival::Kind::caught: return fmt::format("{} catches {}", self, arrival.exception);
    case Arrival::Kind::cleaning: return fmt::format("{} holds up {}", self, arrival.exception);
  }
  return "?";
}

/// A whole program taken, up to its last step. `reference` can be asked afterwards.
struct TakenSteps {
  using Lines = std::vector<std::string>;

  explicit TakenSteps(std::string_view steps) : TakenSteps(machine_program_with(steps), 0) {}

  /// The running bodies return, until the embedder has the control.
  void end() {
    while (reference.running() != 0) {
      end_one();
    }
  }

  Program program;
  Reference reference;
  Lines lines;

 private:
  TakenSteps(const std::string& text, int) {
    const auto parsed = parse(text, program);
    EXPECT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
    reference.begin(program);
    while (reference.next() != nullptr) {
      reference.take();
      lines.push_back(reference.skipped() ? "skipped" : text_of(reference.arrival()));
      if (reference.arrival().tight) {
        end_one();
      }
    }
  }

  void end_one() {
    reference.end_of_steps();
    lines.push_back(text_of(reference.arrival()));
  }
};

inline TakenSteps::Lines arrivals_of(std::string_view steps) {
  return TakenSteps(steps).lines;
}

}  // namespace fiberproof::fuzz
