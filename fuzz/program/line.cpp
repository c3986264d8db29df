#include "fuzz/program/line.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

namespace fiberproof::fuzz {
namespace {

bool is_blank(char character) {
  return character == ' ' || character == '\t';
}

}  // namespace

Line::Line(std::string_view text, std::size_t number)
    : text_(text.substr(0, text.find('#'))), number_(number) {
  skip_blanks();
}

std::string_view Line::next() {
  word_start_ = position_;
  while (position_ < text_.size() && !is_blank(text_[position_])) {
    ++position_;
  }
  const std::string_view word = text_.substr(word_start_, position_ - word_start_);
  skip_blanks();
  return word;
}

std::unexpected<ParseError> Line::wrong(std::string message) const {
  return std::unexpected(ParseError{number_, word_start_ + 1, std::move(message)});
}

Checked Line::expect_word(std::string_view wanted) {
  const std::string_view word = next();
  if (word != wanted) {
    return wrong(fmt::format("expected '{}', got '{}'", wanted, word));
  }
  return {};
}

Checked Line::expect_end() {
  if (!at_end()) {
    const std::string_view word = next();
    return wrong(fmt::format("nothing may follow here, got '{}'", word));
  }
  return {};
}

Read<std::uint64_t> Line::number(std::uint64_t min, std::uint64_t max) {
  return number_in(next(), min, max);
}

Read<std::uint8_t> Line::name(char letter, std::size_t bound) {
  const std::string_view word = next();
  if (word.empty() || word.front() != letter) {
    return wrong(fmt::format("expected a name such as {}0, got '{}'", letter, word));
  }
  const auto index = number_in(word.substr(1), 0, bound - 1);
  if (!index) {
    return std::unexpected(index.error());
  }
  return static_cast<std::uint8_t>(*index);
}

void Line::skip_blanks() {
  while (position_ < text_.size() && is_blank(text_[position_])) {
    ++position_;
  }
}

Read<std::uint64_t> Line::number_in(std::string_view word, std::uint64_t min,
                                    std::uint64_t max) const {
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  const bool canonical = word.size() == 1 || (!word.empty() && word.front() != '0');
  if (error != std::errc{} || stop != end || !canonical || value < min || value > max) {
    return wrong(fmt::format("expected a number from {} to {}, got '{}'", min, max, word));
  }
  return value;
}

}  // namespace fiberproof::fuzz
