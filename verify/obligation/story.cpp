#include "verify/obligation/story.hpp"

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
  SymbolicMachine& machine = *context.scope.machine;
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

// The contract's Program with the values of ghosts for {their names}.
std::string program(const StoryContext& context, const Model& model) {
  std::string text = context.contract.program;
  for (const auto& [name, term] : context.in.names.words) {
    const std::string mark = "{" + name + "}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), std::to_string(evaluate(term, model)));
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
  story.listing = listing(context);
  story.memory = touched_memory(context, model);
  story.program = program(context, model);
  return story;
}

}  // namespace fiberproof::verify
