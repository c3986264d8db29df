#include "fuzz/program/program.hpp"

#include "fuzz/program/form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace fiberproof::fuzz {
namespace {

template <std::size_t bound>
void print_clauses(std::string& text, std::string_view word,
                   const BoundedList<std::uint8_t, bound>& tags) {
  if (tags.empty()) {
    return;
  }
  fmt::format_to(std::back_inserter(text), " {}", word);
  for (const std::uint8_t tag : tags) {
    fmt::format_to(std::back_inserter(text), " t{}", tag);
  }
}

void print_field(std::string& text, StepField field, const Step& step) {
  const auto out = std::back_inserter(text);
  switch (field) {
    case StepField::handle: fmt::format_to(out, " h{}", step.handle); break;
    case StepField::function:
      if (step.function == Step::null_function) {
        text += " null";
      } else {
        fmt::format_to(out, " f{}", step.function);
      }
      break;
    case StepField::body: fmt::format_to(out, " f{}", step.function); break;
    case StepField::stack: fmt::format_to(out, " on s{}", step.stack); break;
    case StepField::tag: fmt::format_to(out, " t{}", step.tag); break;
    case StepField::values: fmt::format_to(out, " {}", step.values); break;
    case StepField::room: fmt::format_to(out, " room {}", step.room); break;
    case StepField::to: fmt::format_to(out, " to h{}", step.to); break;
    case StepField::before:
      if (step.before != 0) {
        fmt::format_to(out, " after {}", step.before);
      }
      break;
    case StepField::suspends: print_clauses(text, "suspends", step.suspends); break;
    case StepField::switches: print_clauses(text, "switches", step.switches); break;
    case StepField::length: fmt::format_to(out, " {}", step.length); break;
    case StepField::count: fmt::format_to(out, " {}", step.count); break;
    case StepField::index: fmt::format_to(out, " {}", step.index); break;
    case StepField::apart: text += " apart"; break;
    case StepField::other: text += " other"; break;
    case StepField::damage:
      fmt::format_to(out, " broken {}", damage_words[static_cast<std::size_t>(step.damage)]);
      break;
  }
}

/// Prints what is for engines, where it is not the default.
void print_for_engines(std::string& text, const Program& program) {
  const auto out = std::back_inserter(text);
  if (!program.values.empty()) {
    text += "values";
    for (const ValueType type : program.values) {
      fmt::format_to(out, " {}", word_of(type));
    }
    text += '\n';
  }
  if (program.handles != HandlePlace::globals) {
    fmt::format_to(out, "handles {}\n", word_of(program.handles));
  }
  if (program.instances != 1) {
    fmt::format_to(out, "instances {}\n", program.instances);
  }
}

}  // namespace

bool Program::ends_process() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return fuzz::ends_process(step.kind); });
}

void Program::clear() {
  expect = {};
  trampoline = Trampoline::trap;
  values.clear();
  handles = HandlePlace::globals;
  instances = 1;
  numbers = 0;
  revisions = 0;
  stacks.clear();
  functions.clear();
  tags = 1;
  steps.clear();
}

std::string print(const Step& step) {
  const StepForm& form = form_of(step.kind);
  std::string text(form.word);
  for (std::size_t index = 0; index < step_fields; ++index) {
    const auto field = static_cast<StepField>(index);
    if (form.has(field)) {
      print_field(text, field, step);
    }
  }
  return text;
}

std::string print(const Program& program) {
  std::string text = fmt::format("{}\nexpect {}\n", magic_line, print(program.expect));
  if (program.trampoline == Trampoline::v44) {
    text += "trampoline v44\n";
  }
  print_for_engines(text, program);
  const auto out = std::back_inserter(text);
  if (program.numbers != 0) {
    fmt::format_to(out, "numbers {}\n", program.numbers);
  }
  if (program.revisions != 0) {
    fmt::format_to(out, "revisions {}\n", program.revisions);
  }
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    fmt::format_to(out, "stack s{} {}\n", index, print(program.stacks[index]));
  }
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    fmt::format_to(out, "function f{} params {} returns {}\n", index,
                   program.functions[index].params, program.functions[index].returns);
  }
  fmt::format_to(out, "tags {}\nsteps\n", program.tags);
  for (const Step& step : program.steps) {
    fmt::format_to(out, "  {}\n", print(step));
  }
  text += "end\n";
  return text;
}

}  // namespace fiberproof::fuzz
