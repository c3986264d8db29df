#include "verify/obligation/story.hpp"

#include "verify/obligation/parser.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

namespace fiberproof::verify {
namespace {

// Adds the contract's preferences one by one, as long as there is a counterexample that meets them.
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

// The equality of words that a claim comes down to, if it does.
const Expression* equality_in(const Expression& formula) {
  if (formula.kind == ExpressionKind::implication) return equality_in(formula.operands[1]);
  const bool is_equality = formula.kind == ExpressionKind::equal && !formula.operands[0].is_truth;
  return is_equality ? &formula : nullptr;
}

std::string found_and_expected(const StoryContext& context, const Model& model) {
  if (context.address)
    return fmt::format("found the address {:#x}", evaluate(*context.address, model));
  if (context.clause == nullptr) return {};
  const Expression* equality = equality_in(context.clause->formula);
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

// `EPOCH.REGISTER` for what a register held when nothing was known of it.
std::optional<std::string> name_of_register(const std::string& variable) {
  const std::size_t dot = variable.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string part = variable.substr(dot + 1);
  const bool is_known =
      is_register_name(part) || part == "mxcsr" || part == "x87_control" || part == "df";
  if (!is_known) return std::nullopt;
  std::string epoch = variable.substr(0, dot);
  if (epoch == "entry") return part + " at the entry";
  if (epoch.starts_with("after_")) epoch = "after " + epoch.substr(6, epoch.rfind('.') - 6);
  return fmt::format("{} {}", part, epoch);
}

// What the claim depends on and the contract has no name for: registers that may be anything.
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

std::vector<std::string> listing(const StoryContext& context) {
  std::vector<std::string> lines;
  for (const std::uint64_t address : context.scope.machine->trace) {
    for (const Code* code : context.codes) {
      const auto instruction = code->instructions.find(address);
      if (instruction != code->instructions.end()) {
        lines.push_back(fmt::format("{:#x}  {}", address, instruction->second.text));
        break;
      }
    }
  }
  return lines;
}

// Where the claim's equality looks, to be marked in the drawing.
std::optional<std::uint64_t> address_of_interest(const StoryContext& context, const Model& model) {
  const Expression* equality =
      context.clause == nullptr ? nullptr : equality_in(context.clause->formula);
  if (equality == nullptr) return std::nullopt;
  for (const Expression& side : equality->operands) {
    if (side.kind != ExpressionKind::memory) continue;
    const auto address = word_value(side.operands[0], context.scope);
    if (address) return evaluate(*address, model);
  }
  return std::nullopt;
}

std::vector<std::string> touched_memory(const StoryContext& context, const Model& model) {
  SymbolicCpu& machine = *context.scope.machine;
  const auto interest = address_of_interest(context, model);
  std::map<std::uint64_t, std::string, std::greater<>> rows;
  for (const Access& access : machine.accesses) {
    const Region& region = machine.regions()[access.location.region];
    const std::uint64_t base = evaluate(region.base, model);
    const std::uint64_t address = base + evaluate(access.location.offset, model);
    const auto value = machine.memory().load(access.location, access.bytes, machine.path);
    const auto distance = static_cast<std::int64_t>(address - base);
    rows[address] = fmt::format(
        "{:#018x}  {}{}{:#x}  {} bytes = {}{}", address,
        same(region.base, variable("TOS")) ? "TOS" : region.name, distance < 0 ? "-" : "+",
        distance < 0 ? std::uint64_t{0} - (address - base) : address - base, access.bytes,
        value ? fmt::format("{:#x}", evaluate(*value, model)) : "?",
        interest == address ? "   <- wrong" : "");
  }
  std::vector<std::string> lines;
  for (auto& [address, row] : rows) lines.push_back(std::move(row));
  return lines;
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
  story.listing = listing(context);
  story.memory = touched_memory(context, model);
  story.program = program(context, model, story.program_is_of_state);
  return story;
}

}  // namespace fiberproof::verify
