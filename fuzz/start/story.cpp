// The story of a Program: its steps beside the events that the reference expects.
#include "fuzz/explain/story.hpp"
#include "fuzz/spec/spec_layout.hpp"
#include "fuzz/start/reference.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz {
namespace {

class Teller {
 public:
  Teller(const Program& program, Story& story) : program_(program), story_(story) {
    expected_events(program, events_);
  }

  void run() { take_all(program_.main, program_.functions.size()); }

 private:
  const Event& next_event() { return events_[event_++]; }

  /// `list` tells the functions apart, and main.
  template <class Steps>
  void take_all(const Steps& steps, std::size_t list) {
    for (std::size_t index = 0; index < steps.size() && !story_.is_over(); ++index) {
      take(steps[index], list * steps_max + index);
    }
  }

  void take(const Step& step, std::size_t place) {
    ++number_;
    if (!running_.empty()) {
      story_.stack = running_.back();
      story_.stack_step = number_;
    }
    if (step.kind == Step::Kind::resume) {
      return resume(step, place);
    }
    const bool told = story_.is_told(place, number_);
    std::string outcome;
    if (step.kind == Step::Kind::initialize) {
      outcome = laid_out(step, next_event());
    } else if (step.kind == Step::Kind::overrun) {
      outcome = "calls itself until its stack is used up, which ends the process";
    } else if (ends_function(step.kind)) {
      outcome = "ends the function";
    } else {
      outcome = fmt::format(
          "{} suspends to {} with index {}{}, and is resumed at once", self(), parent(),
          next_event().handler_index,
          step.kind == Step::Kind::suspend_apart ? ", its control context elsewhere" : "");
    }
    if (told) {
      story_.tell(headline(step), outcome, chain());
    }
  }

  void resume(const Step& step, std::size_t place) {
    const bool told = story_.is_told(place, number_);
    const std::string head = told ? headline(step) : "";
    const Event& event = next_event();
    if (event.kind != Event::Kind::started) {
      if (told) {
        story_.tell(head,
                    event.kind == Event::Kind::skipped
                        ? "skipped: beyond what the program may resume or nest"
                        : laid_out(step, event),
                    chain());
      }
      return;
    }
    const Function& function = program_.functions[step.function];
    running_.push_back(
        {event.continuation, step.function, function.params, function.returns, event.usable_bytes});
    if (told) {
      story_.tell(
          head,
          fmt::format("starts {} with {}{}", self(), counted(function.params, "value"),
                      event.tight ? ", which has no room for steps and goes to its end" : ""),
          chain());
    }
    if (!event.tight) {
      take_all(function.steps, step.function);
    }
    if (story_.is_over()) {
      return;
    }
    const std::string ended = end_text(next_event());
    running_.pop_back();
    if (told) {
      story_.tell(fmt::format("{}: {}", ended, chain()));
    }
  }

  std::string end_text(const Event& event) const {
    const std::string how =
        event.misreported ? fmt::format("traps, which revision v44 reports as a return with {}",
                                        counted(event.length, "result"))
        : event.kind == Event::Kind::returned
            ? fmt::format("returns {}", counted(event.length, "result"))
            : (event.threw ? "ends by a C++ exception" : "traps");
    return fmt::format("    {} {}", self(), how);
  }

  static std::string laid_out(const Step& step, const Event& event) {
    return fmt::format("{} on s{}: {} of {} usable bytes are needed, {} in the args buffer",
                       event.kind == Event::Kind::laid_out ? "laid out" : "refused", step.stack,
                       event.required_bytes, event.usable_bytes, counted(event.capacity, "value"));
  }

  std::string headline(const Step& step) const {
    return running_.empty() ? fmt::format("step {}, embedder: {}", number_, print(step))
                            : fmt::format("step {}, {} at depth {}: {}", number_, self(),
                                          running_.size(), print(step));
  }

  std::string name(std::size_t depth) const {
    return depth == 0 ? "embedder" : fmt::format("c{}", running_[depth - 1].continuation);
  }
  std::string self() const { return name(running_.size()); }
  std::string parent() const { return name(running_.size() - 1); }

  std::string chain() const {
    std::vector<std::string> names;
    for (std::size_t depth = 0; depth <= running_.size(); ++depth) {
      names.push_back(name(depth));
    }
    names.back() += '*';
    return chain_text(names);
  }

  const Program& program_;
  Story& story_;
  std::vector<Event> events_;
  std::size_t event_ = 0;
  std::uint64_t number_ = 0;
  std::vector<ToldStack> running_;  ///< by depth, from 1
};

}  // namespace

void tell(const Program& program, Story& story) {
  Teller(program, story).run();
}

}  // namespace fiberproof::fuzz
