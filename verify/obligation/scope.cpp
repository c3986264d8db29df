#include "verify/obligation/scope.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <ranges>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

std::optional<Register> register_named(std::string_view text) {
  for (std::size_t index = 0; index < register_count; ++index) {
    const auto candidate = static_cast<Register>(index);
    if (name(candidate) == text) return candidate;
  }
  return std::nullopt;
}

// A 64-bit register, or AL as a word.
Term register_value(std::string_view text, const std::array<Term, register_count>& registers) {
  if (text == "al") return registers[static_cast<std::size_t>(Register::rax)] & word(0xff);
  return registers[static_cast<std::size_t>(*register_named(text))];
}

// A mode as a word: control bits at their positions in the register, or 0 or 1. Nothing if the text
// names no mode.
std::optional<Term> mode_value(std::string_view text, const SymbolicCpu& cpu) {
  const Modes<Term, Formula>& modes = cpu.modes();
  if (text == "fs_base") return cpu.fs_base();
  if (text == "mxcsr_control") return modes.mxcsr & word(mxcsr_control_bits);
  if (text == "x87_control") return modes.x87_control;
  if (text == "df") return select(modes.df, word(1), word(0));
  return std::nullopt;
}

const Expression& definition_of(const Expression& expression, const Scope& scope) {
  return std::ranges::find(scope.names->contract->definitions, expression.name, &Definition::name)
      ->expression;
}

// Evaluates at the contract's beginning, under the premises of `scope`.
template <class Evaluate>
auto at_beginning(Scope& scope, Evaluate evaluate) {
  if (scope.old == nullptr) return evaluate(scope);
  Scope beginning = *scope.old;
  beginning.premises = scope.premises;
  beginning.is_defined = truth(true);
  auto value = evaluate(beginning);
  scope.is_defined = logical_and(scope.is_defined, beginning.is_defined);
  return value;
}

template <class Evaluate>
auto under(Formula premise, Scope& scope, Evaluate evaluate) {
  scope.premises.push_back(premise);
  auto value = evaluate();
  scope.premises.pop_back();
  return value;
}

Result<Term> memory_value(const Expression& expression, Scope& scope) {
  const auto address = word_value(expression.operands[0], scope);
  if (!address) return address;
  const auto location = locate(scope.cpu->regions(), *address);
  if (!location) {
    return std::unexpected(fmt::format("line {}: {}", expression.position.line, location.error()));
  }
  const Formula inside =
      is_inside(scope.cpu->regions()[location->region], location->offset, expression.value);
  scope.is_defined = logical_and(scope.is_defined, implies(all_of(scope.premises), inside));
  return scope.cpu->memory().load(*location, static_cast<unsigned>(expression.value),
                                  scope.cpu->path);
}

Result<Term> after_call(const Expression& expression, const Scope& scope) {
  for (const auto& [call, registers] : scope.cpu->after_calls | std::views::reverse) {
    if (call == expression.run) return register_value(expression.name, registers);
  }
  return std::unexpected(fmt::format("{} is not called on this path", expression.run));
}

Result<Term> arithmetic(const Expression& expression, Scope& scope) {
  const auto left = word_value(expression.operands[0], scope);
  if (!left) return left;
  const auto right = word_value(expression.operands[1], scope);
  if (!right) return right;
  switch (expression.kind) {
    case ExpressionKind::add: return *left + *right;
    case ExpressionKind::subtract: return *left - *right;
    case ExpressionKind::multiply: return multiply(*left, *right);
    case ExpressionKind::bits_in_both: return *left & *right;
    case ExpressionKind::shift_left:
      return shift_left(*left, static_cast<unsigned>(*right->as_constant()));
    case ExpressionKind::shift_right:
      return shift_right(*left, static_cast<unsigned>(*right->as_constant()));
    default: return select(less(*left, *right), *right, *left);  // maximum
  }
}

Result<Formula> comparison(const Expression& expression, Scope& scope) {
  const auto left = word_value(expression.operands[0], scope);
  if (!left) return std::unexpected(left.error());
  const auto right = word_value(expression.operands[1], scope);
  if (!right) return std::unexpected(right.error());
  switch (expression.kind) {
    case ExpressionKind::equal: return equal(*left, *right);
    case ExpressionKind::not_equal: return logical_not(equal(*left, *right));
    case ExpressionKind::less: return less(*left, *right);
    default: return at_most(*left, *right);
  }
}

Result<Formula> connective(const Expression& expression, Scope& scope) {
  const auto left = truth_value(expression.operands[0], scope);
  if (!left) return left;
  // The conclusion of a false premise is not evaluated: its memory may not exist.
  if (expression.kind == ExpressionKind::implication && left->as_constant() == false) {
    return truth(true);
  }
  // If the left side decides the value, the right side need not be defined.
  const Formula premise = expression.kind == ExpressionKind::implication ? *left
                          : expression.kind == ExpressionKind::both      ? *left
                          : expression.kind == ExpressionKind::either    ? logical_not(*left)
                                                                         : truth(true);
  const auto right =
      under(premise, scope, [&] { return truth_value(expression.operands[1], scope); });
  if (!right) return right;
  switch (expression.kind) {
    case ExpressionKind::both: return logical_and(*left, *right);
    case ExpressionKind::either: return logical_or(*left, *right);
    case ExpressionKind::implication: return implies(*left, *right);
    case ExpressionKind::equal: return logical_not(logical_xor(*left, *right));
    default: return logical_xor(*left, *right);
  }
}

}  // namespace

std::expected<Term, std::string> word_value(const Expression& expression, Scope& scope) {
  switch (expression.kind) {
    case ExpressionKind::number: return word(expression.value);
    case ExpressionKind::ghost: return scope.names->words.at(expression.name);
    case ExpressionKind::definition: return word_value(definition_of(expression, scope), scope);
    case ExpressionKind::register_:
      if (const auto mode = mode_value(expression.name, *scope.cpu)) return *mode;
      if (expression.name != "rip") {
        return register_value(expression.name, scope.cpu->registers());
      }
      if (!scope.rip) return std::unexpected("rip has no value at this point");
      return *scope.rip;
    case ExpressionKind::register_after_call: return after_call(expression, scope);
    case ExpressionKind::end_of_run: return word(scope.names->run_ends.at(expression.run));
    case ExpressionKind::begin_of_run: return word(scope.names->run_begins.at(expression.run));
    case ExpressionKind::memory: return memory_value(expression, scope);
    case ExpressionKind::old:
      return at_beginning(scope, [&](Scope& at) { return word_value(expression.operands[0], at); });
    case ExpressionKind::choice: {
      const auto condition = truth_value(expression.operands[0], scope);
      if (!condition) return std::unexpected(condition.error());
      const auto if_true =
          under(*condition, scope, [&] { return word_value(expression.operands[1], scope); });
      if (!if_true) return if_true;
      const auto if_false = under(logical_not(*condition), scope,
                                  [&] { return word_value(expression.operands[2], scope); });
      if (!if_false) return if_false;
      return select(*condition, *if_true, *if_false);
    }
    default: return arithmetic(expression, scope);
  }
}

std::expected<Formula, std::string> truth_value(const Expression& expression, Scope& scope) {
  switch (expression.kind) {
    case ExpressionKind::flag_ghost: return scope.names->truths.at(expression.name);
    case ExpressionKind::definition: return truth_value(definition_of(expression, scope), scope);
    case ExpressionKind::old:
      return at_beginning(scope,
                          [&](Scope& at) { return truth_value(expression.operands[0], at); });
    case ExpressionKind::negated: {
      const auto operand = truth_value(expression.operands[0], scope);
      return operand ? Result<Formula>(logical_not(*operand)) : operand;
    }
    case ExpressionKind::aligned: {
      const auto operand = word_value(expression.operands[0], scope);
      if (!operand) return std::unexpected(operand.error());
      return equal(*operand & word(expression.value - 1), word(0));
    }
    case ExpressionKind::equal:
    case ExpressionKind::not_equal:
      return expression.operands[0].is_truth ? connective(expression, scope)
                                             : comparison(expression, scope);
    case ExpressionKind::less:
    case ExpressionKind::at_most: return comparison(expression, scope);
    default: return connective(expression, scope);
  }
}

}  // namespace fiberproof::verify
