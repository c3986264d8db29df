#include "fuzz/reference/predicted_end.hpp"

#include "fuzz/reference/reference.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

/// The next transition of a run, in the order of the run. False if there is none.
bool advance(Reference& reference) {
  const bool is_beside = reference.starts().depth() > 0;
  const bool is_tight =
      is_beside ? reference.starts().nested().back().tight : reference.arrival().tight;
  if (!is_tight && reference.next() != nullptr) {
    reference.take();
  } else if (is_tight || is_beside || reference.running() != 0) {
    reference.end_of_steps();
  } else {
    return false;
  }
  return true;
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
  static Reference reference;
  reference.begin(program);
  while (!reference.process_end() && advance(reference)) {
  }
  return {reference.process_end(), reference.work()};
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
