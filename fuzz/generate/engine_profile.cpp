// The profile decides what a program is about, declares what that needs, lets each of its subjects
// have its run of steps, and fills it up with steps that fit where they stand.
#include "fuzz/generate/engine_profile.hpp"

#include "fuzz/generate/engine_idioms.hpp"
#include "fuzz/generate/engine_plan.hpp"
#include "fuzz/generate/engine_steps.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

// Steps kept for the end: to make, resume, and one that is refused in the body that runs then.
constexpr std::size_t steps_kept = 4;

/// A random count of a loop's rounds: a few, now and then many.
std::size_t any_turns(Random& random) {
  return 1 + random.below(random.one_in(12) ? 1000 : random.one_in(4) ? 60 : 8);
}

class Profile {
 public:
  void generate(Random& random, Program& program) {
    const EnginePlan plan(random);
    declare_for_engines(plan, random, program);
    steps_.begin(program, random, plan.collects);
    plan_ = &plan;
    random_ = &random;
    awaits_refusal_ = plan.is_refused_on_the_way;
    awaits_uncaught_ = plan.is_uncaught;
    steps_.keep_room(plan.ends_refused || plan.ends_in_overflow ? steps_kept : 0);
    take_subjects();
    while (!steps_.is_over() && steps_.size() < plan.steps) {
      take_any();
    }
    end();
  }

 private:
  enum class Subject : std::uint8_t {
    switches,
    binds,
    exceptions,
    collects,
    repeats,
    nests,
    many,
    enters
  };

  void take_subjects() {
    BoundedList<Subject, 8> subjects;
    const auto add = [&subjects](bool is_wanted, Subject subject) {
      if (is_wanted) subjects.push_back(subject);
    };
    add(plan_->switches, Subject::switches);
    add(plan_->binds, Subject::binds);
    add(plan_->exceptions, Subject::exceptions);
    add(plan_->collects, Subject::collects);
    add(plan_->repeats, Subject::repeats);
    add(plan_->nests, Subject::nests);
    add(plan_->many_values, Subject::many);
    add(plan_->enters, Subject::enters);
    while (!subjects.empty() && !steps_.is_over()) {
      std::swap(subjects[random_->below(subjects.size())], subjects.back());
      take_subject(subjects.back());
      subjects.truncate(subjects.size() - 1);
      if (random_->one_in(3)) {
        take_any();
      }
    }
  }

  void take_subject(Subject subject) {
    using namespace engine_idioms;
    switch (subject) {
      case Subject::switches: return engine_idioms::switches(steps_);
      case Subject::binds: return engine_idioms::binds(steps_);
      case Subject::exceptions: return engine_idioms::exceptions(steps_);
      case Subject::collects: return engine_idioms::collects(steps_);
      case Subject::repeats: return engine_idioms::repeats(steps_, any_turns(*random_));
      case Subject::nests:
        return nested(steps_, random_->one_in(3) ? any_turns(*random_) : 2 + random_->below(6));
      case Subject::many:
        return engine_idioms::many_values(
            steps_, static_cast<std::uint8_t>(steps_.program().functions.size() - 1));
      case Subject::enters: return take_entry();
    }
  }

  /// A few steps in an entry, which is closed where its initial stack runs then.
  void take_entry() {
    if (!has_room_for_frames()) {
      return;
    }
    steps_.take(Kind::enter);
    for (std::size_t left = 1 + random_->below(6); left > 0; --left) {
      take_any();
    }
    if (is_in_entry() && !random_->one_in(4)) {
      steps_.take(Kind::leave);
    }
  }

  bool has_room_for_frames() const {
    return steps_.reference().native_frames() + 4 < run_bounds::frames;
  }

  /// Whether the initial stack of an entry runs.
  bool is_in_entry() const {
    const Reference& reference = steps_.reference();
    return reference.running() != 0 && reference.stack(reference.running()).initial;
  }

  /// One step that means something here, or a few.
  void take_any() {
    const EngineSteps::Around around = steps_.around();
    // The trap ends the frames of the initial stack, so it has none.
    if (awaits_refusal_ && steps_.reference().running() == 0 &&
        steps_.reference().native_frames() == 0) {
      awaits_refusal_ = false;
      return take_refused(around);
    }
    if (awaits_uncaught_ && !around.catches && around.depth > 0) {
      awaits_uncaught_ = false;
      return steps_.take(Kind::throw_);
    }
    const auto waiting = steps_.waiting();
    std::optional<EngineSteps::Waiting> one;
    if (!waiting.empty()) {
      one = random_->one_of(waiting);
    }
    take(choose(around, one), around, one);
  }

  /// The kind of a step, weighted, of those that are possible.
  Kind choose(const EngineSteps::Around& around, const std::optional<EngineSteps::Waiting>& one) {
    struct Choice {
      Kind kind;
      std::size_t weight;
    };
    const auto& reference = steps_.reference();
    const auto& frames = reference.stack(reference.running()).frames;
    const bool has_frames = !frames.empty();
    const bool throws = plan_->exceptions && around.catches;
    const bool can_switch = one && around.switch_tags != 0 && EngineSteps::can_switch_to(*one);
    const bool can_throw_into = one && (around.catches || steps_.catches(*one));
    const std::array<Choice, 15> choices = {{
        {Kind::new_, reference.live().size() > 1000 ? 0u
                     : one                          ? 2u
                                                    : 6u},
        {Kind::bind, one && plan_->binds && one->wanted > 0 ? 3u : 0u},
        {Kind::resume, one ? 8u : 0u},
        {Kind::throw_into, plan_->exceptions && can_throw_into ? 2u : 0u},
        {Kind::drop, plan_->drops && one ? 2u : 0u},
        {Kind::suspend, around.suspend_tags != 0 ? 7u : 0u},
        {Kind::switch_, can_switch ? 8u : 0u},
        {Kind::return_, !around.is_initial ? 3u : 0u},
        {Kind::throw_, throws ? 1u : 0u},
        {Kind::rethrow, throws && around.has_handler ? 1u : 0u},
        {Kind::try_, plan_->exceptions && has_room_for_frames() ? 1u : 0u},
        {Kind::call, has_room_for_frames() && random_->one_in(4) ? 1u : 0u},
        {Kind::back, has_frames ? 1u : 0u},
        {Kind::enter, plan_->enters && has_room_for_frames() ? 1u : 0u},
        {Kind::leave, is_in_entry() ? 2u : 0u},
    }};
    std::size_t all = 0;
    for (const Choice& choice : choices) {
      all += choice.weight;
    }
    std::size_t left = all == 0 ? 0 : random_->below(all);
    for (const Choice& choice : choices) {
      if (left < choice.weight) {
        return choice.kind;
      }
      left -= choice.weight;
    }
    return Kind::collect;
  }

  void take(Kind kind, const EngineSteps::Around& around,
            const std::optional<EngineSteps::Waiting>& one) {
    switch (kind) {
      case Kind::new_: steps_.make(); break;
      case Kind::bind:
        steps_.bind(*one, static_cast<std::uint32_t>(1 + random_->below(one->wanted)));
        break;
      case Kind::resume: steps_.resume(*one, any_clauses()); break;
      case Kind::throw_into: steps_.throw_into(*one, any_clauses()); break;
      case Kind::drop: steps_.take({.kind = Kind::drop, .handle = one->slot}); break;
      case Kind::suspend: steps_.suspend(steps_.one_of_tags(around.suspend_tags)); break;
      case Kind::switch_: {
        const std::uint8_t tag = steps_.one_of_tags(around.switch_tags);
        const auto room = std::max<std::uint8_t>(steps_.few_values(), 1);
        steps_.switch_to(*one, tag, room, steps_.free_slot());
        break;
      }
      case Kind::call:
        steps_.take(
            {.kind = Kind::call, .count = static_cast<std::uint16_t>(1 + random_->below(3))});
        break;
      default: steps_.take(kind);
    }
  }

  Step any_clauses() {
    Step clauses;
    if (!random_->one_in(8)) {
      clauses = steps_.suspends();
    }
    if (plan_->switches && random_->one_in(2)) {
      clauses.switches.push_back(steps_.any_tag());
    }
    return clauses;
  }

  // Refused steps, and the end.

  /// A step that is refused here.
  void take_refused(const EngineSteps::Around& around) {
    for (int tries = 0; tries < 8; ++tries) {
      const std::size_t size = steps_.size();
      try_refused(around);
      if (steps_.size() != size) {
        return;
      }
    }
    steps_.take({.kind = Kind::new_, .function = Step::null_function});
  }

  void try_refused(const EngineSteps::Around& around) {
    const std::uint8_t tag = steps_.any_tag();
    const auto slot = static_cast<std::uint8_t>(random_->below(program_bounds::handles));
    const auto& reference = steps_.reference();
    const bool is_good = reference.is_good(reference.slot(slot));
    // On an engine what was dropped can still be used.
    const bool was_dropped = plan_->drops && reference.slot(slot).stack != no_stack;
    switch (random_->below(6)) {
      case 0:
      case 1:
      case 2:
        if (!is_good && !was_dropped) take_use_of(slot, around);
        break;
      case 3:
        if ((around.suspend_tags >> tag & 1) == 0) steps_.suspend(tag);
        break;
      case 4:
        if ((around.switch_tags >> tag & 1) == 0) take_unhandled_switch(tag);
        break;
      default: steps_.take({.kind = Kind::new_, .handle = slot, .function = Step::null_function});
    }
  }

  void take_unhandled_switch(std::uint8_t tag) {
    const auto waiting = steps_.waiting();
    const auto* const found = std::ranges::find_if(waiting, &EngineSteps::can_switch_to);
    const EngineSteps::Waiting one = found != waiting.end() ? *found : steps_.make(0);
    steps_.switch_to(one, tag, 1, one.slot);
  }

  /// A null or consumed handle.
  void take_use_of(std::uint8_t slot, const EngineSteps::Around& around) {
    Step step = any_clauses();
    step.handle = slot;
    step.to = steps_.free_slot();
    step.values = steps_.few_values();
    constexpr std::array<Kind, 5> uses = {Kind::resume, Kind::resume, Kind::bind, Kind::throw_into,
                                          Kind::switch_};
    step.kind = random_->one_of(uses);
    if (step.kind == Kind::throw_into) {
      step.values = 0;
    }
    if (step.kind == Kind::bind || step.kind == Kind::switch_) {
      step.suspends.clear();
      step.switches.clear();
    }
    if (step.kind == Kind::switch_) {
      step.tag =
          around.switch_tags != 0 ? steps_.one_of_tags(around.switch_tags) : steps_.any_tag();
      step.room = 1;
    }
    steps_.take(step);
  }

  void end() {
    steps_.use_room();
    if (awaits_uncaught_ && !steps_.around().catches) {
      steps_.take(Kind::throw_);
    }
    if (!plan_->ends_refused && !plan_->ends_in_overflow) {
      return;
    }
    if (steps_.around().is_initial && (plan_->ends_in_overflow || !random_->one_in(6))) {
      steps_.resume_new(any_clauses());
    }
    const EngineSteps::Around around = steps_.around();
    if (plan_->ends_in_overflow) {
      steps_.take(Kind::overflow);
    } else if (!around.is_initial && random_->one_in(4)) {
      steps_.take(Kind::trap);
    } else {
      take_refused(around);
    }
  }

  EngineSteps steps_;
  const EnginePlan* plan_ = nullptr;
  Random* random_ = nullptr;
  bool awaits_refusal_ = false;
  bool awaits_uncaught_ = false;
};

}  // namespace

void generate_for_engines(Random& random, Program& program) {
  static thread_local Profile kept;  // With what its reference has allocated.
  kept.generate(random, program);
}

}  // namespace fiberproof::fuzz
