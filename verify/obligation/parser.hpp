// Recursive descent over the tokens of a contract: expressions here, statements in contract.cpp. It
// resolves names and checks sorts while reading, so that every error has its place.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/token.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fiberproof::verify {

/// Whether `name` is a 64-bit register, `al` or `rip`.
bool is_register_name(std::string_view name);
/// What an expression can read beside the registers: mxcsr_control, x87_control, df and fs_base.
bool is_mode_name(std::string_view name);

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Contract& contract)
      : tokens_(std::move(tokens)), contract_(&contract) {}

  template <class T>
  using Result = std::expected<T, ContractError>;

  const Token& peek(std::size_t ahead = 0) const;
  Token next();
  bool at(std::string_view text, std::size_t ahead = 0) const;
  bool accept(std::string_view text);
  Result<void> expect(std::string_view text);
  Result<std::string> expect_name(std::string_view what);
  Result<void> expect_end_of_line();
  std::unexpected<ContractError> error(const Position& position, std::string reason) const;
  std::unexpected<ContractError> error_here(std::string reason) const;

  Result<Expression> word();
  Result<Expression> truth();
  Result<Range> range();

 private:
  Result<Expression> expression();
  Result<Expression> choice();
  Result<Expression> disjunction();
  Result<Expression> conjunction();
  Result<Expression> comparison();
  Result<Expression> sum();
  Result<Expression> product();
  Result<Expression> unary();
  Result<Expression> unary_within(const Position& position);
  Result<Expression> primary();
  Result<Expression> name(const Token& token);
  Result<Expression> memory(const Position& position, unsigned bytes);

  /// Checks the operands' sorts and makes the node; `result_is_truth` is the node's own sort.
  Result<Expression> binary(ExpressionKind kind, const Position& position, bool operands_are_truth,
                            bool result_is_truth, Expression left, Expression right) const;
  /// Counts the terms of its operands; too many are an error, since a name is written out wherever
  /// it is used.
  Result<Expression> checked_size(Expression made) const;
  template <class... Operands>
  Result<Expression> with_operands(Expression made, Operands... operands) const {
    (made.operands.push_back(std::move(operands)), ...);
    return checked_size(std::move(made));
  }
  Result<Expression> with_sort(Result<Expression> expression, bool is_truth) const;

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;  // of expressions within each other
  const Contract* contract_;
};

}  // namespace fiberproof::verify
