#include "fuzz/program/text.hpp"

#include "fuzz/program/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace fiberproof::fuzz {
namespace {

std::unexpected<ParseError> at(std::size_t line, std::size_t column, std::string message) {
  return std::unexpected(ParseError{line, column, std::move(message)});
}

Checked check_characters(std::string_view text, std::size_t line_number) {
  const std::size_t comment = text.find('#');
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (byte == '\r') {
      return at(line_number, index + 1, "a CR without LF; lines end in LF or in CR LF");
    }
    if ((byte < ' ' && byte != '\t') || byte == 0x7f || (byte >= 0x80 && index < comment)) {
      return at(line_number, index + 1, fmt::format("byte 0x{:02x} is not text", byte));
    }
  }
  return {};
}

/// A line as it stands before LF.
std::string_view without_line_end(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

std::string_view without_blanks_behind(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

/// For a first line that is not `magic_line`.
std::string message_for_first_line(std::string_view line) {
  if (line == "fiberproof machine-program 1") {
    return fmt::format(
        "a text of the language before this one; change its first line to '{}', the rest is as it "
        "was",
        magic_line);
  }
  if (line == "fiberproof program 1") {
    return fmt::format(
        "a text of the older language of nested functions; write '{}', and its steps in the order "
        "in which they are taken: 'resume' is 'start', 'suspend' is 'yield', 'mapped' is 'pooled', "
        "'revision' is 'trampoline'",
        magic_line);
  }
  return fmt::format("the first line is not '{}'", magic_line);
}

/// One line after the first; `ended` says whether `end` has been seen.
Checked parse_line(std::string_view text, std::size_t line_number, const Statement& statement,
                   bool& ended) {
  if (const Checked checked = check_characters(text, line_number); !checked) {
    return checked;
  }
  Line line(text, line_number);
  if (line.at_end()) {
    return {};
  }
  const std::string_view keyword = line.next();
  if (ended) {
    return line.wrong("nothing may follow the line 'end'");
  }
  const Read<bool> last = statement(keyword, line);
  if (!last) {
    return std::unexpected(last.error());
  }
  ended = *last;
  return line.expect_end();
}

}  // namespace

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
         (text.size() > 1 && (text[0] == '\0') != (text[1] == '\0'));
}

Checked parse_lines(std::string_view text, const Statement& statement) {
  if (is_utf16(text)) {
    return at(1, 1, "the text is UTF-16; save it as UTF-8");
  }
  text = without_mark(text);
  if (text.empty()) {
    return at(1, 1, "the text is empty");
  }
  if (text.size() > program_text_bytes_max) {
    return at(1, 1,
              fmt::format("the text has {} bytes, at most {} are read", text.size(),
                          program_text_bytes_max));
  }
  bool ended = false;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = without_line_end(text.substr(0, length));
    if (line_number == 1 && without_blanks_behind(line) != magic_line) {
      if (const Checked checked = check_characters(line, line_number); !checked) {
        return checked;
      }
      return at(1, 1, message_for_first_line(without_blanks_behind(line)));
    }
    if (line_number > 1) {
      if (const Checked checked = parse_line(line, line_number, statement, ended); !checked) {
        return checked;
      }
    }
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  if (!ended) {
    return at(line_number + 1, 1, "the text ends here, before a line 'end'");
  }
  return {};
}

Read<Expectation> read_expectation(Line& line) {
  const std::string_view word = line.next();
  if (word == "pass") {
    return Expectation{};
  }
  if (word == "trap-reported-as-return") {
    return Expectation{.kind = Expectation::Kind::trap_reported_as_return};
  }
  if (word == "stack-overflow") {
    return Expectation{.kind = Expectation::Kind::stack_overflow};
  }
  if (word == "trespass") {
    return Expectation{.kind = Expectation::Kind::trespass};
  }
  if (word == "fault") {
    return Expectation{.kind = Expectation::Kind::fault};
  }
  if (word != "violation" && word != "check") {
    return line.wrong(
        fmt::format("expected 'pass', 'trap-reported-as-return', 'stack-overflow', 'trespass', "
                    "'fault', 'violation' or 'check', got '{}'",
                    word));
  }
  const std::string_view name = line.next();
  const std::optional<SpecId> id = spec_id_of(name);
  if (!id) {
    return line.wrong(fmt::format("'{}' is no rule that an oracle checks", name));
  }
  return Expectation{word == "check" ? Expectation::Kind::check : Expectation::Kind::violation,
                     *id};
}

Checked expect_next_name(Line& line, char letter, std::string_view what, std::size_t declared,
                         std::size_t bound) {
  const auto index = line.name(letter, bound);
  if (!index) {
    return std::unexpected(index.error());
  }
  if (*index != declared) {
    return line.wrong(fmt::format("the next {} is {}{}", what, letter, declared));
  }
  return {};
}

Read<StackShape> read_stack_shape(Line& line) {
  const std::string_view kind = line.next();
  if (kind == "beyond") {
    const auto bits = line.number(program_bounds::beyond_bits_min, program_bounds::beyond_bits_max);
    if (!bits) {
      return std::unexpected(bits.error());
    }
    return stack_beyond(static_cast<std::uint32_t>(*bits));
  }
  if (kind != "pooled" && kind != "supplied") {
    return line.wrong(fmt::format("expected 'pooled', 'supplied' or 'beyond', got '{}'", kind));
  }
  const bool supplied = kind == "supplied";
  const auto bytes = line.number(
      supplied ? 0 : 1, supplied ? program_bounds::supplied_bytes : program_bounds::pooled_bytes);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  StackShape shape = {supplied ? StackShape::Kind::supplied : StackShape::Kind::mapped, 0, *bytes};
  if (supplied && !line.at_end()) {
    if (const Checked word = line.expect_word("offset"); !word) {
      return std::unexpected(word.error());
    }
    const auto offset = line.number(0, supplied_offset_max);
    if (!offset) {
      return std::unexpected(offset.error());
    }
    shape.offset = static_cast<std::uint32_t>(*offset);
  }
  return shape;
}

std::string print(const StackShape& shape) {
  if (is_beyond(shape)) {
    return fmt::format("beyond {}", std::bit_width(shape.bytes));
  }
  if (shape.kind == StackShape::Kind::mapped) {
    return fmt::format("pooled {}", shape.bytes);
  }
  return shape.offset == 0 ? fmt::format("supplied {}", shape.bytes)
                           : fmt::format("supplied {} offset {}", shape.bytes, shape.offset);
}

}  // namespace fiberproof::fuzz
