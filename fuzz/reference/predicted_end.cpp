#include "fuzz/reference/predicted_end.hpp"

#include "fuzz/reference/reference.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

/// Takes the steps in the order of a run, until one ends the process or there are no more.
void take_steps(Reference& reference) {
  while (!reference.process_end()) {
    const bool is_tight = reference.starts().depth() > 0 ? reference.starts().nested().back().tight
                                                         : reference.arrival().tight;
    if (is_tight) {
      reference.end_of_steps();
    } else if (reference.next() != nullptr) {
      reference.take();
    } else {
      return;
    }
  }
}

std::string whose(const PredictedEnd& end) {
  const std::string where =
      end.depth == 0 ? "in no active chain" : fmt::format("{} deep", end.depth);
  return fmt::format("{} {}, {}", end.is_beside ? "started" : "continuation", end.continuation,
                     where);
}

}  // namespace

std::optional<PredictedEnd> predict_end(const Program& program) {
  return program.ends_process() ? predict(program).end : std::nullopt;
}

Prediction predict(const Program& program) {
  const Reference& reference = reference_after(program);
  return {reference.process_end(), reference.work()};
}

const Reference& reference_after(const Program& program) {
  static Reference reference;
  reference.begin(program);
  take_steps(reference);
  return reference;
}

Expectation expectation_of(const std::optional<PredictedEnd>& end) {
  if (!end) {
    return {};
  }
  switch (end->kind) {
    case Kind::overflow: return {.kind = Expectation::Kind::stack_overflow};
    case Kind::trespass: return {.kind = Expectation::Kind::trespass};
    case Kind::unreported: return {.kind = Expectation::Kind::fault};
    case Kind::check: return {Expectation::Kind::check, rule_of(end->kind)};
  }
  return {};
}

std::string describe(const PredictedEnd& end) {
  switch (end.kind) {
    case Kind::overflow: return fmt::format("a stack overflow of {} is reported", whose(end));
    case Kind::trespass:
      return fmt::format("an access from elsewhere to a guard page of {} is reported", whose(end));
    case Kind::unreported: return "a fault that is reported of no continuation";
    case Kind::check:
      return fmt::format("a check stops a second resumption of continuation {}", end.continuation);
  }
  return "?";
}

}  // namespace fiberproof::fuzz
