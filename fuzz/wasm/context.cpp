#include "fuzz/wasm/context.hpp"

namespace fiberproof::fuzz::wasm {

Context::Context(const Program& the_program, const Trace& the_trace, const Plan& the_plan,
                 const Outline& the_outline, Assembly& the_assembly, const Helpers& the_helpers,
                 unsigned the_defect)
    : program(the_program),
      trace(the_trace),
      plan(the_plan),
      outline(the_outline),
      assembly(the_assembly),
      helpers(the_helpers),
      defect(the_defect),
      functions(the_trace.stacks.size()),
      continuation_types_(the_plan.types(), none) {
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
  const std::uint8_t tag = trace.events[event].step->tag;
  std::vector<Element> payload = plan.payload_of(event);
  // With an odd number, what arrives is declared as more than what the tag carries.
  for (Element& element : payload) {
    if (tag % 2 == 1 && !element.is_handle()) element.type = made_as(element.type);
  }
  const TypeList params = types_of(payload);
  const TypeList results = types_of(plan.begun_by(event).list);
  const auto key = std::pair{tag, assembly.types().function(params, results)};
  const auto [at, is_new] = suspend_tags_.try_emplace(key, 0);
  if (is_new) at->second = assembly.add_tag(params, results);
  return at->second;
}

std::uint32_t Context::switch_tag(std::uint8_t tag, std::uint32_t results) {
  const TypeList types = types_of(plan.results(results));
  const auto key = std::pair{tag, assembly.types().function({}, types)};
  const auto [at, is_new] = switch_tags_.try_emplace(key, 0);
  if (is_new) at->second = assembly.add_tag({}, types);
  return at->second;
}

std::uint32_t Context::place_of(std::uint8_t slot, std::uint32_t node) {
  const bool in_tables = program.handles == HandlePlace::tables;
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
  if (program.handles != HandlePlace::tables) return code.emit(op::global_set, place);
  code.emit(op::local_set, spare);
  code.i32(slot);
  code.emit(op::local_get, spare);
  code.emit(op::table_set, place);
}

void Context::store_null(Code& code, std::uint8_t slot, std::uint32_t node) {
  const std::uint32_t place = place_of(slot, node);
  if (program.handles == HandlePlace::tables) code.i32(slot);
  code.heap(op::ref_null, continuation_type(node));
  code.emit(program.handles == HandlePlace::tables ? op::table_set : op::global_set, place);
}

void Context::load(Code& code, std::uint8_t slot, std::uint32_t node) {
  const std::uint32_t place = place_of(slot, node);
  if (program.handles != HandlePlace::tables) return code.emit(op::global_get, place);
  code.i32(slot);
  code.emit(op::table_get, place);
}

}  // namespace fiberproof::fuzz::wasm
