// The operations of a function: what they hand over, and what they must see when they have the
// control again.
#include "fuzz/wasm/function_writer.hpp"

#include <algorithm>

namespace fiberproof::fuzz::wasm {

// What goes out.

void FunctionWriter::id(std::uint32_t serial, std::uint32_t place) {
  const std::int64_t distance = std::int64_t{serial} - std::int64_t{serial_};
  code().emit(op::local_get, base_local_);
  const std::int64_t number = distance * (std::int64_t{1} << 32) + place;
  if (number == 0) return;
  code().i64(number);
  code().emit(op::i64_add);
}

void FunctionWriter::set_now(const Event& event) {
  id(event.serial, 0);
  code().emit(op::global_set, context_.helpers.now());
}

void FunctionWriter::push_values(std::uint32_t serial, std::span<const Element> list) {
  for (std::uint32_t place = 0; place < list.size(); ++place) {
    id(serial, place);
    context_.helpers.make(code(), list[place].type);
  }
}

/// Values that are never looked at.
void FunctionWriter::push_defaults(std::span<const Element> list) {
  for (const Element& element : list) {
    if (element.is_handle()) {
      code().heap(op::ref_null, context_.continuation_type(element.node));
    } else {
      code().i64(0);
      context_.helpers.make(code(), element.type);
    }
  }
}

void FunctionWriter::push_handle(std::uint8_t slot, const HandleId& handle) {
  if (passed_ && passed_->handle == handle) {
    code().emit(op::local_get, passed_->local);
    passed_.reset();
  } else {
    context_.load(code(), slot, context_.plan.node_of(handle));
  }
}

/// Never returns; what comes after it is not reached.
void FunctionWriter::wrong() {
  code().emit(op::local_get, base_local_);
  context_.helpers.wrong(code());
  code().emit(op::unreachable);
}

void FunctionWriter::store(std::uint8_t slot, std::uint32_t node) {
  const std::uint32_t type = context_.continuation_type(node);
  const bool needs_spare = context_.program.handles == HandlePlace::tables;
  context_.store(code(), slot, node, needs_spare ? local(Use::spare, 0, nullable(type)) : 0);
}

void FunctionWriter::new_(const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.made);
  context_.assembly.push_function(code(), module_, context_.functions[event.made.stack]);
  code().emit(op::cont_new, context_.continuation_type(node));
  store(event.to, node);
}

void FunctionWriter::bind(const Event& event) {
  const std::uint32_t before = context_.plan.node_of(event.used);
  const std::uint32_t after = context_.plan.node_of(event.made);
  const std::span<const Element> list = context_.plan.nodes()[before].params;
  const std::size_t count = list.size() - context_.plan.nodes()[after].params.size();
  push_values(event.serial, list.first(count));
  push_handle(event.step->handle, event.used);
  code().emit(op::cont_bind, context_.continuation_type(before), context_.continuation_type(after));
  store(event.to, after);
}

void FunctionWriter::resume(const Item& item, const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.used);
  const std::span<const Element> list = context_.plan.nodes()[node].params;
  const bool is_passing = context_.plan.passed_by(item.event) != nullptr;
  set_now(event);
  with_arms(item, [&](std::span<const Clause> clauses) {
    push_values(event.serial, list.first(list.size() - (is_passing ? 1 : 0)));
    if (is_passing) {
      const HandleId handle = *context_.plan.passed_by(item.event);
      push_handle(this->event(item.event - 1).to, handle);
    }
    push_handle(event.step->handle, event.used);
    code().resume(op::resume, context_.continuation_type(node), nullptr, clauses);
  });
  const std::uint32_t results = context_.plan.nodes()[node].results;
  arrive(item, context_.plan.results(results));
}

/// An exception that was thrown here, and its reference.
void FunctionWriter::push_exception() {
  const std::uint64_t tag = context_.helpers.exception_tag();
  const std::int64_t results =
      context_.assembly.types().block({i64_type, reference_to(heap::exn)});
  code().open(op::block, results);
  const Clause catches[] = {{clause_catch_ref, static_cast<std::uint32_t>(tag), 0}};
  code().open_try(no_results, catches);
  id(serial_, 0);
  context_.helpers.make(code(), ValueType::i64);
  code().emit(op::throw_, tag);
  code().close();
  code().emit(op::unreachable);
  code().close();
  const std::uint32_t kept = local(Use::exception, 1000, nullable(heap::exn));
  code().emit(op::local_set, kept);
  code().emit(op::drop);
  code().emit(op::local_get, kept);
}

/// Steps with an odd number throw an exception that was caught before.
void FunctionWriter::throw_into(const Item& item, const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.used);
  const std::uint64_t tag = context_.helpers.exception_tag();
  const bool by_reference = (event.step - context_.program.steps.begin()) % 2 == 1;
  set_now(event);
  with_arms(item, [&](std::span<const Clause> clauses) {
    if (by_reference) {
      push_exception();
    } else {
      id(event.serial, 0);
      context_.helpers.make(code(), ValueType::i64);
    }
    push_handle(event.step->handle, event.used);
    const std::uint64_t type = context_.continuation_type(node);
    by_reference ? code().resume(op::resume_throw_ref, type, nullptr, clauses)
                 : code().resume(op::resume_throw, type, &tag, clauses);
  });
  arrive(item, context_.plan.results(context_.plan.nodes()[node].results));
}

void FunctionWriter::suspend(const Item& item, const Event& event) {
  const std::vector<Element> payload = context_.plan.payload_of(item.event);
  const bool is_passing = context_.plan.passed_by(item.event) != nullptr;
  push_values(event.serial, std::span(payload).first(payload.size() - (is_passing ? 1 : 0)));
  if (is_passing) {
    const HandleId handle = *context_.plan.passed_by(item.event);
    push_handle(this->event(item.event - 1).to, handle);
  }
  set_now(event);
  code().emit(op::suspend, context_.tag_of(item.event));
  arrive(item, context_.plan.begun_by(item.event).list);
}

void FunctionWriter::switch_(const Item& item, const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.used);
  const std::vector<Element>& list = context_.plan.nodes()[node].params;
  push_values(event.serial, std::span(list).first(list.size() - 1));
  push_handle(event.step->handle, event.used);
  set_now(event);
  code().emit(op::switch_, context_.continuation_type(node),
              context_.switch_tag(event.step->tag, context_.plan.nodes()[node].results));
  arrive(item, context_.plan.begun_by(item.event).list);
}

void FunctionWriter::return_(const Event& event) {
  check_kept();
  set_now(event);
  push_values(event.serial, context_.plan.results(context_.plan.results_of(event.on)));
  code().emit(op::return_);
}

void FunctionWriter::throw_(const Event& event) {
  set_now(event);
  id(event.serial, 0);
  context_.helpers.make(code(), ValueType::i64);
  code().emit(op::throw_, context_.helpers.exception_tag());
}

/// A step that an engine ends in a trap.
void FunctionWriter::fails(const Item& item) {
  const Event& of = event(item.event);
  const Step& step = *of.step;
  if (step.kind == Step::Kind::trap) return code().emit(op::unreachable);
  if (step.kind == Step::Kind::overflow) return context_.helpers.overflow(code());
  if (of.trap == ExpectedTrap::Kind::null_function) {
    const std::uint32_t type = context_.assembly.types().reserve_continuation();
    context_.assembly.types().define_continuation(type, {}, {});
    code().heap(op::ref_null, type - 1);
    code().emit(op::cont_new, type);
    return wrong();
  }
  const bool is_suspend = step.kind == Step::Kind::suspend;
  if (is_suspend) {
    code().emit(op::suspend, context_.assembly.add_tag({}, {}));
    return wrong();
  }
  // The handle is null or was used before, or it is a switch without a handler.
  std::uint64_t type = 0;
  std::uint32_t results = none;
  if (of.used.stack == no_stack) {
    const auto made = context_.assembly.types().reserve_continuation();
    context_.assembly.types().define_continuation(made, {}, {});
    type = made;
    if (step.kind == Step::Kind::switch_) {
      // A switch hands over a handle, which refers to its own type here.
      context_.assembly.types().define_continuation(made, {nullable(made)}, {});
    }
    code().heap(op::ref_null, static_cast<std::int64_t>(type));
  } else {
    const std::uint32_t node = context_.plan.node_of(of.used);
    const std::vector<Element>& list = context_.plan.nodes()[node].params;
    type = context_.continuation_type(node);
    results = context_.plan.nodes()[node].results;
    if (step.kind == Step::Kind::switch_ && (list.empty() || !list.back().is_handle())) {
      return wrong();
    }
    const std::size_t given = step.kind == Step::Kind::bind ? 0
                              : step.kind == Step::Kind::throw_into
                                  ? 0
                                  : list.size() - (step.kind == Step::Kind::switch_ ? 1 : 0);
    push_defaults(std::span(list).first(given));
    if (step.kind == Step::Kind::throw_into) {
      code().i64(0);
    }
    push_handle(step.handle, of.used);
  }
  const std::uint64_t tag = context_.helpers.exception_tag();
  switch (step.kind) {
    case Step::Kind::bind: code().emit(op::cont_bind, type, type); break;
    case Step::Kind::throw_into:
      if (of.used.stack == no_stack) {
        const std::uint32_t spare =
            local(Use::spare, 1, nullable(static_cast<std::int64_t>(type)));
        code().emit(op::local_set, spare);
        code().i64(0);
        code().emit(op::local_get, spare);
      }
      code().resume(op::resume_throw, type, &tag, {});
      break;
    case Step::Kind::switch_: {
      const std::uint32_t no_results_tag =
          results == none ? context_.assembly.add_tag({}, {})
                          : context_.switch_tag(step.tag, results);
      code().emit(op::switch_, type, no_results_tag);
      break;
    }
    default: code().resume(op::resume, type, nullptr, {}); break;
  }
  wrong();
}

}  // namespace fiberproof::fuzz::wasm
