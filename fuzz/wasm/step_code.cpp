// The operations of a function: what they hand over, and what they must see when they have the
// control again.
#include "fuzz/wasm/function_writer.hpp"

#include <algorithm>

namespace fiberproof::fuzz::wasm {

// Values and handles that a step hands over.

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
  code().emit(op::global_set, Library::now);
}

void FunctionWriter::begin_values(std::uint32_t serial, std::uint32_t place) {
  id(serial, place);
  context_.helpers.set_id(code());
}

void FunctionWriter::push_values(std::uint32_t serial, std::span<const Element> list) {
  if (list.empty()) return;
  begin_values(serial, 0);
  for (const Element& element : list) {
    context_.helpers.make(code(), element.type);
  }
}

/// Pushes what `mistranslation` would have of `list` where it is asked for, and the list elsewhere.
void FunctionWriter::push_values_unless(Mistranslation mistranslation, std::uint32_t serial,
                                        std::span<const Element> list) {
  const bool is_asked_for = context_.mistranslation == mistranslation;
  if (is_asked_for && mistranslation == Mistranslation::swapped_arguments && list.size() > 1 &&
      list[0].type == list[1].type) {
    begin_values(serial, 1);
    context_.helpers.make(code(), list[1].type);
    begin_values(serial, 0);
    context_.helpers.make(code(), list[0].type);
    if (list.size() > 2) begin_values(serial, 2);
    for (const Element& element : list.subspan(2)) {
      context_.helpers.make(code(), element.type);
    }
    return;
  }
  push_values(
      is_asked_for && mistranslation != Mistranslation::swapped_arguments ? serial + 1000 : serial,
      list);
}

/// The value of an exception: that of the step that throws it.
void FunctionWriter::push_thrown(std::uint32_t serial) {
  begin_values(serial, 0);
  context_.helpers.make(code(), ValueType::i64);
}

/// Values that are never looked at.
void FunctionWriter::push_defaults(std::span<const Element> list) {
  for (const Element& element : list) {
    if (element.is_handle()) {
      code().heap(op::ref_null, context_.continuation_type(element.node));
    } else {
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
  const bool needs_spare = context_.is_in_table(node);
  context_.store(code(), slot, node, needs_spare ? local(Use::spare, 0, nullable(type)) : 0);
}

void FunctionWriter::new_(const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.made);
  context_.push_function(code(), module_, event.made.stack);
  code().emit(op::cont_new, context_.continuation_type(node));
  store(event.to, node);
}

void FunctionWriter::bind(const Event& event) {
  const std::uint32_t before = context_.plan.node_of(event.used);
  const std::uint32_t after = context_.plan.node_of(event.made);
  const std::span<const Element> list = context_.plan.nodes()[before].params;
  const std::size_t count = list.size() - context_.plan.nodes()[after].params.size();
  push_values_unless(Mistranslation::forgotten_bind, event.serial, list.first(count));
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
    push_values_unless(Mistranslation::swapped_arguments, event.serial,
                       list.first(list.size() - (is_passing ? 1 : 0)));
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
  const std::uint64_t tag = Library::exception_tag;
  const std::int64_t results = context_.assembly.types().block({i64_type, reference_to(heap::exn)});
  code().open(op::block, results);
  const Clause catches[] = {{clause_catch_ref, static_cast<std::uint32_t>(tag), 0}};
  code().open_try(no_results, catches);
  push_thrown(serial_);
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
  const std::uint64_t tag = Library::exception_tag;
  const bool by_reference = (event.step - context_.program.steps.begin()) % 2 == 1;
  set_now(event);
  with_arms(item, [&](std::span<const Clause> clauses) {
    const std::uint64_t type = context_.continuation_type(node);
    if (context_.mistranslation == Mistranslation::resume_for_throw) {
      push_defaults(context_.plan.nodes()[node].params);
      push_handle(event.step->handle, event.used);
      return code().resume(op::resume, type, nullptr, clauses);
    }
    if (by_reference) {
      push_exception();
    } else {
      push_thrown(event.serial);
    }
    push_handle(event.step->handle, event.used);
    by_reference ? code().resume(op::resume_throw_ref, type, nullptr, clauses)
                 : code().resume(op::resume_throw, type, &tag, clauses);
  });
  arrive(item, context_.plan.results(context_.plan.nodes()[node].results));
}

void FunctionWriter::suspend(const Item& item, const Event& event) {
  const std::vector<Element> payload = context_.plan.payload_of(item.event);
  const bool is_passing = context_.plan.passed_by(item.event) != nullptr;
  push_values_unless(Mistranslation::wrong_payload, event.serial,
                     std::span(payload).first(payload.size() - (is_passing ? 1 : 0)));
  if (is_passing) {
    const HandleId handle = *context_.plan.passed_by(item.event);
    push_handle(this->event(item.event - 1).to, handle);
  }
  set_now(event);
  code().emit(op::suspend, context_.mistranslation == Mistranslation::wrong_tag
                               ? context_.same_type_tag(item.event)
                               : context_.tag_of(item.event));
  arrive(item, context_.plan.begun_by(item.event).list);
}

void FunctionWriter::switch_(const Item& item, const Event& event) {
  const std::uint32_t node = context_.plan.node_of(event.used);
  const std::vector<Element>& list = context_.plan.nodes()[node].params;
  push_values_unless(Mistranslation::wrong_switch_values, event.serial,
                     std::span(list).first(list.size() - 1));
  push_handle(event.step->handle, event.used);
  set_now(event);
  code().emit(op::switch_, context_.continuation_type(node),
              context_.switch_tag(event.step->tag, context_.plan.nodes()[node].results));
  arrive(item, context_.plan.begun_by(item.event).list);
}

void FunctionWriter::return_(const Event& event) {
  check_kept();
  set_now(event);
  push_values_unless(Mistranslation::wrong_results, event.serial,
                     context_.plan.results(context_.plan.results_of(event.on)));
  code().emit(op::return_);
}

void FunctionWriter::throw_(const Event& event) {
  set_now(event);
  push_thrown(context_.mistranslation == Mistranslation::wrong_exception ? event.serial + 1
                                                                         : event.serial);
  code().emit(op::throw_, Library::exception_tag);
}

/// A step that an engine ends in a trap.
void FunctionWriter::fails(const Item& item) {
  const Event& of = event(item.event);
  const Step::Kind kind = of.step->kind;
  if (context_.mistranslation == Mistranslation::forgotten_trap) return wrong();
  if (kind == Step::Kind::trap) return code().emit(op::unreachable);
  if (kind == Step::Kind::overflow) {
    context_.helpers.overflow(code());
  } else if (of.trap == ExpectedTrap::Kind::null_function) {
    const std::uint32_t type = context_.plain_continuation();
    code().heap(op::ref_null, type - 1);
    code().emit(op::cont_new, type);
  } else if (of.trap == ExpectedTrap::Kind::unhandled_suspend ||
             of.trap == ExpectedTrap::Kind::unhandled_switch) {
    fails_without_handler(of);
  } else {
    fails_with_handle(of);
  }
  wrong();
}

/// Whether a switch can be typed with a handle of this node: the node's last parameter is a handle
/// of a continuation with the same results.
bool FunctionWriter::takes_switch(const Node& node) const {
  if (!node.params.back().is_handle()) return false;
  const Node& taken = context_.plan.nodes()[node.params.back().node];
  return context_.plan.results(taken.results) == context_.plan.results(node.results);
}

/// A switch asks for a handle that takes another one; where there is none, it is a suspend.
void FunctionWriter::fails_without_handler(const Event& event) {
  if (event.is(Step::Kind::switch_)) {
    const Node& node = context_.plan.nodes()[context_.plan.node_of(event.used)];
    const std::span<const Element> list = node.params;
    if (!list.empty() && takes_switch(node)) {
      push_defaults(list.first(list.size() - 1));
      push_handle(event.step->handle, event.used);
      return code().emit(op::switch_, context_.continuation_type(context_.plan.node_of(event.used)),
                         context_.switch_tag(event.step->tag, node.results));
    }
  }
  code().emit(op::suspend, context_.assembly.add_tag({}, {}));
}

/// The handle is null, or was used before. A switch is a resume then: whether an engine looks at
/// the handle or for a handler first is its own affair.
void FunctionWriter::fails_with_handle(const Event& event) {
  const bool is_null = event.used.stack == no_stack;
  const std::uint32_t node = is_null ? none : context_.plan.node_of(event.used);
  const std::uint64_t type =
      is_null ? context_.plain_continuation() : context_.continuation_type(node);
  const std::uint64_t tag = Library::exception_tag;
  const bool takes_values =
      !is_null && (event.is(Step::Kind::resume) || event.is(Step::Kind::switch_));
  if (takes_values) push_defaults(context_.plan.nodes()[node].params);
  if (event.is(Step::Kind::throw_into)) code().i64(0);
  if (is_null) {
    code().heap(op::ref_null, static_cast<std::int64_t>(type));
  } else {
    push_handle(event.step->handle, event.used);
  }
  switch (event.step->kind) {
    case Step::Kind::bind: return code().emit(op::cont_bind, type, type);
    case Step::Kind::throw_into: return code().resume(op::resume_throw, type, &tag, {});
    default: return code().resume(op::resume, type, nullptr, {});
  }
}

}  // namespace fiberproof::fuzz::wasm
