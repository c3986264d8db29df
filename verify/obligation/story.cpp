#include "verify/obligation/story.hpp"

#include "verify/obligation/parser.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <ranges>
#include <variant>

namespace fiberproof::verify {
namespace {

// Adds the contract's preferences one by one, as long as a counterexample meets them.
Model minimized(const StoryContext& context, Query query, const Answer& answer, Solver& solver) {
  Model model = answer.counterexample;
  Scope entry = context.in.entry_scope();
  for (const Expression& preference : context.contract.preferences) {
    const auto formula = truth_value(preference, entry);
    if (!formula) continue;
    query.assumptions.push_back(*formula);
    Answer better = solver.prove(query);
    if (better.verdict == Verdict::refuted) {
      model = std::move(better.counterexample);
    } else {
      query.assumptions.pop_back();
    }
  }
  return model;
}

// The false equality of words behind a claim: in the conclusion of an implication, or in a part of
// a conjunction.
const Expression* false_equality_in(const Expression& formula, const StoryContext& context,
                                    const Model& model) {
  if (formula.kind == ExpressionKind::implication) {
    return false_equality_in(formula.operands[1], context, model);
  }
  if (formula.kind == ExpressionKind::both) {
    for (const Expression& part : formula.operands) {
      const auto holds = truth_value(part, context.scope);
      if (holds && !evaluate(*holds, model)) return false_equality_in(part, context, model);
    }
    return nullptr;
  }
  const bool is_equality = formula.kind == ExpressionKind::equal && !formula.operands[0].is_truth;
  return is_equality ? &formula : nullptr;
}

std::string found_and_expected(const StoryContext& context, const Model& model) {
  if (context.address)
    return fmt::format("found the address {:#x}", evaluate(*context.address, model));
  if (context.clause == nullptr) return {};
  const Expression* equality = false_equality_in(context.clause->formula, context, model);
  if (equality == nullptr && context.clause->formula.kind == ExpressionKind::implication) {
    return "the premise holds, the conclusion does not";
  }
  if (equality == nullptr) return {};
  const auto left = word_value(equality->operands[0], context.scope);
  const auto right = word_value(equality->operands[1], context.scope);
  if (!left || !right) return {};
  return fmt::format("found {:#x}, expected {:#x}", evaluate(*left, model),
                     evaluate(*right, model));
}

std::vector<std::string> ghost_values(const StoryContext& context, const Model& model) {
  std::vector<std::string> lines;
  for (const Ghost& ghost : context.contract.ghosts) {
    if (ghost.sort == Ghost::Sort::truth) {
      const bool value = evaluate(context.in.names.truths.at(ghost.name), model);
      lines.push_back(fmt::format("{} = {}", ghost.name, value));
    } else {
      const std::uint64_t value = evaluate(context.in.names.words.at(ghost.name), model);
      lines.push_back(fmt::format("{} = {:#x}", ghost.name, value));
    }
  }
  return lines;
}

// `EPOCH.REGISTER` for the initial value of a register.
std::optional<std::string> name_of_register(const std::string& variable) {
  const std::size_t dot = variable.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string part = variable.substr(dot + 1);
  const bool is_known = is_register_name(part) || part == "mxcsr" || part == "x87_control" ||
                        part == "df" || part == "fs_base";
  if (!is_known) return std::nullopt;
  std::string epoch = variable.substr(0, dot);
  if (epoch == "entry") return part + " at the entry";
  if (epoch.starts_with("after_")) epoch = "after " + epoch.substr(6, epoch.rfind('.') - 6);
  return fmt::format("{} {}", part, epoch);
}

// Registers that the claim depends on and that the contract does not name.
std::vector<std::string> other_values(const Query& query, const Model& model) {
  std::vector<const Node*> roots{&query.goal.node()};
  for (const Formula assumption : query.assumptions) roots.push_back(&assumption.node());
  std::vector<std::string> lines;
  for (const Node* node : variables_of(roots)) {
    const auto name = name_of_register(node->name);
    if (!name) continue;
    const std::uint64_t value = node->kind == NodeKind::variable
                                    ? evaluate(Term(node), model)
                                    : static_cast<std::uint64_t>(evaluate(Formula(node), model));
    lines.push_back(fmt::format("{} = {:#x}", *name, value));
  }
  return lines;
}

const Code* code_at(const StoryContext& context, std::uint64_t address) {
  const auto has_it = [address](const Code* code) { return code->instructions.contains(address); };
  const auto code = std::ranges::find_if(context.codes, has_it);
  return code == context.codes.end() ? nullptr : *code;
}

const Instruction* instruction_at(const StoryContext& context, std::uint64_t address) {
  const Code* const code = code_at(context, address);
  return code == nullptr ? nullptr : &code->instructions.at(address);
}

// An address as a disassembly of the file has it; in a relocatable file, which has no addresses,
// the distance from the beginning of the code.
std::string address_in_file(const StoryContext& context, const Code& code, std::uint64_t address) {
  if (code.load_bias) return fmt::format("{:#x}", address - *code.load_bias);
  return fmt::format("{}+{:#x}", &code == context.codes.front() ? "" : code.name,
                     address - code.begin);
}

std::uint64_t address_of(const Access& access, const StoryContext& context, const Model& model) {
  const Region& region = context.scope.cpu->regions()[access.location.region];
  return evaluate(region.base, model) + evaluate(access.location.offset, model);
}

// The step of the path that stores the word at `address` last.
std::optional<std::size_t> last_store_to(std::uint64_t address, const StoryContext& context,
                                         const Model& model) {
  const SymbolicCpu& cpu = *context.scope.cpu;
  for (const Access& access : cpu.accesses | std::views::reverse) {
    if (!access.is_store || address_of(access, context, model) != address) continue;
    const auto step = std::ranges::find(cpu.trace, access.instruction);
    if (step != cpu.trace.end()) return static_cast<std::size_t>(step - cpu.trace.begin());
  }
  return std::nullopt;
}

// The step of the path that writes a register last.
std::optional<std::size_t> last_write_of(std::string_view register_name,
                                         const StoryContext& context) {
  const std::vector<std::uint64_t>& trace = context.scope.cpu->trace;
  for (std::size_t step = trace.size(); step > 0; --step) {
    const Instruction* const instruction = instruction_at(context, trace[step - 1]);
    if (instruction == nullptr) continue;
    const bool writes = std::ranges::any_of(
        written_registers(*instruction),
        [register_name](Register written) { return name(written) == register_name; });
    if (writes) return step - 1;
  }
  return std::nullopt;
}

// The step of the path that makes the value which the claim finds wrong; the last one if the claim
// is about an access, a trap, or where control continues.
std::optional<std::size_t> wrong_step(const StoryContext& context, const Model& model) {
  const std::vector<std::uint64_t>& trace = context.scope.cpu->trace;
  if (trace.empty()) return std::nullopt;
  if (context.clause == nullptr) return trace.size() - 1;
  const Expression* const equality = false_equality_in(context.clause->formula, context, model);
  if (equality == nullptr) return std::nullopt;
  const Expression& found = equality->operands[0];
  if (found.kind == ExpressionKind::register_) {
    return found.name == "rip" ? trace.size() - 1 : last_write_of(found.name, context);
  }
  if (found.kind != ExpressionKind::memory) return std::nullopt;
  const auto address = word_value(found.operands[0], context.scope);
  return address ? last_store_to(evaluate(*address, model), context, model) : std::nullopt;
}

std::vector<ListedStep> listing(const StoryContext& context, const Model& model) {
  const auto wrong = wrong_step(context, model);
  const std::vector<std::uint64_t>& trace = context.scope.cpu->trace;
  std::vector<ListedStep> steps;
  for (std::size_t step = 0; step < trace.size(); ++step) {
    const Code* const code = code_at(context, trace[step]);
    if (code == nullptr) continue;
    steps.push_back({.place = address_in_file(context, *code, trace[step]),
                     .text = code->instructions.at(trace[step]).text,
                     .symbol = code->symbol,
                     .offset = trace[step] - code->begin,
                     .is_wrong = wrong == step});
  }
  return steps;
}

// The address that the claim's false equality reads, to be marked in the drawing.
std::optional<std::uint64_t> address_of_interest(const StoryContext& context, const Model& model) {
  const Expression* equality = context.clause == nullptr
                                   ? nullptr
                                   : false_equality_in(context.clause->formula, context, model);
  if (equality == nullptr) return std::nullopt;
  for (const Expression& side : equality->operands) {
    if (side.kind != ExpressionKind::memory) continue;
    const auto address = word_value(side.operands[0], context.scope);
    if (address) return evaluate(*address, model);
  }
  return std::nullopt;
}

std::map<std::uint64_t, std::string> slot_names(const StoryContext& context, const Model& model) {
  Scope entry = context.in.entry_scope();
  std::map<std::uint64_t, std::string> names;
  for (const Slot& slot : context.contract.slots) {
    if (const auto address = word_value(slot.address, entry)) {
      names.emplace(evaluate(*address, model), slot.name);
    }
  }
  return names;
}

std::vector<MemoryRow> touched_memory(const StoryContext& context, const Model& model) {
  SymbolicCpu& cpu = *context.scope.cpu;
  const auto interest = address_of_interest(context, model);
  const auto names = slot_names(context, model);
  std::map<std::uint64_t, MemoryRow, std::greater<>> rows;
  for (const Access& access : cpu.accesses) {
    const Region& region = cpu.regions()[access.location.region];
    const std::uint64_t base = evaluate(region.base, model);
    const std::uint64_t address = address_of(access, context, model);
    const auto value = cpu.memory().load(access.location, access.bytes, cpu.path);
    rows.insert_or_assign(
        address, MemoryRow{.address = address,
                           .base = same(region.base, variable("TOS")) ? "TOS" : region.name,
                           .distance = address - base,
                           .bytes = access.bytes,
                           .value = value ? std::optional(evaluate(*value, model)) : std::nullopt,
                           .slot = names.contains(address) ? names.at(address) : "",
                           .is_wrong = interest == address});
  }
  std::vector<MemoryRow> sorted;
  for (auto& [address, row] : rows) sorted.push_back(std::move(row));
  return sorted;
}

// The contract's Program with the values of ghosts for {their names}, if it has such marks.
std::string program(const StoryContext& context, const Model& model, bool& is_of_state) {
  std::string text = context.contract.program;
  for (const auto& [name, term] : context.in.names.words) {
    const std::string mark = "{" + name + "}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), std::to_string(evaluate(term, model)));
      is_of_state = true;
    }
  }
  return text;
}

}  // namespace

Refutation tell_story(const StoryContext& context, const Query& query, const Answer& answer,
                      Solver& solver) {
  const Model model = minimized(context, query, answer, solver);
  Refutation story;
  story.claim = context.claim;
  story.found = found_and_expected(context, model);
  story.where = context.in.description;
  story.values = ghost_values(context, model);
  for (std::string& line : other_values(query, model)) story.values.push_back(std::move(line));
  story.listing = listing(context, model);
  story.memory = touched_memory(context, model);
  story.program = program(context, model, story.program_is_of_state);
  return story;
}

}  // namespace fiberproof::verify
