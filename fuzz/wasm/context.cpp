#include "fuzz/wasm/context.hpp"

#include <algorithm>

namespace fiberproof::fuzz::wasm {

namespace {

/// With fewer continuations each place that makes one names its function.
constexpr std::ptrdiff_t many = 12;

/// An engine allows 100 tables in a module, and there are others. Types beyond have globals.
constexpr std::uint32_t tables_max = 80;

}  // namespace

Context::Context(const Program& the_program, const Trace& the_trace, const Plan& the_plan,
                 const Outline& the_outline, Assembly& the_assembly, const Helpers& the_helpers,
                 Mistranslation the_mistranslation)
    : program(the_program),
      trace(the_trace),
      plan(the_plan),
      outline(the_outline),
      assembly(the_assembly),
      helpers(the_helpers),
      mistranslation(the_mistranslation),
      functions(the_trace.stacks.size()),
      continuation_types_(the_plan.types(), none),
      tag_of_event_(the_trace.events.size(), none) {
  const auto continuations =
      std::count_if(trace.stacks.begin(), trace.stacks.end(),
                    [](const TracedStack& stack) { return !stack.is_initial; });
  makes_many_ = continuations >= many;
  if (makes_many_) add_next_function(static_cast<std::uint32_t>(continuations));
  TypeTable& types = assembly.types();
  std::vector<std::uint32_t> example(plan.types(), none);
  for (std::uint32_t node = 0; node < plan.nodes().size(); ++node) {
    const std::uint32_t type = plan.type_of(node);
    if (example[type] != none) continue;
    example[type] = node;
    continuation_types_[type] = types.reserve_continuation();
  }
  for (std::uint32_t type = 0; type < plan.types(); ++type) {
    const Node& node = plan.nodes()[example[type]];
    types.define_continuation(continuation_types_[type], types_of(node.params),
                              types_of(plan.results(node.results)));
  }
}

void Context::add_next_function(std::uint32_t continuations) {
  made_ = assembly.add_global(i32_type);
  made_functions_ = assembly.add_table(nullable(heap::func), continuations);
  FunctionBody body{{}, {}, assembly.code()};
  body.code.emit(op::global_get, made_);
  body.code.emit(op::table_get, made_functions_);
  body.code.emit(op::global_get, made_);
  body.code.i32(1);
  body.code.emit(op::i32_add);
  body.code.emit(op::global_set, made_);
  const std::uint32_t type = assembly.types().function({}, {nullable(heap::func)});
  next_function_ = assembly.add_helper("next-function", type, std::move(body));
}

void Context::push_function(Code& code, unsigned from_module, StackIndex stack) {
  if (mistranslation == Mistranslation::wrong_function) {
    const std::uint32_t type = function_type(plan.node_of({stack, 0}));
    for (StackIndex other = stack + 1; other < functions.size(); ++other) {
      if (trace.stacks[other].is_initial || functions[other] == functions[stack]) continue;
      if (function_type(plan.node_of({other, 0})) != type) continue;
      return assembly.push_function(code, from_module, functions[other]);
    }
  }
  if (!makes_many_) return assembly.push_function(code, from_module, functions[stack]);
  code.emit(op::call, next_function_);
  code.heap(op::ref_cast, function_type(plan.node_of({stack, 0})));
}

void Context::place_functions() {
  if (!makes_many_) return;
  std::vector<Assembly::Function> made;
  for (StackIndex stack = 1; stack < trace.stacks.size(); ++stack) {
    if (!trace.stacks[stack].is_initial) made.push_back(functions[stack]);
  }
  assembly.fill_table(made_functions_, made);
}

void Context::begin_run(Code& code) const {
  code.i32(0);
  code.emit(op::global_set, Library::first);
  if (!makes_many_) return;
  code.i32(0);
  code.emit(op::global_set, made_);
}

std::uint32_t Context::plain_continuation() {
  if (plain_continuation_ == none) {
    plain_continuation_ = assembly.types().reserve_continuation();
    assembly.types().define_continuation(plain_continuation_, {}, {});
  }
  return plain_continuation_;
}

ValType Context::type_of(const Element& element) const {
  return element.is_handle() ? nullable(continuation_type(element.node)) : declared(element.type);
}

TypeList Context::types_of(const std::vector<Element>& list) const {
  TypeList types;
  types.reserve(list.size());
  for (const Element& element : list) {
    types.push_back(type_of(element));
  }
  return types;
}

std::uint32_t Context::tag_of(std::uint32_t event) {
  std::uint32_t& tag = tag_of_event_[event];
  if (tag == none) tag = find_tag(event);
  return tag;
}

/// The parameters and results of a suspension's tag.
std::pair<TypeList, TypeList> Context::tag_types(std::uint32_t event) const {
  std::vector<Element> payload = plan.payload_of(event);
  // With an odd number, what arrives is declared as more than what the tag carries.
  for (Element& element : payload) {
    const bool is_narrow = trace.events[event].step->tag % 2 == 1;
    if (is_narrow && !element.is_handle()) element.type = made_as(element.type);
  }
  return {types_of(payload), types_of(plan.begun_by(event).list)};
}

std::uint32_t Context::find_tag(std::uint32_t event) {
  const auto [params, results] = tag_types(event);
  const auto key =
      std::pair{trace.events[event].step->tag, assembly.types().function(params, results)};
  const auto [at, is_new] = suspend_tags_.try_emplace(key, 0);
  if (is_new) at->second = assembly.add_tag(params, results);
  return at->second;
}

std::uint32_t Context::same_type_tag(std::uint32_t event) {
  const auto [params, results] = tag_types(event);
  return assembly.add_tag(params, results);
}

std::uint32_t Context::switch_tag(std::uint8_t tag, std::uint32_t results) {
  const TypeList types = types_of(plan.results(results));
  const auto key = std::pair{tag, assembly.types().function({}, types)};
  const auto [at, is_new] = switch_tags_.try_emplace(key, 0);
  if (is_new) at->second = assembly.add_tag({}, types);
  return at->second;
}

bool Context::is_in_table(std::uint32_t node) const {
  return program.handles == HandlePlace::tables && plan.type_of(node) < tables_max;
}

std::uint32_t Context::place_of(std::uint8_t slot, std::uint32_t node) {
  const bool in_tables = is_in_table(node);
  const std::uint32_t type = continuation_type(node);
  const auto [at, is_new] = places_.try_emplace({in_tables ? std::uint8_t{0} : slot, type}, 0);
  if (is_new) {
    at->second = in_tables ? assembly.add_table(nullable(type), program_bounds::handles)
                           : assembly.add_global(nullable(type));
  }
  return at->second;
}

void Context::store(Code& code, std::uint8_t slot, std::uint32_t node, std::uint32_t spare) {
  const std::uint32_t place = place_of(slot, node);
  if (!is_in_table(node)) return code.emit(op::global_set, place);
  code.emit(op::local_set, spare);
  code.i32(slot);
  code.emit(op::local_get, spare);
  code.emit(op::table_set, place);
}

void Context::store_null(Code& code, std::uint8_t slot, std::uint32_t node) {
  const std::uint32_t place = place_of(slot, node);
  if (is_in_table(node)) code.i32(slot);
  code.heap(op::ref_null, continuation_type(node));
  code.emit(is_in_table(node) ? op::table_set : op::global_set, place);
}

void Context::load(Code& code, std::uint8_t slot, std::uint32_t node) {
  const std::uint32_t place = place_of(slot, node);
  if (!is_in_table(node)) return code.emit(op::global_get, place);
  code.i32(slot);
  code.emit(op::table_get, place);
}

}  // namespace fiberproof::fuzz::wasm
