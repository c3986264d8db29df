#include "verify/obligation/token.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace fiberproof::verify {
namespace {

constexpr std::array<std::string_view, 23> symbols = {
    "==", "!=", "<=", ">=", "=>", "<<", ">>", ":=", "<", ">", "+", "-",
    "*",  "(",  ")",  "[",  "]",  ",",  ":",  "?",  ".", "=", "&"};

// A formula continues on the next line after these.
constexpr std::array<std::string_view, 18> open_ended = {"==", "!=", "<=", ">=",  "=>", "<<",
                                                         ">>", ":=", "<",  ">",   "+",  "-",
                                                         "*",  ",",  "?",  "and", "or", "&"};

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_name_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  std::expected<std::vector<Token>, ContractError> run() {
    while (at_ < text_.size()) {
      const auto next = take();
      if (!next) return std::unexpected(next.error());
    }
    end_line();
    add(Token::Kind::end_of_text, 0);
    return std::move(tokens_);
  }

 private:
  std::expected<void, ContractError> take() {
    const char c = text_[at_];
    if (c == '\n') {
      end_line();
      ++at_;
      ++line_;
      line_start_ = at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '|') {
      ++at_;
      add(Token::Kind::template_line, std::min(text_.find('\n', at_), text_.size()) - at_);
    } else if (is_name_start(c)) {
      const auto* const end = std::find_if_not(text_.begin() + at_, text_.end(), is_name_part);
      add(Token::Kind::name, static_cast<std::size_t>(end - text_.begin()) - at_);
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      return take_number();
    } else {
      return take_symbol();
    }
    return {};
  }

  std::expected<void, ContractError> take_number() {
    const bool hexadecimal = text_.substr(at_).starts_with("0x");
    const char* const first = text_.data() + at_ + (hexadecimal ? 2 : 0);
    std::uint64_t value = 0;
    const auto [last, status] =
        std::from_chars(first, text_.data() + text_.size(), value, hexadecimal ? 16 : 10);
    const auto length = static_cast<std::size_t>(last - (text_.data() + at_));
    if (status != std::errc{} ||
        (at_ + length < text_.size() && is_name_part(text_[at_ + length]))) {
      return std::unexpected(ContractError{path_, position(), "not a 64-bit number"});
    }
    add(Token::Kind::number, length);
    tokens_.back().value = value;
    return {};
  }

  std::expected<void, ContractError> take_symbol() {
    for (const std::string_view symbol : symbols) {
      if (text_.substr(at_).starts_with(symbol)) {
        depth_ += symbol == "(" || symbol == "[" ? 1 : 0;
        depth_ -= (symbol == ")" || symbol == "]") && depth_ > 0 ? 1 : 0;
        add(Token::Kind::symbol, symbol.size());
        return {};
      }
    }
    return std::unexpected(
        ContractError{path_, position(),
                      fmt::format("'{}' is not a character of contracts: remove it", text_[at_])});
  }

  void end_line() {
    const bool goes_on = depth_ > 0 || tokens_.empty() ||
                         tokens_.back().kind == Token::Kind::end_of_line ||
                         (tokens_.back().kind != Token::Kind::template_line &&
                          std::ranges::find(open_ended, tokens_.back().text) != open_ended.end());
    if (!goes_on) {
      add(Token::Kind::end_of_line, 0);
    }
  }

  void add(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, std::string(text_.substr(at_, length)), 0, position(), at_});
    at_ += length;
  }

  Position position() const { return {line_, at_ - line_start_ + 1}; }

  std::string_view text_;
  std::string path_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  int depth_ = 0;
};

}  // namespace

std::expected<std::vector<Token>, ContractError> tokenize(std::string_view text,
                                                          const std::string& path) {
  return Tokenizer(text, path).run();
}

}  // namespace fiberproof::verify
