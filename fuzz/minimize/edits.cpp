#include "fuzz/minimize/edits.hpp"
#include "fuzz/program/form.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
using Edits = std::vector<Edit>;
using Numbers = std::vector<Number>;

// With more steps than this, only single ones and runs of them are left out.
constexpr std::size_t paired_steps_max = 24;

bool names_function(const Step& step) {
  const StepForm& form = form_of(step.kind);
  return form.has(StepField::body) ||
         (form.has(StepField::function) && step.function != Step::null_function);
}

/// What a removal of an item of a list does to an index that is not the item's own.
void close_gap(std::uint8_t& index, std::size_t removed) {
  if (index > removed) {
    --index;
  }
}

template <class Condition>
bool any_step(const Program& program, Condition condition) {
  return std::any_of(program.steps.begin(), program.steps.end(), condition);
}

bool names_tag(const Step& step, std::size_t tag) {
  const StepForm& form = form_of(step.kind);
  return (form.has(StepField::tag) && step.tag == tag) ||
         std::find(step.suspends.begin(), step.suspends.end(), tag) != step.suspends.end() ||
         std::find(step.switches.begin(), step.switches.end(), tag) != step.switches.end();
}

void remove_function(Program& program, std::size_t removed) {
  erase(program.functions, removed, removed + 1);
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    if (names_function(program.steps[index])) {
      close_gap(program.steps[index].function, removed);
    }
  }
}

void remove_stack(Program& program, std::size_t removed) {
  erase(program.stacks, removed, removed + 1);
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    close_gap(program.steps[index].stack, removed);
  }
}

void remove_tag(Program& program, std::size_t removed) {
  --program.tags;
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    close_gap(step.tag, removed);
    for (std::size_t clause = 0; clause < step.suspends.size(); ++clause) {
      close_gap(step.suspends[clause], removed);
    }
    for (std::size_t clause = 0; clause < step.switches.size(); ++clause) {
      close_gap(step.switches[clause], removed);
    }
  }
}

void add_removals_of_declarations(const Program& program, Edits& edits) {
  for (std::size_t index = program.functions.size(); index-- > 0;) {
    if (!any_step(program, [index](const Step& step) {
          return names_function(step) && step.function == index;
        })) {
      edits.push_back([index](Program& edited) { remove_function(edited, index); });
    }
  }
  for (std::size_t index = program.stacks.size(); index-- > 0;) {
    if (!any_step(program, [index](const Step& step) {
          return form_of(step.kind).has(StepField::stack) && step.stack == index;
        })) {
      edits.push_back([index](Program& edited) { remove_stack(edited, index); });
    }
  }
  for (std::size_t tag = program.tags; tag-- > 0;) {
    if (!any_step(program, [tag](const Step& step) { return names_tag(step, tag); })) {
      edits.push_back([tag](Program& edited) { remove_tag(edited, tag); });
    }
  }
}

/// Two steps at a time: a level of nesting is what opens it and what closes it.
void add_removals_of_pairs(const Program& program, Edits& edits) {
  if (program.steps.size() > paired_steps_max) {
    return;
  }
  for (std::size_t first = 0; first < program.steps.size(); ++first) {
    for (std::size_t second = first + 1; second < program.steps.size(); ++second) {
      edits.push_back([first, second](Program& edited) {
        remove_steps(edited, second, second + 1);
        remove_steps(edited, first, first + 1);
      });
    }
  }
}

template <class Clauses>
void add_removals_of_clauses(const Program& program, Clauses Step::* clauses, Edits& edits) {
  for (std::size_t at = 0; at < program.steps.size(); ++at) {
    for (std::size_t clause = (program.steps[at].*clauses).size(); clause-- > 0;) {
      edits.push_back([at, clauses, clause](Program& edited) {
        erase(edited.steps[at].*clauses, clause, clause + 1);
      });
    }
  }
}

void add_edits_for_engines(const Program& program, Edits& edits) {
  for (std::size_t index = program.values.size(); index-- > 0;) {
    edits.push_back([index](Program& edited) { erase(edited.values, index, index + 1); });
  }
  for (std::size_t index = 0; index < program.values.size(); ++index) {
    for (const ValueType plain : {ValueType::i64, made_as(program.values[index])}) {
      if (plain != program.values[index] && program.values[index] != ValueType::i64) {
        edits.push_back([index, plain](Program& edited) { edited.values[index] = plain; });
      }
    }
  }
  if (program.handles != HandlePlace::globals) {
    edits.push_back([](Program& edited) { edited.handles = HandlePlace::globals; });
  }
  if (program.instances > 1) {
    edits.push_back([](Program& edited) { edited.instances = 1; });
  }
}

template <class Field>
void add_number(Numbers& numbers, std::uint64_t now, std::uint64_t plain, Field field,
                std::uint64_t unit = 1) {
  if (now != plain) {
    numbers.push_back({now, plain, unit, [field](Program& program, std::uint64_t number) {
                         auto& place = field(program);
                         place = static_cast<std::decay_t<decltype(place)>>(number);
                       }});
  }
}

void add_numbers_of_step(const Step& step, std::size_t at, Numbers& numbers) {
  const StepForm& form = form_of(step.kind);
  const auto add = [&](StepField needed, auto Step::* field, std::uint64_t plain) {
    if (form.has(needed)) {
      add_number(numbers, step.*field, plain,
                 [at, field](Program& edited) -> auto& { return edited.steps[at].*field; });
    }
  };
  add(StepField::count, &Step::count, 1);
  add(StepField::length, &Step::length, 1);
  add(StepField::values, &Step::values, 0);
  add(StepField::room, &Step::room, 0);
  add(StepField::before, &Step::before, 0);
  add(StepField::tag, &Step::tag, 0);
  add(StepField::stack, &Step::stack, 0);
  add(StepField::index, &Step::index, 0);
  add(StepField::body, &Step::function, 0);
  if (step.function != Step::null_function) {
    add(StepField::function, &Step::function, 0);
  }
}

}  // namespace

void remove_steps(Program& program, std::size_t first, std::size_t end) {
  const auto before = program.steps;
  std::array<bool, program_bounds::steps> kept{};
  program.steps.clear();
  for (std::size_t index = 0; index < before.size(); ++index) {
    Step step = before[index];
    kept[index] = index < first || index >= end;
    if (kept[index] && step.kind == Step::Kind::repeat) {
      const auto* const self = kept.begin() + index;
      step.length = static_cast<std::uint8_t>(std::count(self - step.length, self, true));
      kept[index] = step.length > 0;
    }
    if (kept[index]) {
      program.steps.push_back(step);
    }
  }
}

Edits simplifications(const Program& program) {
  Edits edits;
  add_removals_of_declarations(program, edits);
  add_removals_of_clauses(program, &Step::switches, edits);
  add_removals_of_clauses(program, &Step::suspends, edits);
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    if (program.stacks[index] != plain_stack) {
      edits.push_back([index](Program& edited) { edited.stacks[index] = plain_stack; });
    }
  }
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    if (program.steps[index].kind == Kind::trap || program.steps[index].kind == Kind::throw_) {
      edits.push_back([index](Program& edited) { edited.steps[index].kind = Kind::return_; });
    }
  }
  add_edits_for_engines(program, edits);
  if (program.trampoline != Trampoline::trap) {
    edits.push_back([](Program& edited) { edited.trampoline = Trampoline::trap; });
  }
  add_removals_of_pairs(program, edits);
  return edits;
}

Numbers numbers_in(const Program& program) {
  Numbers numbers;
  add_number(numbers, program.numbers, 0, [](Program& edited) -> auto& { return edited.numbers; });
  add_number(numbers, program.revisions, 0,
             [](Program& edited) -> auto& { return edited.revisions; });
  for (std::size_t at = 0; at < program.steps.size(); ++at) {
    add_numbers_of_step(program.steps[at], at, numbers);
  }
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    const Signature& signature = program.functions[index];
    add_number(numbers, signature.params, 0,
               [index](Program& edited) -> auto& { return edited.functions[index].params; });
    add_number(numbers, signature.returns, 0,
               [index](Program& edited) -> auto& { return edited.functions[index].returns; });
  }
  for (std::size_t index = 0; index < program.stacks.size(); ++index) {
    const StackShape& shape = program.stacks[index];
    const bool pooled = shape.kind == StackShape::Kind::mapped;
    add_number(numbers, shape.offset, 0,
               [index](Program& edited) -> auto& { return edited.stacks[index].offset; });
    add_number(
        numbers, shape.bytes, plain_stack.bytes,
        [index](Program& edited) -> auto& { return edited.stacks[index].bytes; },
        pooled ? spec::page_bytes : 1);
  }
  return numbers;
}

}  // namespace fiberproof::fuzz
