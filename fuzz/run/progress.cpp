#include "fuzz/run/progress.hpp"

#include "fuzz/run/native_stacks.hpp"

namespace fiberproof::fuzz {

void Progress::begin(const Program& program, FindingHandler* handler, const RunOptions& options) {
  program_ = &program;
  handler_ = handler;
  options_ = options;
  reference_.begin(program);
  step_ = nullptr;
  steps_beside_ = 0;
  outcome_ = {};
  is_logging_ = run_observer() != nullptr;
  log_.begin(program.steps.size() % 2);
}

Outcome Progress::end() {
  outcome_.store_work = reference_.work() - steps_beside_;
  if (is_logging_) {
    run_observer()(*program_, log_, handler_);
  }
  return outcome_;
}

void Progress::take(const Step& step) {
  step_ = &step;
  ++outcome_.steps;
  reference_.take();
  log(&step);
}

void Progress::take_beside(const Step& step) {
  step_ = &step;
  ++outcome_.steps;
  ++steps_beside_;
  reference_.take();
}

void Progress::end_of_steps() {
  reference_.end_of_steps();
  log(nullptr);
}

void Progress::log(const Step* step) {
  if (is_logging_) {
    log_.note(step, reference_);
  }
}

void Progress::log_store(const Store& store,
                         const std::array<Handle, program_bounds::handles>& slots,
                         const NativeStacks& natives) {
  if (is_logging_) {
    log_.note(store, slots, [&natives](StackIndex index) { return natives[index].record; });
  }
}

void Progress::violated(const Violation& violation) const {
  static const Step none{};
  hand_over(handler_,
            {violation, Printable::of(*program_), Printable::of(step_ == nullptr ? none : *step_),
             reference_.serial(), reference_.depth()});
}

}  // namespace fiberproof::fuzz
