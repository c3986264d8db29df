// Tokens of a contract's text. A line end ends a clause, except inside brackets and after an
// operator.
#pragma once

#include "verify/obligation/contract.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct Token {
  enum class Kind { name, number, symbol, template_line, end_of_line, end_of_text };
  Kind kind;
  std::string text;
  std::uint64_t value = 0;  ///< of a number
  Position position;
  std::size_t offset = 0;  ///< of the first character in the text
};

[[nodiscard]] std::expected<std::vector<Token>, ContractError> tokenize(std::string_view text,
                                                                        const std::string& path);

}  // namespace fiberproof::verify
