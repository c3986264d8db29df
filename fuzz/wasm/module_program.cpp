#include "fuzz/wasm/module_program.hpp"

#include "fuzz/program/form.hpp"

#include <algorithm>
#include <string_view>

namespace fiberproof::fuzz::wasm {
namespace {

// The most that a suspension or a switch hands over at once in a module.
constexpr std::uint16_t values_across_max = program_bounds::usual_values_across;

/// The step that a module has for this one, and what is lost: nothing where that is all the same.
struct ModuleStep {
  Step step;
  std::string_view lost;
};

ModuleStep for_module(Step step) {
  step.before = 0;  // Clauses of a tag that nothing names change no behaviour.
  switch (step.kind) {
    case Step::Kind::cleanup:
      step.kind = Step::Kind::call;
      step.count = 1;
      return {step, "cleanup: a module has no destructors; it is a call"};
    case Step::Kind::enter_other:
      step.kind = Step::Kind::enter;
      return {step, "the other store: a module has one, which is entered again"};
    default: break;
  }
  if (form_of(step.kind).has(StepField::room) &&
      std::max(step.values, step.room) > values_across_max) {
    step.values = std::min(step.values, values_across_max);
    step.room = std::min(step.room, values_across_max);
    return {step, "values of a suspension beyond the usual number"};
  }
  return {step, {}};
}

}  // namespace

bool is_for_module(const Program& program) {
  return std::all_of(program.steps.begin(), program.steps.end(),
                     [](const Step& step) { return for_module(step).step == step; });
}

Program for_module(const Program& program, std::vector<std::string>& left_out) {
  Program kept = program;
  for (std::size_t index = 0; index < kept.steps.size(); ++index) {
    const auto [step, lost] = for_module(kept.steps[index]);
    kept.steps[index] = step;
    if (!lost.empty() && std::find(left_out.begin(), left_out.end(), lost) == left_out.end()) {
      left_out.emplace_back(lost);
    }
  }
  return kept;
}

}  // namespace fiberproof::fuzz::wasm
