// Edits of Programs.
#include "fuzz/minimize/edits.hpp"

#include <utility>

namespace fiberproof::fuzz {
namespace {

/// The lists of steps, in the order in which they are counted through.
template <class AnyConst, class Visit>
void each_list(AnyConst& program, Visit visit) {
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    visit(program.functions[index].steps);
  }
  visit(program.main);
}

template <class AnyConst, class Visit>
void each_step(AnyConst& program, Visit visit) {
  each_list(program, [&visit](auto& steps) {
    for (std::size_t index = 0; index < steps.size(); ++index) {
      visit(steps[index]);
    }
  });
}

constexpr bool names_both(Step::Kind kind) {
  return kind == Step::Kind::initialize || kind == Step::Kind::resume;
}

bool is_named(const Program& program, std::uint8_t Step::* index, std::size_t declared) {
  bool named = false;
  each_step(program, [&](const Step& step) {
    named = named || (names_both(step.kind) && step.*index == declared);
  });
  return named;
}

/// After the removal of what had the index `removed`.
void renumber(Program& program, std::uint8_t Step::* index, std::size_t removed) {
  each_step(program, [&](Step& step) {
    if (names_both(step.kind) && step.*index > removed) {
      --(step.*index);
    }
  });
}

void add_removals_of_declarations(const Program& program, std::vector<Edit<Program>>& edits) {
  for (std::size_t index = program.functions.size(); index-- > 0;) {
    if (!is_named(program, &Step::function, index)) {
      edits.push_back([index](Program& edited) {
        erase(edited.functions, index, index + 1);
        renumber(edited, &Step::function, index);
      });
    }
  }
  for (std::size_t index = program.stacks.size(); index-- > 0;) {
    if (!is_named(program, &Step::stack, index)) {
      edits.push_back([index](Program& edited) {
        erase(edited.stacks, index, index + 1);
        renumber(edited, &Step::stack, index);
      });
    }
  }
}

void remove_what_nothing_names(Program& program) {
  std::vector<Edit<Program>> edits;
  do {
    edits.clear();
    add_removals_of_declarations(program, edits);
    if (!edits.empty()) {
      edits.front()(program);
    }
  } while (!edits.empty());
}

/// What a function does is done by main, and nothing else; where that makes the program shorter,
/// since functions that resume each other could take turns in main for ever.
void add_unnestings(const Program& program, std::vector<Edit<Program>>& edits) {
  for (const Function& function : program.functions) {
    for (const Step& step : function.steps) {
      if (!names_both(step.kind)) {
        continue;
      }
      Program unnested = program;
      unnested.main.clear();
      unnested.main.push_back(step);
      remove_what_nothing_names(unnested);
      if (step_count(unnested) < step_count(program)) {
        edits.push_back([unnested](Program& edited) { edited = unnested; });
      }
    }
  }
}

template <class Field>
void add_number(std::vector<Number<Program>>& numbers, std::uint64_t now, std::uint64_t plain,
                Field field) {
  if (now != plain) {
    numbers.push_back({now, plain, 1, [field](Program& program, std::uint64_t number) {
                         auto& place = field(program);
                         place = static_cast<std::decay_t<decltype(place)>>(number);
                       }});
  }
}

/// `list` is main where it is no function's index.
BoundedList<Step, steps_max>& steps_of(Program& program, std::size_t list) {
  return list < program.functions.size() ? program.functions[list].steps : program.main;
}

void add_numbers_of_steps(const Program& program, std::vector<Number<Program>>& numbers) {
  std::size_t list = 0;
  each_list(program, [&](const auto& steps) {
    for (std::size_t at = 0; at < steps.size(); ++at) {
      const Step& step = steps[at];
      const auto add = [&](auto Step::* field) {
        add_number(numbers, step.*field, 0, [list, at, field](Program& edited) -> auto& {
          return steps_of(edited, list)[at].*field;
        });
      };
      if (names_both(step.kind)) {
        add(&Step::function);
        add(&Step::stack);
      } else if (!ends_function(step.kind)) {
        add(&Step::handler_index);
      }
    }
    ++list;
  });
}

}  // namespace

std::size_t step_count(const Program& program) {
  std::size_t count = 0;
  each_list(program, [&count](const auto& steps) { count += steps.size(); });
  return count;
}

void remove_steps(Program& program, std::size_t first, std::size_t end) {
  std::size_t number = 0;
  each_list(program, [&](auto& steps) {
    std::size_t kept = 0;
    for (std::size_t index = 0; index < steps.size(); ++index, ++number) {
      if (number < first || number >= end || ends_function(steps[index].kind)) {
        steps[kept++] = steps[index];
      }
    }
    steps.truncate(kept);
  });
}

std::vector<Edit<Program>> simplifications(const Program& program) {
  std::vector<Edit<Program>> edits;
  add_removals_of_declarations(program, edits);
  add_unnestings(program, edits);
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    if (program.functions[index].steps.back().kind != Step::Kind::return_) {
      edits.push_back([index](Program& edited) {
        edited.functions[index].steps.back().kind = Step::Kind::return_;
      });
    }
  }
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    if (program.stacks[index] != plain_stack) {
      edits.push_back([index](Program& edited) { edited.stacks[index] = plain_stack; });
    }
  }
  if (program.revision != Program::StartRevision::trap) {
    edits.push_back([](Program& edited) { edited.revision = Program::StartRevision::trap; });
  }
  return edits;
}

std::vector<Number<Program>> numbers_in(const Program& program) {
  std::vector<Number<Program>> numbers;
  add_number(numbers, program.depth, 1, [](Program& edited) -> auto& { return edited.depth; });
  add_number(numbers, program.resumes, 1, [](Program& edited) -> auto& { return edited.resumes; });
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    const Function& function = program.functions[index];
    add_number(numbers, function.params, 0,
               [index](Program& edited) -> auto& { return edited.functions[index].params; });
    add_number(numbers, function.returns, 0,
               [index](Program& edited) -> auto& { return edited.functions[index].returns; });
  }
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    const StackShape& shape = program.stacks[index];
    add_number(numbers, shape.offset, 0,
               [index](Program& edited) -> auto& { return edited.stacks[index].offset; });
    add_number(numbers, shape.bytes, plain_stack.bytes,
               [index](Program& edited) -> auto& { return edited.stacks[index].bytes; });
  }
  add_numbers_of_steps(program, numbers);
  return numbers;
}

}  // namespace fiberproof::fuzz
