// The story of a Program: the reference takes its steps, and what arrives is put in words.
#include "fuzz/explain/story.hpp"

#include "fuzz/reference/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;
using State = ReferenceStack::State;

// The story names at most this many of the chains that wait.
constexpr std::size_t named_chains_max = 4;

std::string text_of(const ExpectedTrap& trap) {
  switch (trap.kind) {
    case ExpectedTrap::Kind::null_function: return "the function is null";
    case ExpectedTrap::Kind::stack_too_small:
      return fmt::format("the stack is too small: {} bytes needed, {} usable", trap.first,
                         trap.second);
    case ExpectedTrap::Kind::null_handle: return "the handle is null";
    case ExpectedTrap::Kind::consumed_handle: return "the handle was consumed";
    case ExpectedTrap::Kind::too_many_values:
      return fmt::format("{} given, where {} of {} are taken", counted(trap.first, "value"),
                         trap.second, trap.third);
    case ExpectedTrap::Kind::unhandled_suspend:
      return fmt::format("no handler suspends for t{}", trap.first);
    case ExpectedTrap::Kind::unhandled_switch:
      return fmt::format("no handler switches for t{}", trap.first);
    case ExpectedTrap::Kind::body_failed: return fmt::format("the body of c{} failed", trap.first);
    case ExpectedTrap::Kind::no_stack:
      return fmt::format(
          "no stack of {} bytes: {}", trap.first,
          trap.second == 0 ? "more than an address space holds" : "less than 16 aligned ones");
  }
  return "?";
}

std::string name_started(std::uint32_t number) {
  return fmt::format("started {}", number);
}

std::string_view meanwhile(Damage damage) {
  return breaks_walk(damage) ? "which is broken meanwhile" : "of which a word is at its limit";
}

class Teller {
 public:
  Teller(const Program& program, Story& story) : program_(program), story_(story) {
    reference_.begin(program);
  }

  void run() {
    while (!story_.is_over() && !reference_.process_end()) {
      note_stack();
      const std::string who = headline();
      const StackIndex taker = reference_.running();
      if (starts().depth() > 0) {
        take_beside(who);
      } else if (reference_.arrival().tight) {
        end_by_itself(who, taker, "has no room for steps");
      } else if (const Step* const step = reference_.next()) {
        take(who, taker, *step);
      } else if (taker != 0) {
        end_by_itself(who, taker, "no more steps");
      } else {
        break;
      }
    }
    if (!story_.is_over() && !reference_.process_end() && !waiting().empty()) {
      story_.tell(fmt::format("at the end, what waits is abandoned: {}", waiting()));
    }
  }

 private:
  const Arrival& arrival() const { return reference_.arrival(); }
  const StartReference& starts() const { return reference_.starts(); }

  /// The innermost of what is started takes a step, or comes to its end without one.
  void take_beside(const std::string& who) {
    const StartReference::Started self = starts().nested().back();
    const Step* const step = self.tight ? nullptr : reference_.next();
    if (step != nullptr) {
      return take(who, reference_.running(), *step);
    }
    reference_.end_of_steps();
    if (story_.is_told(program_.steps.size(), reference_.serial())) {
      story_.tell(fmt::format("step {}, {}: {}", reference_.serial(), who,
                              self.tight ? "has no room for steps" : "no more steps"),
                  came_of_it_beside(), stacks());
    }
  }

  std::string came_of_it_beside() const {
    const StartEvent& event = starts().event();
    const std::string self = name_started(event.continuation);
    switch (event.kind) {
      case StartEvent::Kind::laid_out:
      case StartEvent::Kind::refused:
        return fmt::format("{}: {} of {} usable bytes are needed, {} in the args buffer",
                           event.kind == StartEvent::Kind::laid_out ? "laid out" : "refused",
                           event.required_bytes, event.usable_bytes,
                           counted(event.capacity, "value"));
      case StartEvent::Kind::started:
        return fmt::format(
            "starts {} with {}", self,
            counted(program_.functions[starts().nested().back().function].params, "value"));
      case StartEvent::Kind::suspended:
        return fmt::format("{} suspends with index {} to who started it, and is resumed at once",
                           self, event.handler_index);
      case StartEvent::Kind::returned:
        return event.misreported
                   ? fmt::format("{} traps, which v44 reports as a return with {}", self,
                                 counted(event.length, "result"))
                   : fmt::format("{} returns {}", self, counted(event.length, "result"));
      case StartEvent::Kind::trapped:
        return fmt::format("{} {}", self, event.threw ? "ends by a C++ exception" : "traps");
    }
    return "?";
  }

  void take(const std::string& who, StackIndex taker, const Step& step) {
    const auto place = static_cast<std::size_t>(&step - program_.steps.begin());
    const bool was_beside = starts().depth() > 0;
    reference_.take();
    if (story_.is_told(place, reference_.serial())) {
      story_.tell(fmt::format("step {}, {}: {}", reference_.serial(), who, print(step)),
                  outcome(step, taker, was_beside), stacks());
    }
  }

  void end_by_itself(const std::string& who, StackIndex taker, std::string_view why) {
    reference_.end_of_steps();
    if (story_.is_told(program_.steps.size(), reference_.serial())) {
      story_.tell(fmt::format("step {}, {}: {}", reference_.serial(), who, why),
                  reference_.stack(taker).initial ? fmt::format("{} is closed", name(taker))
                                                  : came_of_it(taker),
                  stacks());
    }
  }

  std::string outcome(const Step& step, StackIndex taker, bool was_beside) const {
    if (reference_.skipped()) {
      return "skipped: it means nothing here, or is beyond a bound";
    }
    if (const auto& end = reference_.process_end()) {
      return fmt::format("the process ends: {}", describe(*end));
    }
    if (was_beside || step.kind == Kind::initialize || step.kind == Kind::start) {
      return came_of_it_beside();
    }
    if (arrival().kind != Arrival::Kind::went_on) {
      return came_of_it(taker);
    }
    const std::string self = name(taker);
    switch (step.kind) {
      case Kind::drop: return fmt::format("abandons{}", ended());
      case Kind::call: return fmt::format("{} down on {}", counted(step.count, "frame"), self);
      case Kind::try_: return fmt::format("one frame down on {}, which catches", self);
      case Kind::cleanup: return fmt::format("one frame down on {}, with a destructor", self);
      case Kind::back: return fmt::format("one frame less on {}", self);
      case Kind::enter: return fmt::format("opens an entry on {}", self);
      case Kind::enter_other: return fmt::format("opens an entry of the other store on {}", self);
      case Kind::move: return "the embedder continues on the other thread";
      case Kind::leave: return fmt::format("closes {}", self);
      case Kind::walk: return "walks the frames of the active chain";
      case Kind::walk_suspended: return "walks the frames of the suspended chain";
      case Kind::overrun: return "touches its guard pages, and is told so";
      case Kind::walk_broken:
        return fmt::format("walks the active chain, {}", meanwhile(step.damage));
      case Kind::walk_suspended_broken:
        return fmt::format("walks the suspended chain, {}", meanwhile(step.damage));
      case Kind::collect: return "nothing changes; an engine makes garbage, and may collect it";
      default: return "nothing changes";
    }
  }

  std::string came_of_it(StackIndex taker) const {
    const Arrival& seen = arrival();
    const std::string from = name(taker);
    const std::string to = name(seen.stack);
    const std::string values = counted(seen.values.size(), "value");
    switch (seen.kind) {
      case Arrival::Kind::went_on: return "nothing changes";
      case Arrival::Kind::made:
        return fmt::format("{} is {} with {}{}", name(seen.handle), state(seen.handle),
                           counted(values_of(seen.handle), "value"), handle());
      case Arrival::Kind::refused: return "refused: " + text_of(seen.trap);
      case Arrival::Kind::started: return fmt::format("starts {} with {}{}", to, values, handle());
      case Arrival::Kind::returned:
        return fmt::format("{} returns to {} with {}", from, to,
                           counted(seen.values.size(), "result"));
      case Arrival::Kind::suspended:
        return fmt::format("suspends {} out to {}, clause {}, {}{}", from, to, seen.clause, values,
                           handle());
      case Arrival::Kind::trapped:
        return fmt::format("{} traps, and {} is told: {}", from, to, text_of(seen.trap));
      case Arrival::Kind::resumed: return fmt::format("{} goes on with {}{}", to, values, handle());
      case Arrival::Kind::caught:
        return fmt::format("the exception of step {} is caught by {}{}", seen.exception, to,
                           reference_.ended().empty() ? "" : "; it ends" + ended());
      case Arrival::Kind::cleaning:
        return fmt::format("the exception of step {} waits for a destructor on {}{}",
                           seen.exception, to,
                           reference_.ended().empty() ? "" : "; it ends" + ended());
    }
    return "?";
  }

  std::string handle() const {
    return arrival().handle == no_stack
               ? ""
               : fmt::format("; a handle of {} in h{}", name(arrival().handle), arrival().to);
  }

  std::string ended() const {
    std::string text;
    for (const StackIndex index : reference_.ended()) {
      text += fmt::format("{} {}", text.empty() ? "" : ",", name(index));
    }
    return text;
  }

  std::string_view state(StackIndex index) const {
    return reference_.stack(index).state == State::fresh ? "fresh" : "suspended";
  }

  std::size_t values_of(StackIndex index) const {
    const ReferenceStack& stack = reference_.stack(index);
    return stack.state == State::fresh ? stack.args.size() : stack.values.size();
  }

  std::string name(StackIndex index) const {
    if (index == 0) {
      return "embedder";
    }
    const ReferenceStack& stack = reference_.stack(index);
    return stack.initial ? fmt::format("entry on {}", name(stack.outer))
                         : fmt::format("c{}", stack.number);
  }

  std::string headline() const {
    if (starts().depth() > 0) {
      return fmt::format("{} at depth {}", name_started(starts().nested().back().number),
                         reference_.depth());
    }
    const StackIndex running = reference_.running();
    return reference_.stack(running).initial
               ? name(running)
               : fmt::format("{} at depth {}", name(running), reference_.depth());
  }

  void note_stack() {
    if (starts().depth() > 0) {
      const StartReference::Started& self = starts().nested().back();
      const Signature& signature = program_.functions[self.function];
      story_.stack = {name_started(self.number), self.function, signature.params, signature.returns,
                      self.usable_bytes};
      story_.stack_step = reference_.serial() + 1;
      return;
    }
    const ReferenceStack& running = reference_.stack(reference_.running());
    if (!running.initial) {
      const Signature& signature = program_.functions[running.function];
      story_.stack = {name(reference_.running()), running.function, signature.params,
                      signature.returns, running.usable_bytes};
      story_.stack_step = reference_.serial() + 1;
    }
  }

  /// From `innermost` outward, and the other way round in the text.
  std::string chain(StackIndex innermost, std::string_view mark) const {
    std::vector<std::string> names;
    for (StackIndex index = innermost; index != no_stack;) {
      names.push_back(name(index));
      const ReferenceStack& stack = reference_.stack(index);
      index = stack.initial ? stack.outer : stack.parent;
    }
    std::reverse(names.begin(), names.end());
    if (innermost == reference_.running()) {
      for (const StartReference::Started& started : starts().nested()) {
        names.push_back(name_started(started.number));
      }
    }
    names.back() += mark;
    return chain_text(names);
  }

  std::string waiting() const {
    std::string text;
    std::size_t count = 0;
    for (const StackIndex index : reference_.live()) {
      const State state_of_it = reference_.stack(index).state;
      if ((state_of_it == State::fresh || state_of_it == State::suspended) &&
          ++count <= named_chains_max) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", chain(index, ""), state(index));
      }
    }
    return count > named_chains_max ? fmt::format("{}, {} more", text, count - named_chains_max)
                                    : text;
  }

  std::string stacks() const {
    const std::string others = waiting();
    return chain(reference_.running(), "*") + (others.empty() ? "" : "   (" + others + ")");
  }

  const Program& program_;
  Story& story_;
  Reference reference_;
};

}  // namespace

void tell(const Program& program, Story& story) {
  Teller(program, story).run();
}

}  // namespace fiberproof::fuzz
