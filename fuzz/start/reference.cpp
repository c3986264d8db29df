#include "fuzz/start/reference.hpp"

#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

class Reference {
 public:
  Reference(const Program& program, std::vector<Event>& events)
      : program_(program), events_(events) {}

  void run() {
    events_.clear();
    for (const Step& step : program_.main) {
      perform(step, 0, 0);
    }
  }

 private:
  void perform(const Step& step, std::uint32_t depth, std::uint32_t self) {
    switch (step.kind) {
      case Step::Kind::initialize: return initialize(step);
      case Step::Kind::resume: return resume(step, depth + 1);
      case Step::Kind::suspend:
      case Step::Kind::suspend_apart:
        events_.push_back({.kind = Event::Kind::suspended,
                           .continuation = self,
                           .handler_index = step.handler_index});
        return;
      default: return;  // The end of a function: `resume` knows what it means.
    }
  }

  /// What laying out `step` gives, as an event of kind laid_out or refused.
  Event layout(const Step& step) const {
    const Function& function = program_.functions[step.function];
    Event event{.kind = Event::Kind::laid_out};
    event.capacity = spec::capacity_of(function.params, function.returns);
    event.usable_bytes = usable_bytes_of(program_.stacks[step.stack]);
    event.required_bytes = spec::required_bytes(event.capacity);
    if (event.required_bytes > event.usable_bytes) {
      event.kind = Event::Kind::refused;
    }
    return event;
  }

  void initialize(const Step& step) { events_.push_back(layout(step)); }

  void resume(const Step& step, std::uint32_t depth) {
    Event event = layout(step);
    if (depth > program_.depth || resumes_ == program_.resumes ||
        (event.kind == Event::Kind::laid_out && event.capacity > run_values_max - values_)) {
      events_.push_back({.kind = Event::Kind::skipped});
      return;
    }
    ++resumes_;
    if (event.kind == Event::Kind::refused) {
      events_.push_back(event);
      return;
    }
    values_ += event.capacity;
    const std::uint64_t room = event.usable_bytes - (event.required_bytes - spec::headroom_bytes);
    event.kind = Event::Kind::started;
    event.tight = room < room_for_steps_bytes;
    event.continuation = resumes_;
    events_.push_back(event);
    run_body(program_.functions[step.function], event.continuation, event.tight, depth);
  }

  void run_body(const Function& function, std::uint32_t continuation, bool tight,
                std::uint32_t depth) {
    if (!tight) {
      for (const Step& step : function.steps) {
        perform(step, depth, continuation);
      }
    }
    const Step::Kind end = function.steps.back().kind;
    const bool v44 = program_.revision == Program::StartRevision::v44;
    const bool succeeded = end == Step::Kind::return_;
    Event& ended = events_.emplace_back(
        Event{.kind = succeeded || v44 ? Event::Kind::returned : Event::Kind::trapped});
    ended.continuation = continuation;
    ended.misreported = v44 && !succeeded;
    ended.threw = end == Step::Kind::throw_ && !tight;
    ended.length = ended.kind == Event::Kind::returned ? function.returns : function.params;
  }

  const Program& program_;
  std::vector<Event>& events_;
  std::uint32_t resumes_ = 0;
  std::uint64_t values_ = 0;
};

}  // namespace

void expected_events(const Program& program, std::vector<Event>& events) {
  Reference(program, events).run();
}

}  // namespace fiberproof::fuzz
