#include "verify/obligation/parser.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <bit>

namespace fiberproof::verify {
namespace {

constexpr std::array<std::string_view, 18> register_names = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "al",  "rip"};

constexpr std::array<std::string_view, 4> mode_names = {"mxcsr_control", "x87_control", "df",
                                                        "fs_base"};

Expression node(ExpressionKind kind, const Position& position, bool is_truth = false) {
  Expression made;
  made.kind = kind;
  made.position = position;
  made.is_truth = is_truth;
  return made;
}

}  // namespace

bool is_register_name(std::string_view name) {
  return std::ranges::find(register_names, name) != register_names.end();
}

bool is_mode_name(std::string_view name) {
  return std::ranges::find(mode_names, name) != mode_names.end();
}

const Token& Parser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

Token Parser::next() {
  Token token = peek();
  at_ = std::min(at_ + 1, tokens_.size() - 1);
  return token;
}

bool Parser::at(std::string_view text, std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.text == text &&
         (token.kind == Token::Kind::name || token.kind == Token::Kind::symbol);
}

bool Parser::accept(std::string_view text) {
  const bool found = at(text);
  if (found) next();
  return found;
}

std::unexpected<ContractError> Parser::error(const Position& position, std::string reason) const {
  return std::unexpected(ContractError{contract_->path, position, std::move(reason)});
}

std::unexpected<ContractError> Parser::error_here(std::string reason) const {
  return error(peek().position, std::move(reason));
}

Parser::Result<void> Parser::expect(std::string_view text) {
  if (!accept(text)) {
    return error_here(fmt::format("expected '{}'", text));
  }
  return {};
}

Parser::Result<std::string> Parser::expect_name(std::string_view what) {
  if (peek().kind != Token::Kind::name) {
    return error_here(fmt::format("expected {}", what));
  }
  return next().text;
}

Parser::Result<void> Parser::expect_end_of_line() {
  if (peek().kind != Token::Kind::end_of_line) {
    return error_here(fmt::format("'{}' does not continue this line", peek().text));
  }
  next();
  return {};
}

Parser::Result<Expression> Parser::with_sort(Result<Expression> expression, bool is_truth) const {
  if (expression && expression->is_truth != is_truth) {
    return error(expression->position, is_truth ? "expected a truth value, found a word"
                                                : "expected a word, found a truth value");
  }
  return expression;
}

Parser::Result<Expression> Parser::word() {
  return with_sort(expression(), false);
}
Parser::Result<Expression> Parser::truth() {
  return with_sort(expression(), true);
}

Parser::Result<Range> Parser::range() {
  if (const auto open = expect("["); !open) return std::unexpected(open.error());
  auto low = word();
  if (!low) return std::unexpected(low.error());
  if (const auto comma = expect(","); !comma) return std::unexpected(comma.error());
  auto high = word();
  if (!high) return std::unexpected(high.error());
  if (const auto close = expect(")"); !close) return std::unexpected(close.error());
  return Range{std::move(*low), std::move(*high)};
}

Parser::Result<Expression> Parser::binary(ExpressionKind kind, const Position& position,
                                          bool operands_are_truth, bool result_is_truth,
                                          Expression left, Expression right) const {
  for (const Expression* operand : {&left, &right}) {
    if (operand->is_truth != operands_are_truth) {
      return error(operand->position, operands_are_truth ? "expected a truth value, found a word"
                                                         : "expected a word, found a truth value");
    }
  }
  Expression made = node(kind, position, result_is_truth);
  return with_operands(std::move(made), std::move(left), std::move(right));
}

Parser::Result<Expression> Parser::checked_size(Expression made) const {
  constexpr std::size_t terms_max = 10'000;
  for (const Expression& operand : made.operands) made.terms += operand.terms;
  if (made.terms <= terms_max) return made;
  return error(made.position,
               fmt::format("the expression stands for more than {} terms, with those of the "
                           "definitions that it names: say less in one",
                           terms_max));
}

// An implication binds loosest and to the right.
Parser::Result<Expression> Parser::expression() {
  auto left = choice();
  if (!left || !at("=>")) return left;
  const Position position = next().position;
  auto right = expression();
  if (!right) return right;
  return binary(ExpressionKind::implication, position, true, true, std::move(*left),
                std::move(*right));
}

Parser::Result<Expression> Parser::choice() {
  auto condition = disjunction();
  if (!condition || !at("?")) return condition;
  Expression made = node(ExpressionKind::choice, next().position);
  if (!condition->is_truth) return with_sort(std::move(condition), true);
  auto if_true = with_sort(choice(), false);
  if (!if_true) return if_true;
  if (const auto colon = expect(":"); !colon) return std::unexpected(colon.error());
  auto if_false = with_sort(choice(), false);
  if (!if_false) return if_false;
  return with_operands(std::move(made), std::move(*condition), std::move(*if_true),
                       std::move(*if_false));
}

Parser::Result<Expression> Parser::disjunction() {
  auto left = conjunction();
  while (left && at("or")) {
    const Position position = next().position;
    auto right = conjunction();
    if (!right) return right;
    left =
        binary(ExpressionKind::either, position, true, true, std::move(*left), std::move(*right));
  }
  return left;
}

Parser::Result<Expression> Parser::conjunction() {
  auto left = comparison();
  while (left && at("and")) {
    const Position position = next().position;
    auto right = comparison();
    if (!right) return right;
    left = binary(ExpressionKind::both, position, true, true, std::move(*left), std::move(*right));
  }
  return left;
}

Parser::Result<Expression> Parser::comparison() {
  auto left = sum();
  if (!left) return left;
  const Position position = peek().position;
  if (accept("aligned")) {
    if (peek().kind != Token::Kind::number) return error_here("expected an alignment in bytes");
    Expression made = node(ExpressionKind::aligned, position, true);
    if (!std::has_single_bit(peek().value))
      return error_here("give an alignment that is a power of two");
    made.value = next().value;
    if (left->is_truth) return with_sort(std::move(left), false);
    return with_operands(std::move(made), std::move(*left));
  }
  struct Comparison {
    std::string_view symbol;
    ExpressionKind kind;
    bool swapped;
  };
  static constexpr std::array<Comparison, 6> comparisons = {{
      {"==", ExpressionKind::equal, false},
      {"!=", ExpressionKind::not_equal, false},
      {"<=", ExpressionKind::at_most, false},
      {"<", ExpressionKind::less, false},
      {">=", ExpressionKind::at_most, true},
      {">", ExpressionKind::less, true},
  }};
  for (const auto& [symbol, kind, swapped] : comparisons) {
    if (!accept(symbol)) continue;
    auto right = sum();
    if (!right) return right;
    // Only equality also compares truth values.
    const bool truths = left->is_truth && right->is_truth &&
                        (kind == ExpressionKind::equal || kind == ExpressionKind::not_equal);
    if (swapped) std::swap(*left, *right);
    return binary(kind, position, truths, true, std::move(*left), std::move(*right));
  }
  return left;
}

Parser::Result<Expression> Parser::sum() {
  auto left = product();
  while (left && (at("+") || at("-"))) {
    const Token symbol = next();
    auto right = product();
    if (!right) return right;
    left = binary(symbol.text == "+" ? ExpressionKind::add : ExpressionKind::subtract,
                  symbol.position, false, false, std::move(*left), std::move(*right));
  }
  return left;
}

Parser::Result<Expression> Parser::product() {
  auto left = unary();
  while (left && (at("*") || at("<<") || at(">>") || at("&"))) {
    const Token symbol = next();
    auto right = unary();
    if (!right) return right;
    if (symbol.text == "<<" || symbol.text == ">>") {
      if (right->kind != ExpressionKind::number || right->value > 63) {
        return error(right->position, "a shift count is a number below 64");
      }
      const std::uint64_t count = right->value;
      left = binary(symbol.text == "<<" ? ExpressionKind::shift_left : ExpressionKind::shift_right,
                    symbol.position, false, false, std::move(*left), std::move(*right));
      if (left) left->value = count;
    } else {
      left = binary(symbol.text == "*" ? ExpressionKind::multiply : ExpressionKind::bits_in_both,
                    symbol.position, false, false, std::move(*left), std::move(*right));
    }
  }
  return left;
}

Parser::Result<Expression> Parser::unary() {
  constexpr std::size_t depth_max = 200;
  const Position position = peek().position;
  if (depth_ >= depth_max) {
    return error_here(
        fmt::format("the expression is nested more than {} deep: name a part of it "
                    "with 'let'",
                    depth_max));
  }
  ++depth_;
  auto made = unary_within(position);
  --depth_;
  return made;
}

Parser::Result<Expression> Parser::unary_within(const Position& position) {
  if (accept("not")) {
    auto operand = with_sort(unary(), true);
    if (!operand) return operand;
    Expression made = node(ExpressionKind::negated, position, true);
    return with_operands(std::move(made), std::move(*operand));
  }
  if (accept("old")) {
    auto operand = unary();
    if (!operand) return operand;
    Expression made = node(ExpressionKind::old, position, operand->is_truth);
    return with_operands(std::move(made), std::move(*operand));
  }
  return primary();
}

Parser::Result<Expression> Parser::primary() {
  const Position position = peek().position;
  if (accept("(")) {
    auto inner = expression();
    if (!inner) return inner;
    if (const auto close = expect(")"); !close) return std::unexpected(close.error());
    return inner;
  }
  if (at("[")) return memory(position, 8);
  for (const auto& [keyword, bytes] :
       {std::pair{"u8", 1u}, std::pair{"u16", 2u}, std::pair{"u32", 4u}}) {
    if (at(keyword) && at("[", 1)) {
      next();
      return memory(position, bytes);
    }
  }
  if (accept("max")) {
    Expression made = node(ExpressionKind::maximum, position);
    for (const std::string_view bracket : {"(", ","}) {
      if (const auto found = expect(bracket); !found) return std::unexpected(found.error());
      auto operand = word();
      if (!operand) return operand;
      made.operands.push_back(std::move(*operand));
    }
    if (const auto close = expect(")"); !close) return std::unexpected(close.error());
    return checked_size(std::move(made));
  }
  if (peek().kind == Token::Kind::number) {
    Expression made = node(ExpressionKind::number, position);
    made.value = next().value;
    return made;
  }
  if (peek().kind == Token::Kind::name) return name(next());
  return error_here("expected an expression");
}

Parser::Result<Expression> Parser::memory(const Position& position, unsigned bytes) {
  if (const auto open = expect("["); !open) return std::unexpected(open.error());
  auto address = word();
  if (!address) return address;
  if (const auto close = expect("]"); !close) return std::unexpected(close.error());
  Expression made = node(ExpressionKind::memory, position);
  made.value = bytes;
  return with_operands(std::move(made), std::move(*address));
}

Parser::Result<Expression> Parser::name(const Token& token) {
  if (accept(".")) {
    const Position position = peek().position;
    const auto part = expect_name("a register, 'begin' or 'end' after the dot");
    if (!part) return std::unexpected(part.error());
    const bool is_run =
        std::ranges::find(contract_->runs, token.text, &Run::name) != contract_->runs.end();
    const bool is_call = std::ranges::find(contract_->calls, token.text, &CallDeclaration::name) !=
                         contract_->calls.end();
    const bool is_edge = is_run && (*part == "begin" || *part == "end");
    if (is_edge || (is_call && is_register_name(*part) && *part != "rip")) {
      Expression made = node(!is_edge           ? ExpressionKind::register_after_call
                             : *part == "begin" ? ExpressionKind::begin_of_run
                                                : ExpressionKind::end_of_run,
                             token.position);
      made.run = token.text;
      made.name = *part;
      return made;
    }
    return error(position, fmt::format("'{}' has no '{}'", token.text, *part));
  }
  Expression made = node(ExpressionKind::register_, token.position);
  made.name = token.text;
  if (is_register_name(token.text) || is_mode_name(token.text)) return made;
  if (const auto ghost = std::ranges::find(contract_->ghosts, token.text, &Ghost::name);
      ghost != contract_->ghosts.end()) {
    made.is_truth = ghost->sort == Ghost::Sort::truth;
    made.kind = made.is_truth ? ExpressionKind::flag_ghost : ExpressionKind::ghost;
    return made;
  }
  if (const auto known = std::ranges::find(contract_->definitions, token.text, &Definition::name);
      known != contract_->definitions.end()) {
    made.kind = ExpressionKind::definition;
    made.is_truth = known->expression.is_truth;
    made.terms = known->expression.terms;
    return made;
  }
  return error(token.position, fmt::format("'{}' is not declared", token.text));
}

}  // namespace fiberproof::verify
