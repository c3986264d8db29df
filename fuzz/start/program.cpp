#include "fuzz/start/program.hpp"

#include "fuzz/start/stack_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace fiberproof::fuzz {
namespace {

void print_function(std::string& text, std::size_t index, const Function& function) {
  fmt::format_to(std::back_inserter(text), "function f{} params {} returns {}\n", index,
                 function.params, function.returns);
  for (const Step& step : function.steps) {
    fmt::format_to(std::back_inserter(text), "  {}\n", print(step));
  }
}

}  // namespace

bool Program::overruns() const {
  return std::any_of(functions.begin(), functions.end(), [](const Function& function) {
    return !function.steps.empty() && function.steps.back().kind == Step::Kind::overrun;
  });
}

void Program::clear() {
  expect = {};
  revision = StartRevision::trap;
  depth = 1;
  resumes = 1;
  stacks.clear();
  functions.clear();
  main.clear();
}

std::string print(const Step& step) {
  switch (step.kind) {
    case Step::Kind::initialize:
      return fmt::format("initialize f{} on s{}", step.function, step.stack);
    case Step::Kind::resume: return fmt::format("resume f{} on s{}", step.function, step.stack);
    case Step::Kind::suspend: return fmt::format("suspend {}", step.handler_index);
    case Step::Kind::suspend_apart: return fmt::format("suspend {} apart", step.handler_index);
    case Step::Kind::return_: return "return";
    case Step::Kind::trap: return "trap";
    case Step::Kind::throw_: return "throw";
    case Step::Kind::overrun: return "overrun";
  }
  return "?";
}

std::string print(const Program& program) {
  std::string text = fmt::format(
      "fiberproof program 1\nexpect {}\nrevision {}\ndepth {}\nresumes {}\n", print(program.expect),
      program.revision == Program::StartRevision::trap ? "trap" : "v44", program.depth,
      program.resumes);
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    fmt::format_to(std::back_inserter(text), "stack s{} {}\n", index,
                   print(program.stacks[index], program_stack_terms));
  }
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    print_function(text, index, program.functions[index]);
  }
  text += "main\n";
  for (const Step& step : program.main) {
    fmt::format_to(std::back_inserter(text), "  {}\n", print(step));
  }
  text += "end\n";
  return text;
}

}  // namespace fiberproof::fuzz
