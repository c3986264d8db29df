// One line of a Program's text: its words in turn, and an error at a word.
#pragma once

#include "fuzz/program/parse_error.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

using Checked = std::expected<void, ParseError>;
template <class T>
using Read = std::expected<T, ParseError>;

/// The words of one line, and how far they have been read.
class Line {
 public:
  /// `text` may end in a comment, which is no word. `number` counts lines from 1.
  Line(std::string_view text, std::size_t number);

  bool at_end() const { return position_ == text_.size(); }
  std::size_t line_number() const { return number_; }

  /// The next word; empty at the end.
  std::string_view next();

  /// An error at the word that was read last.
  std::unexpected<ParseError> wrong(std::string message) const;

  Checked expect_word(std::string_view wanted);
  Checked expect_end();

  /// A decimal number without leading zeros.
  Read<std::uint64_t> number(std::uint64_t min, std::uint64_t max);

  /// A name such as s3: the letter and an index below `bound`.
  Read<std::uint8_t> name(char letter, std::size_t bound);

 private:
  void skip_blanks();
  Read<std::uint64_t> number_in(std::string_view word, std::uint64_t min, std::uint64_t max) const;

  std::string_view text_;
  std::size_t number_;
  std::size_t position_ = 0;
  std::size_t word_start_ = 0;
};

}  // namespace fiberproof::fuzz
