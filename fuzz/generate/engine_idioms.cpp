#include "fuzz/generate/engine_idioms.hpp"

#include <algorithm>
#include <array>

namespace fiberproof::fuzz::engine_idioms {
namespace {

using Kind = Step::Kind;
using Waiting = EngineSteps::Waiting;

constexpr std::uint32_t across_max = program_bounds::usual_values_across;

/// With at most as many values wanted as a suspension or switch takes, the others bound.
Waiting bind_down(EngineSteps& steps, Waiting continuation) {
  return continuation.wanted > across_max
             ? steps.bind(continuation, continuation.wanted - across_max)
             : continuation;
}

/// A fresh one that can be switched to.
Waiting make_for_switch(EngineSteps& steps) {
  std::uint8_t function = steps.any_function();
  while (steps.program().functions[function].params == 0) {
    function = static_cast<std::uint8_t>((function + 1u) % steps.program().functions.size());
  }
  return bind_down(steps, steps.make(function));
}

/// A continuation runs, under a resume that handles `tag` for switches.
std::uint8_t run_below_switch_handler(EngineSteps& steps) {
  const std::uint8_t handled = steps.around().switch_tags;
  if (handled != 0 && steps.random().one_in(2)) {
    return steps.one_of_tags(handled);
  }
  Step clauses;
  if (!steps.random().one_in(3)) {
    clauses = steps.suspends();
  }
  const std::uint8_t tag = steps.any_tag();
  clauses.switches.push_back(tag);
  if (steps.random().one_in(6)) {
    clauses.switches.push_back(steps.any_tag());
  }
  steps.resume_new(clauses);
  return tag;
}

/// Both take the same number of values, so that the one step leads to and fro.
void switch_to_and_fro(EngineSteps& steps, const Waiting& other, std::uint8_t tag) {
  const std::size_t first = steps.size();
  steps.switch_to(other, tag, static_cast<std::uint8_t>(other.wanted), other.slot);
  steps.repeat_from(first, 1 + steps.random().below(steps.random().one_in(8) ? 300 : 8));
}

/// Each switch leads to a new continuation, or to one that was left.
void switch_onward(EngineSteps& steps, Waiting next, std::uint8_t tag) {
  for (std::size_t left = 1 + steps.random().below(4); left > 0; --left) {
    const auto room = static_cast<std::uint8_t>(
        1 + steps.random().below(steps.random().one_in(12) ? across_max : 3));
    const std::uint8_t to = steps.free_slot();
    steps.switch_to(next, tag, room, to);
    next = steps.random().one_in(3) ? make_for_switch(steps) : steps.waiting_in(to);
    if (!EngineSteps::can_switch_to(next)) {
      return;
    }
  }
}

/// A continuation that caught nothing yet is suspended, with or without a try on it.
Waiting suspended_one(EngineSteps& steps, bool with_try) {
  const std::uint8_t tag = steps.any_tag();
  const std::uint8_t to = steps.free_slot();
  steps.resume_new(steps.suspends(tag), to);
  if (with_try) {
    steps.take(Kind::try_);
  }
  steps.suspend(tag);
  return steps.waiting_in(to);
}

/// The outermost of `more` + 1 stacks is suspended by the innermost.
Waiting suspended_chain(EngineSteps& steps, std::size_t more) {
  const std::uint8_t tag = steps.any_tag();
  const std::uint8_t to = steps.free_slot();
  steps.resume_new(steps.suspends(tag), to);
  for (; more > 0; --more) {
    Step clauses;
    if (const std::uint8_t other = steps.any_tag(); other != tag) {
      clauses.suspends.push_back(other);
    }
    steps.resume_new(clauses);
  }
  steps.suspend(tag);
  return steps.waiting_in(to);
}

void nest(EngineSteps& steps, std::size_t depth) {
  for (; depth > 0; --depth) {
    steps.resume_new(steps.suspends());
  }
}

void throw_into(EngineSteps& steps, const Waiting& continuation) {
  steps.throw_into(continuation, steps.suspends());
}

/// A loop of `count` turns, in each of which a continuation runs below the one before.
void nest_in_a_loop(EngineSteps& steps, std::size_t count, std::uint8_t tag) {
  const std::size_t first = steps.size();
  const std::uint8_t slot = steps.free_slot();
  const std::uint8_t function = steps.any_function();
  steps.take({.kind = Kind::new_, .handle = slot, .function = function});
  Step clauses;
  clauses.suspends.push_back(tag);
  steps.resume(steps.waiting_in(slot), clauses, slot);
  steps.repeat_from(first, count);
}

void suspend_in_a_loop(EngineSteps& steps, std::size_t count) {
  const std::uint8_t tag = steps.any_tag();
  const std::uint8_t slot = steps.free_slot();
  const Waiting made = bind_down(steps, steps.make());
  const auto room = static_cast<std::uint8_t>(made.wanted);
  // The first turn takes the handle where the later ones do.
  Step clauses;
  clauses.suspends.push_back(tag);
  steps.resume(made, clauses, slot);
  steps.suspend(tag, steps.few_values(), room);
  const std::size_t first = steps.size();
  if (room > 0 && steps.random().one_in(4)) {
    const auto bound = static_cast<std::uint16_t>(1 + steps.random().below(room));
    steps.take({.kind = Kind::bind, .handle = slot, .to = slot, .values = bound});
  }
  steps.resume(steps.waiting_in(slot), clauses, slot);
  if (steps.random().one_in(4)) {
    steps.take(Kind::collect);
  }
  steps.suspend(tag, steps.few_values(), room);
  steps.repeat_from(first, count);
}

/// Each turn makes a continuation, which ends in it or waits from then on.
void make_in_a_loop(EngineSteps& steps, std::size_t count) {
  const std::size_t first = steps.size();
  const std::uint8_t tag = steps.any_tag();
  const std::uint8_t slot = steps.free_slot();
  const bool throws = steps.random().one_in(4);
  if (throws) {
    steps.take(Kind::try_);
  }
  steps.take({.kind = Kind::new_, .handle = slot, .function = steps.any_function()});
  Step clauses;
  clauses.suspends.push_back(tag);
  steps.resume(steps.waiting_in(slot), clauses, slot);
  if (throws) {
    steps.take(Kind::throw_);
    steps.take(Kind::back);
  } else if (steps.random().one_in(2)) {
    steps.suspend(tag);
  } else {
    steps.take(Kind::return_);
  }
  steps.repeat_from(first, count);
}

}  // namespace

void switches(EngineSteps& steps) {
  const std::uint8_t tag = run_below_switch_handler(steps);
  const Waiting next = make_for_switch(steps);
  if (steps.random().one_in(3)) {
    switch_to_and_fro(steps, next, tag);
  } else {
    switch_onward(steps, next, tag);
  }
}

void binds(EngineSteps& steps) {
  Random& random = steps.random();
  Waiting waiting = random.one_in(3) ? suspended_one(steps, false) : steps.make();
  const std::size_t parts = 1 + random.below(random.one_in(3) ? 3 : 1);
  for (std::size_t part = 0; part < parts; ++part) {
    waiting = steps.bind(waiting, static_cast<std::uint32_t>(random.below(waiting.wanted + 1)));
  }
  if (!random.one_in(6)) {
    steps.resume(waiting, steps.suspends());
  }
}

void exceptions(EngineSteps& steps) {
  Random& random = steps.random();
  const std::size_t tries = 1 + random.below(2);
  for (std::size_t left = tries; left > 0; --left) {
    steps.take(Kind::try_);
    if (left > 1) {
      nest(steps, random.below(3));
    }
  }
  switch (random.below(4)) {
    case 0: throw_into(steps, steps.make()); break;
    case 1: throw_into(steps, suspended_one(steps, random.one_in(2))); break;
    // An exception that is thrown into a chain leaves all of its stacks.
    case 2: throw_into(steps, suspended_chain(steps, 1 + random.below(3))); break;
    default: nest(steps, 1 + random.below(3)); steps.take(Kind::throw_);
  }
  const EngineSteps::Around around = steps.around();
  if (tries > 1 && around.catches && around.has_handler && random.one_in(2)) {
    steps.take(Kind::rethrow);
  }
}

void repeats(EngineSteps& steps, std::size_t count) {
  switch (steps.random().below(4)) {
    case 0: nest_in_a_loop(steps, count, steps.any_tag()); break;
    case 1: make_in_a_loop(steps, count); break;
    default: suspend_in_a_loop(steps, count);
  }
}

void nested(EngineSteps& steps, std::size_t depth) {
  Random& random = steps.random();
  const std::uint8_t outer = steps.any_tag();
  const auto inner = static_cast<std::uint8_t>((outer + 1u) % steps.program().tags);
  const std::uint8_t to = steps.free_slot();
  const bool catches = random.one_in(4);
  if (catches) {
    steps.take(Kind::try_);
  }
  steps.resume_new(steps.suspends(outer), to);
  if (depth > 6 || random.one_in(4)) {
    nest_in_a_loop(steps, depth, inner);
  } else {
    nest(steps, depth);
  }
  if (catches && random.one_in(2)) {
    return steps.take(Kind::throw_);
  }
  const std::size_t first = steps.size();
  switch (random.below(3)) {
    case 0:
      steps.suspend(outer);
      if (steps.is_waiting(to)) {
        steps.resume(steps.waiting_in(to), steps.suspends(outer), to);
        if (random.one_in(2)) {
          steps.suspend(outer);
        }
      }
      break;
    case 1:
      steps.take(Kind::return_);
      steps.repeat_from(first, random.below(steps.reference().depth() + 1));
      break;
    default:
      if (const std::uint8_t handled = steps.around().suspend_tags; handled != 0) {
        steps.suspend(steps.one_of_tags(handled));
      }
  }
}

void many_values(EngineSteps& steps, std::uint8_t function) {
  Random& random = steps.random();
  Waiting waiting = steps.make(function);
  if (random.one_in(2)) {
    waiting = steps.bind(waiting, static_cast<std::uint32_t>(random.below(waiting.wanted + 1)));
  }
  if (steps.random().one_in(3)) {
    steps.take(Kind::collect);
  }
  steps.resume(waiting, steps.suspends());
  if (random.one_in(2)) {
    steps.take(Kind::return_);
  }
}

void collects(EngineSteps& steps) {
  Random& random = steps.random();
  Waiting waiting;
  switch (random.below(3)) {
    case 0: waiting = suspended_one(steps, random.one_in(4)); break;
    case 1: waiting = suspended_chain(steps, 1 + random.below(3)); break;
    default: waiting = steps.make();
  }
  if (random.one_in(2)) {
    waiting = steps.bind(waiting, static_cast<std::uint32_t>(random.below(waiting.wanted + 1)));
  }
  steps.take(Kind::collect);
  if (steps.catches(waiting) && random.one_in(2)) {
    throw_into(steps, waiting);
  } else if (!random.one_in(8)) {
    steps.resume(waiting, steps.suspends());
  }
  if (random.one_in(4)) {
    steps.take(Kind::collect);
  }
}

}  // namespace fiberproof::fuzz::engine_idioms
