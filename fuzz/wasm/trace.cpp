#include "fuzz/wasm/trace.hpp"

namespace fiberproof::fuzz::wasm {

namespace {

constexpr bool uses_handle(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::bind:
    case Step::Kind::resume:
    case Step::Kind::throw_into:
    case Step::Kind::switch_:
    case Step::Kind::drop: return true;
    default: return false;
  }
}

class Tracer {
 public:
  Tracer(const Program& program, Reference& reference, Trace& out)
      : reference_(reference), out_(out) {
    out.events.clear();
    out.values.clear();
    out.stacks.clear();
    out.is_beside_store = false;
    reference.begin(program);
  }

  void run() {
    for (;;) {
      const bool ends = reference_.starts().depth() == 0 && is_tight();
      const Step* const step = ends ? nullptr : reference_.next();
      if (step == nullptr && reference_.running() == 0 && reference_.starts().depth() == 0) break;
      take(step);
    }
    for (StackIndex index = 0; index < reference_.stack_count(); ++index) {
      const ReferenceStack& stack = reference_.stack(index);
      out_.stacks.push_back({stack.initial, stack.function});
    }
  }

 private:
  /// Whether the body that has just begun has no room for steps on core's stack.
  bool is_tight() const {
    return reference_.arrival().kind == Arrival::Kind::started && reference_.arrival().tight;
  }

  void take(const Step* step) {
    Event event;
    event.step = step;
    event.on = reference_.running();
    if (step != nullptr && uses_handle(step->kind)) {
      const Reference::Slot slot = reference_.slot(step->handle);
      event.used = {slot.stack, slot.uses};
      if (slot.stack != no_stack) event.used_last = reference_.stack(slot.stack).last_ancestor;
    }
    const bool is_beside = reference_.starts().depth() > 0;
    step != nullptr ? reference_.take() : reference_.end_of_steps();
    const bool begins_beside = reference_.starts().depth() > 0 || event.is(Step::Kind::initialize);
    out_.is_beside_store = out_.is_beside_store || begins_beside;
    if (reference_.skipped() || is_beside || begins_beside) return;
    note(event);
  }

  void note(Event& event) {
    const Arrival& arrival = reference_.arrival();
    event.serial = reference_.serial();
    event.next = reference_.running();
    event.arrival = arrival.kind;
    event.to = arrival.to;
    event.clause = arrival.clause;
    event.exception = arrival.exception;
    event.trap = arrival.trap.kind;
    if (!event.is_taken()) {
      StackIndex stack = event.on;
      while (!reference_.stack(stack).initial) {
        stack = reference_.stack(stack).parent;
      }
      event.is_in_entry = stack != 0;
    }
    if (arrival.handle != no_stack && event.is_taken()) {
      event.made = {arrival.handle, reference_.stack(arrival.handle).uses};
    }
    event.is_caught_by_frame =
        arrival.kind == Arrival::Kind::caught && !reference_.stack(event.next).frames.empty();
    if (event.is_taken() && (event.is(Step::Kind::suspend) || event.is(Step::Kind::switch_))) {
      event.cut_last = reference_.stack(event.on).last_ancestor;
    }
    event.first_value = static_cast<std::uint32_t>(out_.values.size());
    event.value_count = static_cast<std::uint32_t>(arrival.values.size());
    for (const PlainValue& value : arrival.values) {
      out_.values.push_back(
          {static_cast<std::uint32_t>(value.low >> 32), static_cast<std::uint32_t>(value.low)});
    }
    out_.events.push_back(event);
  }

  Reference& reference_;
  Trace& out_;
};

}  // namespace

void trace(const Program& program, Reference& reference, Trace& out) {
  Tracer(program, reference, out).run();
}

}  // namespace fiberproof::fuzz::wasm
