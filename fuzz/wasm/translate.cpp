#include "fuzz/reference/reference.hpp"
#include "fuzz/wasm/assembly.hpp"
#include "fuzz/wasm/context.hpp"
#include "fuzz/wasm/function_writer.hpp"
#include "fuzz/wasm/helpers.hpp"
#include "fuzz/wasm/module_program.hpp"
#include "fuzz/wasm/outline.hpp"
#include "fuzz/wasm/plan.hpp"
#include "fuzz/wasm/trace.hpp"
#include "fuzz/wasm/translation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::array<std::string_view, ends> end_words = {
    "returns",     "unreachable",   "unhandled tag",  "consumed handle",
    "null handle", "null function", "stack overflow", "uncaught exception"};

/// The functions of all stacks, those that others refer to first.
void write_functions(Context& context) {
  for (auto stack = static_cast<StackIndex>(context.trace.stacks.size()); stack-- > 1;) {
    const unsigned module = context.module_of(stack);
    if (context.trace.stacks[stack].is_initial) {
      FunctionWriter writer(context, module, {});
      writer.entry(stack);
      const std::uint32_t type = context.assembly.types().function({}, {});
      context.functions[stack] = context.assembly.add_function(module, type, writer.take());
    } else {
      const std::uint32_t node = context.plan.node_of({stack, 0});
      FunctionWriter writer(context, module, context.types_of(context.plan.nodes()[node].params));
      writer.continuation(stack);
      context.functions[stack] =
          context.assembly.add_function(module, context.function_type(node), writer.take());
    }
  }
}

/// The export by which a host calls the entries.
void write_entry_export(Context& context) {
  if (context.host_enter == none) return;
  const unsigned module = context.module_of(0);
  FunctionBody body{{i32_type}, {}, context.assembly.code()};
  std::int32_t number = 0;
  for (const StackIndex stack : context.outline.entries) {
    body.code.emit(op::local_get, 0);
    body.code.i32(number++);
    body.code.emit(op::i32_ne);
    body.code.emit(op::i32_eqz);
    body.code.open(op::if_);
    context.assembly.call_function(body.code, module, context.functions[stack]);
    body.code.close();
  }
  const std::uint32_t type = context.assembly.types().function({i32_type}, {});
  context.assembly.export_function("entry",
                                   context.assembly.add_function(module, type, std::move(body)));
}

std::vector<Part> write_parts(Context& context) {
  std::vector<Part> parts;
  const unsigned module = context.module_of(0);
  const std::uint32_t type = context.assembly.types().function({}, {i32_type});
  for (const OutlinedPart& part : context.outline.parts) {
    FunctionWriter writer(context, module, {});
    writer.part(part, parts.empty());
    End end = part.end;
    if (context.mistranslation == Mistranslation::wrong_end && end != End::returns) {
      end = end == End::unreachable ? End::unhandled_tag : End::unreachable;
    }
    parts.push_back({fmt::format("main{}", parts.size()), end});
    context.assembly.export_function(parts.back().name,
                                     context.assembly.add_function(module, type, writer.take()));
  }
  return parts;
}

/// Says what the run has in it. The declared types decide whether values are references.
Contents contents_of(const Program& program, const Trace& trace) {
  Contents contents;
  const bool has_references = std::any_of(program.values.begin(), program.values.end(),
                                          [](ValueType type) { return fuzz::is_reference(type); });
  for (const Event& event : trace.events) {
    if (event.step == nullptr) continue;
    ++contents.steps;  // A refusal is one: it may be a trap.
    // A module has the instruction also where it traps.
    contents.switches = contents.switches || event.step->kind == Step::Kind::switch_;
    if (!event.is_taken()) continue;
    contents.references = contents.references || (has_references && event.value_count > 0);
    switch (event.step->kind) {
      case Step::Kind::bind: contents.binds = true; break;
      case Step::Kind::throw_:
      case Step::Kind::rethrow:
      case Step::Kind::throw_into: contents.exceptions = true; break;
      case Step::Kind::collect: contents.collections = true; break;
      case Step::Kind::enter: contents.enters = true; break;
      case Step::Kind::new_: ++contents.continuations; break;
      default: break;
    }
  }
  return contents;
}

}  // namespace

std::string_view word_of(End end) {
  return end_words[static_cast<std::size_t>(end)];
}

Translation translate(const Program& program, const TranslationOptions& options) {
  if (!is_for_module(program)) {
    std::vector<std::string> left_out;
    Translation out = translate(for_module(program, left_out), options);
    out.left_out.insert(out.left_out.end(), left_out.begin(), left_out.end());
    return out;
  }
  thread_local Reference reference;
  thread_local Trace run;
  trace(program, reference, run);
  const Plan plan(program, run);
  const Outline outlined = outline(run, options.has_host);
  const Library& library = Library::with(options.has_host);
  Assembly assembly(TypeTable(options.with_text, library.types(), program.tags), program.instances,
                    options.with_text);
  const Helpers helpers(assembly, library, program);
  const std::uint32_t enter_type = assembly.types().function({i32_type}, {});
  const bool is_entered = options.has_host && !outlined.entries.empty();
  const std::uint32_t enter =
      is_entered ? assembly.import_function("host", "enter", enter_type) : none;
  Context context(program, run, plan, outlined, assembly, helpers, options.mistranslation);
  context.host_enter = enter;
  write_functions(context);
  context.place_functions();
  write_entry_export(context);
  Translation out;
  out.parts = write_parts(context);
  out.modules = assembly.finish();
  out.modules.insert(out.modules.begin(), library.module());
  if (!options.with_text) out.modules.front().text.clear();
  out.left_out = outlined.left_out;
  if (run.is_beside_store) {
    out.left_out.emplace_back("beside the store: an engine has no such continuation");
  }
  const bool is_cut = std::any_of(run.events.begin(), run.events.end(),
                                  [](const Event& event) { return event.value_count > list_max; });
  if (is_cut) out.left_out.push_back(fmt::format("values beyond {} of a list", list_max));
  out.contents = contents_of(program, run);
  return out;
}

}  // namespace fiberproof::fuzz::wasm
