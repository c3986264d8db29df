#include "fuzz/generate/exhaustive.hpp"

#include "fuzz/program/form.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

constexpr std::uint64_t stack_bytes = 64 * 1024;
constexpr Signature functions[] = {{0, 0}, {1, 2}};

constexpr Kind kinds[] = {Kind::new_,    Kind::bind,    Kind::resume,  Kind::throw_into,
                          Kind::suspend, Kind::switch_, Kind::return_, Kind::trap,
                          Kind::throw_,  Kind::drop};

/// Each of `steps` with `field` set to 0 up to `max`.
template <class Field>
std::vector<Step> each_with(std::span<const Step> steps, Field Step::* field, Field max) {
  std::vector<Step> more;
  for (Step step : steps) {
    for (unsigned value = 0; value <= max; ++value) {
      step.*field = static_cast<Field>(value);
      more.push_back(step);
    }
  }
  return more;
}

/// Each of `steps` with each set of the tags below `tags` in `list`.
template <class List>
std::vector<Step> each_with_tags(std::span<const Step> steps, List Step::* list, unsigned tags) {
  std::vector<Step> more;
  for (Step step : steps) {
    for (unsigned set = 0; set < 1u << tags; ++set) {
      (step.*list).clear();
      for (unsigned tag = 0; tag < tags; ++tag) {
        if ((set >> tag & 1) != 0) {
          (step.*list).push_back(static_cast<std::uint8_t>(tag));
        }
      }
      more.push_back(step);
    }
  }
  return more;
}

/// Numbers slots and tags in the order of their first use.
class Naming {
 public:
  explicit Naming(std::uint8_t used) : used_(used) {}

  void name(std::uint8_t number) {
    in_order_ = in_order_ && number <= used_;
    used_ = std::max<std::uint8_t>(used_, static_cast<std::uint8_t>(number + 1));
  }
  bool in_order() const { return in_order_; }
  std::uint8_t used() const { return used_; }

 private:
  std::uint8_t used_;
  bool in_order_ = true;
};

bool needs_a_slot(const Step& step) {
  const bool resumes = step.kind == Kind::resume || step.kind == Kind::throw_into;
  return !resumes || !step.suspends.empty();
}

}  // namespace

Exhaustive::Exhaustive(const TinyWorld& world) : world_(world) {
  program_.stacks.push_back({StackShape::Kind::mapped, 0, stack_bytes});
  for (const Signature& function : functions) {
    program_.functions.push_back(function);
  }
  program_.tags = world.tags;
  for (const Step& step : all_steps()) {
    offer(step);
  }
}

/// All steps, whether their names are in order or not.
std::vector<Step> Exhaustive::all_steps() const {
  std::vector<Step> all;
  for (const Kind kind : kinds) {
    const StepForm& form = form_of(kind);
    Step plain;
    plain.kind = kind;
    std::vector<Step> steps{plain};
    const auto vary = [&](StepField field, auto member, auto max) {
      if (form.has(field)) {
        steps = each_with(steps, member, max);
      }
    };
    vary(StepField::function, &Step::function, std::uint8_t{std::size(functions)});
    vary(StepField::values, &Step::values, std::uint16_t{world_.values});
    vary(StepField::room, &Step::room, std::uint16_t{world_.values});
    vary(StepField::handle, &Step::handle, static_cast<std::uint8_t>(world_.slots - 1));
    vary(StepField::to, &Step::to, static_cast<std::uint8_t>(world_.slots - 1));
    vary(StepField::tag, &Step::tag, static_cast<std::uint8_t>(world_.tags - 1));
    if (form.has(StepField::suspends)) {
      steps = each_with_tags(steps, &Step::suspends, world_.tags);
      steps = each_with_tags(steps, &Step::switches, world_.tags);
    }
    all.insert(all.end(), steps.begin(), steps.end());
  }
  for (Step& step : all) {
    if (step.function == std::size(functions)) {
      step.function = Step::null_function;
    }
  }
  return all;
}

/// The names in use after `step`, or nothing where its own names are out of order.
std::optional<Exhaustive::Names> Exhaustive::named_by(const Step& step, Names before) {
  const StepForm& form = form_of(step.kind);
  Naming slot(before.slots);
  Naming tag(before.tags);
  if (form.has(StepField::handle)) {
    slot.name(step.handle);
  }
  if (form.has(StepField::to)) {
    slot.name(step.to);
  }
  if (form.has(StepField::tag)) {
    tag.name(step.tag);
  }
  for (const std::uint8_t clause : step.suspends) {
    tag.name(clause);
  }
  for (const std::uint8_t clause : step.switches) {
    tag.name(clause);
  }
  if (!slot.in_order() || !tag.in_order()) {
    return std::nullopt;
  }
  return Names{slot.used(), tag.used()};
}

/// Adds `step` to the choices for every set of names in use with which its own are in order.
void Exhaustive::offer(const Step& step) {
  if (form_of(step.kind).has(StepField::to) && !needs_a_slot(step) && step.to != step.handle) {
    return;
  }
  for (std::uint8_t slots = 0; slots <= world_.slots; ++slots) {
    for (std::uint8_t tags = 0; tags <= world_.tags; ++tags) {
      if (const auto after = named_by(step, {slots, tags})) {
        choices_[slots][tags].push_back({step, *after});
      }
    }
  }
}

void Exhaustive::begin_with(std::span<const Step> steps) {
  beginning_.assign(steps.begin(), steps.end());
}

Exhaustive::Count Exhaustive::programs_of(std::size_t steps, const Visit& visit) {
  count_ = {};
  program_.steps.clear();
  Names names;
  for (const Step& step : beginning_) {
    program_.steps.push_back(step);
    names = named_by(step, names).value();
  }
  count_.all = extend(names, steps, visit);
  return count_;
}

bool Exhaustive::visited(const Visit& visit) {
  ++count_.programs;
  return visit(program_);
}

/// Visits every program that extends program_ by `left` steps.
bool Exhaustive::extend(Names names, std::size_t left, const Visit& visit) {
  const std::size_t before = program_.steps.size();
  bool more = true;
  for (const Choice& choice : choices_[names.slots][names.tags]) {
    program_.steps.push_back(choice.step);
    if (left == 1) {
      more = visited(visit);
    } else if (const Effect effect = effect_of_last_step(); effect == Effect::something) {
      more = extend(choice.after, left - 1, visit);
    } else {
      ++count_.not_continued;
      more = effect == Effect::nothing || extend_by_trap(left - 1, visit);
    }
    program_.steps.truncate(before);
    if (!more) {
      return false;
    }
  }
  return true;
}

bool Exhaustive::extend_by_trap(std::size_t left, const Visit& visit) {
  if (left != 1) {
    return true;
  }
  Step trap;
  trap.kind = Kind::trap;
  program_.steps.push_back(trap);
  return visited(visit);
}

Exhaustive::Effect Exhaustive::effect_of_last_step() {
  reference_.begin(program_);
  StackIndex running = 0;
  while (reference_.next() != nullptr) {
    running = reference_.running();
    reference_.take();
  }
  const Arrival& arrival = reference_.arrival();
  const bool embedder_threw = program_.steps.back().kind == Kind::throw_ && running == 0;
  if (reference_.skipped() || embedder_threw) {
    return Effect::nothing;
  }
  if (arrival.kind != Arrival::Kind::refused) {
    return Effect::something;
  }
  const ReferenceStack& stack = reference_.stack(running);
  return stack.initial || stack.reraised ? Effect::nothing : Effect::reason_of_a_trap;
}

}  // namespace fiberproof::fuzz
