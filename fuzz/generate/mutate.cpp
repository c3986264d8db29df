// Mutation and crossover of programs. A change may leave names and repeats without a meaning;
// keep_valid mends them once, at the end.
#include "fuzz/generate/byte_code.hpp"
#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/mutate_idioms.hpp"
#include "fuzz/generate/mutate_widths.hpp"
#include "fuzz/generate/random.hpp"
#include "fuzz/program/form.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
constexpr std::size_t run_max = Idiom::bound;

/// Names are rarely wrong, and a division costs more than all else here.
void keep_below(std::uint8_t& index, std::size_t declared) {
  if (index >= declared) {
    index = static_cast<std::uint8_t>(index % declared);
  }
}

template <std::size_t bound>
void keep_below(BoundedList<std::uint8_t, bound>& tags, std::size_t declared) {
  for (std::size_t index = 0; index < tags.size(); ++index) {
    keep_below(tags[index], declared);
  }
}

void keep_valid(Program& program) {
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    program.functions[index] = codable(program.functions[index]);
  }
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    if (step.kind == Kind::repeat && index == 0) {
      step = {};  // no step comes before it
    }
    if (step.function != Step::null_function) {
      keep_below(step.function, program.functions.size());
    }
    keep_below(step.stack, program.stacks.size());
    keep_below(step.tag, program.tags);
    step.length = static_cast<std::uint8_t>(std::min<std::size_t>(step.length, index));
    keep_below(step.suspends, program.tags);
    keep_below(step.switches, program.tags);
  }
}

/// Replaces the `removed` steps from `position` with `inserted`, which must not be steps of
/// `program`. Steps that do not fit are dropped at the end.
void splice(Program& program, std::size_t position, std::size_t removed,
            std::span<const Step> inserted) {
  auto& steps = program.steps;
  const std::size_t size_before = steps.size();
  const std::size_t count = std::min(inserted.size(), program_bounds::steps - position);
  const std::size_t kept =
      std::min(size_before - position - removed, program_bounds::steps - position - count);
  const std::size_t size = position + count + kept;
  while (steps.size() < size) {
    steps.push_back({});
  }
  Step* const place = &steps[0] + position;
  if (count > removed) {
    std::copy_backward(place + removed, place + removed + kept, place + count + kept);
  } else if (count < removed) {
    std::copy_n(place + removed, kept, place + count);
  }
  std::copy_n(inserted.begin(), count, place);
  steps.truncate(size);
}

Step random_step(const Program& program, Random& random, std::size_t steps_before) {
  return decode_step(random.code<StepCode>(), program, steps_before);
}

/// Copies a run of at most run_max steps.
Idiom random_run(const Program& program, Random& random) {
  Idiom run;
  const std::size_t position = random.below(program.steps.size());
  const std::size_t length = 1 + random.below(random.one_in(4) ? run_max : 4);
  for (std::size_t index = position; index < program.steps.size() && run.size() < length; ++index) {
    run.push_back(program.steps[index]);
  }
  return run;
}

std::span<const Step> span_of(const Idiom& run) {
  return {run.begin(), run.size()};
}

// Changes of the steps. All but the inserting ones need at least one step.

void insert_step(Program& program, Random& random) {
  const std::size_t position = random.below(program.steps.size() + 1);
  const Step step = random_step(program, random, position);
  splice(program, position, 0, {&step, 1});
}

void insert_idiom(Program& program, Random& random) {
  Idiom idiom;
  make_idiom(program, random, idiom);
  const std::size_t size = program.steps.size();
  // At the end the program so far has made the state in which it is taken.
  std::size_t position = random.one_in(2) ? size : random.below(size + 1);
  position = std::min(position, program_bounds::steps - idiom.size());
  splice(program, position, random.one_in(2) ? std::min(idiom.size(), size - position) : 0,
         span_of(idiom));
}

void change_field(Program& program, Random& random);

/// Rare, since a repeat makes a program expensive.
void insert_repeat(Program& program, Random& random) {
  if (!random.one_in(4)) {
    return change_field(program, random);
  }
  const std::size_t position =
      std::min(1 + random.below(program.steps.size()), program_bounds::steps - 1);
  Step step;
  step.kind = Kind::repeat;
  step.length = static_cast<std::uint8_t>(
      random.one_in(8) ? position : 1 + random.below(std::min<std::size_t>(position, 6)));
  // One long program costs as much as a thousand others.
  step.count = static_cast<std::uint16_t>(
      1 + random.below(random.one_in(256) ? program_bounds::repeats : 4));
  splice(program, position, 0, {&step, 1});
}

void delete_run(Program& program, Random& random) {
  const std::size_t position = random.below(program.steps.size());
  const std::size_t length = 1 + random.below(random.one_in(2) ? run_max : 2);
  splice(program, position, std::min(length, program.steps.size() - position), {});
}

void duplicate_step(Program& program, Random& random) {
  const std::size_t position = random.below(program.steps.size());
  const Step step = program.steps[position];
  splice(program, position, 0, {&step, 1});
}

void swap_steps(Program& program, Random& random) {
  std::swap(program.steps[random.below(program.steps.size())],
            program.steps[random.below(program.steps.size())]);
}

void move_step(Program& program, Random& random) {
  const std::size_t from = random.below(program.steps.size());
  const Step step = program.steps[from];
  splice(program, from, 1, {});
  splice(program, random.below(program.steps.size() + 1), 0, {&step, 1});
}

void copy_run(Program& program, Random& random) {
  const Idiom run = random_run(program, random);
  splice(program, random.below(program.steps.size() + 1), 0, span_of(run));
}

void replace_step(Program& program, Random& random) {
  const std::size_t position = random.below(program.steps.size());
  program.steps[position] = random_step(program, random, position);
}

void copy_field(StepField field, const Step& from, Step& to) {
  switch (field) {
    case StepField::handle: to.handle = from.handle; break;
    case StepField::function:
    case StepField::body: to.function = from.function; break;
    case StepField::stack: to.stack = from.stack; break;
    case StepField::tag: to.tag = from.tag; break;
    case StepField::values: to.values = from.values; break;
    case StepField::room: to.room = from.room; break;
    case StepField::to: to.to = from.to; break;
    case StepField::before: to.before = from.before; break;
    case StepField::suspends: to.suspends = from.suspends; break;
    case StepField::switches: to.switches = from.switches; break;
    case StepField::length: to.length = from.length; break;
    case StepField::count: to.count = from.count; break;
    case StepField::index: to.index = from.index; break;
    case StepField::apart:
    case StepField::other: break;
    case StepField::damage: to.damage = from.damage; break;
  }
}

/// Copies one field of a random step of the same kind.
void change_field(Program& program, Random& random) {
  const std::size_t position = random.below(program.steps.size());
  Step& step = program.steps[position];
  const StepForm& form = form_of(step.kind);
  const auto fields = static_cast<std::size_t>(std::popcount(form.fields));
  if (fields == 0) {
    replace_step(program, random);
    return;
  }
  const Step other =
      decode_step(step.kind, random.code<StepCode>(), program, std::max<std::size_t>(position, 1));
  std::size_t skipped = random.below(fields);
  for (std::size_t index = 0; index < step_fields; ++index) {
    const auto field = static_cast<StepField>(index);
    if (form.has(field) && skipped-- == 0) {
      copy_field(field, other, step);
      return;
    }
  }
}

/// Sets a number of a step to one that matters: a bound, or about as many values as a function
/// takes or returns.
void change_number(Program& program, Random& random) {
  Step& step = program.steps[random.below(program.steps.size())];
  const StepForm& form = form_of(step.kind);
  if (form.has(StepField::length) && random.one_in(2)) {
    step.length = program_bounds::steps;  // cut down to all steps before it
  } else if (form.has(StepField::count)) {
    step.count = random.one_in(step.kind == Kind::repeat ? 8 : 2) ? form.count_max : 1;
  } else if (form.has(StepField::room) && random.one_in(2)) {
    step.room = random.one_in(2) ? program_bounds::usual_values_across : 0;
  } else if (form.has(StepField::values)) {
    const Signature& function = program.functions[random.below(program.functions.size())];
    const std::uint32_t count = random.one_in(4) ? function.returns : function.params;
    const auto max =
        static_cast<std::uint16_t>(form.has(StepField::room) ? program_bounds::usual_values_across
                                                             : program_bounds::usual_values_in);
    step.values = random.one_in(8) ? max : near(count, random.difference(), max);
  } else {
    change_field(program, random);
  }
}

// Changes of the declarations.

void change_stack(Program& program, Random& random) {
  StackShape& stack = program.stacks[random.below(program.stacks.size())];
  // A pooled stack of a new size must be mapped.
  if (!random.one_in(stack.kind == StackShape::Kind::mapped ? 8 : 2)) {
    stack = decode_stack(random.code<DeclarationCode>());
    return;
  }
  const bool supplied = stack.kind == StackShape::Kind::supplied;
  const std::uint64_t min = supplied ? 0 : spec::page_bytes;
  const std::uint64_t max = supplied ? program_bounds::supplied_bytes : program_bounds::made_bytes;
  const Signature& function = program.functions[random.below(program.functions.size())];
  const std::uint64_t fit =
      spec::required_bytes(spec::capacity_of(function.params, function.returns));
  constexpr std::array<std::uint64_t, 4> steps = {1, 8, spec::value_bytes, spec::page_bytes};
  const std::uint64_t step = random.one_of(steps);
  const std::array<std::uint64_t, 8> sizes = {
      min, max, stack.bytes - step, stack.bytes + step, fit, fit - 1, fit + 1, fit + step};
  // A difference below 0 wraps, and so becomes the maximum.
  stack.bytes = std::clamp(random.one_of(sizes), min, max);
  if (supplied && random.one_in(4)) {
    stack.offset = static_cast<std::uint32_t>(random.below(supplied_offset_max + 1));
  }
}

void change_function(Program& program, Random& random) {
  Signature& function = program.functions[random.below(program.functions.size())];
  if (random.one_in(2)) {
    function = decode_function(random.code<DeclarationCode>(), program);
    return;
  }
  const StackShape& stack = program.stacks[random.below(program.stacks.size())];
  std::uint32_t& count = random.one_in(2) ? function.params : function.returns;
  if (random.one_in(16)) {
    count = program_bounds::arity;
    return;
  }
  count = random.one_in(2) ? fitting_arity(stack, random.difference())
                           : near(count, random.difference(), program_bounds::arity);
}

void declare_more_or_less(Program& program, Random& random) {
  auto& stacks = program.stacks;
  auto& functions = program.functions;
  if (random.one_in(16)) {
    program.trampoline =
        program.trampoline == Trampoline::trap ? Trampoline::v44 : Trampoline::trap;
  }
  switch (random.below(6)) {
    case 0:
      if (stacks.size() < coded_stacks)
        stacks.push_back(decode_stack(random.code<DeclarationCode>()));
      break;
    case 1: stacks.truncate(std::max<std::size_t>(stacks.size() - 1, 1)); break;
    case 2:
      if (functions.size() < coded_functions) {
        functions.push_back(decode_function(random.code<DeclarationCode>(), program));
      }
      break;
    case 3: functions.truncate(std::max<std::size_t>(functions.size() - 1, 1)); break;
    default: program.tags = static_cast<std::uint8_t>(1 + random.below(program_bounds::tags));
  }
}

using Change = void (*)(Program&, Random&);

/// A change listed more often is more likely. About as many steps are deleted as added.
constexpr std::array<Change, 27> changes = {
    insert_idiom,         insert_idiom, insert_idiom, insert_idiom, insert_step,   insert_step,
    insert_step,          change_field, change_field, change_field, change_field,  change_number,
    change_number,        delete_run,   delete_run,   delete_run,   delete_run,    duplicate_step,
    swap_steps,           move_step,    copy_run,     change_stack, insert_repeat, change_function,
    declare_more_or_less, widen,        widen,
};

}  // namespace

void mutate(Program& program, std::uint32_t seed) {
  Random random(seed);
  constexpr std::array<std::uint8_t, 8> how_many = {1, 1, 1, 1, 2, 2, 3, 4};
  if ((program.numbers != 0 || program.revisions != 0) && random.one_in(2)) {
    program.numbers = 0;  // A store of its own makes a run slow.
    program.revisions = 0;
  }
  if (program.tags == 1 && random.one_in(8)) {
    program.tags = static_cast<std::uint8_t>(1 + random.below(program_bounds::tags));
  }
  for (std::uint8_t count = random.one_of(how_many); count > 0; --count) {
    if (program.steps.empty()) {
      insert_idiom(program, random);
    }
    random.one_of(changes)(program, random);
  }
  keep_valid(program);
}

void cross_over(const Program& first, const Program& second, Program& child, std::uint32_t seed) {
  Random random(seed);
  child.clear();
  child.trampoline = first.trampoline;
  child.values = first.values;
  child.handles = first.handles;
  child.instances = first.instances;
  child.numbers = first.numbers;
  child.revisions = first.revisions;
  child.tags = std::max(first.tags, second.tags);
  const Program& declared = random.one_in(2) ? first : second;
  child.stacks = declared.stacks;
  child.functions = (random.one_in(4) ? second : declared).functions;
  child.steps = first.steps;
  // Replaces a run of the first program's steps with a run of the second one's. Usually both runs
  // reach to the end.
  const std::size_t to = random.below(first.steps.size() + 1);
  const std::size_t from = random.below(second.steps.size() + 1);
  std::size_t removed = first.steps.size() - to;
  std::size_t count = second.steps.size() - from;
  if (random.one_in(2)) {
    removed = random.below(removed + 1);
    count = random.below(count + 1);
  }
  splice(child, to, removed, {second.steps.begin() + from, count});
  keep_valid(child);
}

}  // namespace fiberproof::fuzz
