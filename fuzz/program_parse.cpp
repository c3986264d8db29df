// The parser of Program text: one line at a time, one sentence for the first thing that is wrong.
// Any strict prefix of a Program is an error, since the line `end` is the last.
#include "fuzz/program_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr std::string_view magic_line = "fiberproof program 1";

bool is_header_word(std::string_view word) {
  return word == "expect" || word == "revision" || word == "depth" || word == "resumes" ||
         word == "stack";
}

/// Everything above the level of a line: which lines may come, and whether the whole fits together.
class Parser {
 public:
  Parser(std::string_view text, Program& program) : text_(text), program_(program) {}

  Checked parse() {
    program_.clear();
    if (text_.empty()) {
      return at(1, 1, "the text is empty");
    }
    if (text_.size() > program_text_bytes_max) {
      return at(1, 1, fmt::format("the text has {} bytes, at most {} are read", text_.size(),
                                  program_text_bytes_max));
    }
    while (!text_.empty()) {
      ++line_number_;
      const std::size_t length = std::min(text_.find('\n'), text_.size());
      const Checked checked = parse_line(text_.substr(0, length));
      if (!checked) {
        return checked;
      }
      text_.remove_prefix(std::min(length + 1, text_.size()));
    }
    if (part_ != Part::ended) {
      return at(line_number_ + 1, 1, "the text ends here, before a line 'end'");
    }
    return check_names();
  }

 private:
  enum class Part { first_line, header, function, main, ended };

  static std::unexpected<ParseError> at(std::size_t line, std::size_t column, std::string message) {
    return std::unexpected(ParseError{line, column, std::move(message)});
  }

  Checked parse_line(std::string_view text) {
    if (part_ == Part::first_line) {
      if (text != magic_line) {
        return at(1, 1, fmt::format("the first line is not '{}'", magic_line));
      }
      part_ = Part::header;
      return {};
    }
    if (const Checked checked = check_characters(text); !checked) {
      return checked;
    }
    Line line(text, line_number_);
    if (line.at_end()) {
      return {};
    }
    const std::string_view keyword = line.next();
    const Checked checked = parse_statement(keyword, line);
    return checked ? line.expect_end() : checked;
  }

  Checked check_characters(std::string_view text) const {
    const std::size_t comment = text.find('#');
    for (std::size_t index = 0; index < text.size(); ++index) {
      const auto byte = static_cast<unsigned char>(text[index]);
      if ((byte < ' ' && byte != '\t') || byte == 0x7f || (byte >= 0x80 && index < comment)) {
        return at(line_number_, index + 1, fmt::format("byte 0x{:02x} is not text", byte));
      }
    }
    return {};
  }

  Checked parse_statement(std::string_view keyword, Line& line) {
    if (part_ == Part::ended) {
      return line.wrong("nothing may follow the line 'end'");
    }
    if (part_ == Part::header && is_header_word(keyword)) {
      return parse_header(keyword, line);
    }
    if (part_ != Part::main && (keyword == "function" || keyword == "main")) {
      return part_ == Part::function && !function_is_complete()
                 ? line.wrong("the function above does not end in return, trap or throw")
                 : begin_part(keyword, line);
    }
    if (part_ == Part::main && keyword == "end") {
      if (program_.main.empty()) {
        return line.wrong("main has no step");
      }
      part_ = Part::ended;
      return {};
    }
    return part_ == Part::header ? line.wrong(fmt::format("unknown line '{}'", keyword))
                                 : parse_step(keyword, line);
  }

  Checked parse_header(std::string_view keyword, Line& line) {
    if (keyword == "expect") {
      return parse_expect(line);
    }
    if (keyword == "stack") {
      return parse_stack(line);
    }
    if (keyword == "revision") {
      const std::string_view word = line.next();
      if (word != "trap" && word != "v44") {
        return line.wrong(fmt::format("expected 'trap' or 'v44', got '{}'", word));
      }
      program_.revision =
          word == "trap" ? Program::StartRevision::trap : Program::StartRevision::v44;
      return {};
    }
    const bool is_depth = keyword == "depth";
    const auto number = line.number(1, is_depth ? depth_max : resumes_max);
    if (!number) {
      return std::unexpected(number.error());
    }
    (is_depth ? program_.depth : program_.resumes) = static_cast<std::uint32_t>(*number);
    return {};
  }

  Checked parse_expect(Line& line) {
    const std::string_view word = line.next();
    if (word == "pass") {
      program_.expect = {};
    } else if (word == "trap-reported-as-return") {
      program_.expect.kind = Expectation::Kind::trap_reported_as_return;
    } else if (word == "violation") {
      const std::string_view name = line.next();
      const std::optional<SpecId> id = spec_id_of(name);
      if (!id) {
        return line.wrong(fmt::format("'{}' is no rule that an oracle checks", name));
      }
      program_.expect = {Expectation::Kind::violation, *id};
    } else {
      return line.wrong(fmt::format(
          "expected 'pass', 'trap-reported-as-return' or 'violation', got '{}'", word));
    }
    return {};
  }

  Checked parse_stack(Line& line) {
    const auto index = line.name('s', stacks_max);
    if (!index) {
      return std::unexpected(index.error());
    }
    if (*index != program_.stacks.size()) {
      return line.wrong(fmt::format("the next stack is s{}", program_.stacks.size()));
    }
    StackShape shape;
    const std::string_view kind = line.next();
    if (kind != "mapped" && kind != "supplied") {
      return line.wrong(fmt::format("expected 'mapped' or 'supplied', got '{}'", kind));
    }
    const bool supplied = kind == "supplied";
    shape.kind = supplied ? StackShape::Kind::supplied : StackShape::Kind::mapped;
    const auto bytes = line.number(supplied ? supplied_bytes_min : 1,
                                   supplied ? supplied_bytes_max : mapped_bytes_max);
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    shape.bytes = *bytes;
    if (supplied && !line.at_end()) {
      if (const Checked word = line.expect_word("offset"); !word) {
        return word;
      }
      const auto offset = line.number(0, supplied_offset_max);
      if (!offset) {
        return std::unexpected(offset.error());
      }
      shape.offset = static_cast<std::uint32_t>(*offset);
    }
    program_.stacks.push_back(shape);
    return {};
  }

  Checked begin_part(std::string_view keyword, Line& line) {
    if (keyword == "main") {
      part_ = Part::main;
      return {};
    }
    const auto index = line.name('f', functions_max);
    if (!index) {
      return std::unexpected(index.error());
    }
    if (*index != program_.functions.size()) {
      return line.wrong(fmt::format("the next function is f{}", program_.functions.size()));
    }
    Function function;
    for (const auto& [word, count] :
         {std::pair{"params", &function.params}, std::pair{"returns", &function.returns}}) {
      if (const Checked checked = line.expect_word(word); !checked) {
        return checked;
      }
      const auto number = line.number(0, std::numeric_limits<std::uint32_t>::max());
      if (!number) {
        return std::unexpected(number.error());
      }
      *count = static_cast<std::uint32_t>(*number);
    }
    program_.functions.push_back(function);
    part_ = Part::function;
    return {};
  }

  bool function_is_complete() const {
    const auto& steps = program_.functions.back().steps;
    return !steps.empty() && ends_function(steps.back().kind);
  }

  Checked parse_step(std::string_view keyword, Line& line) {
    auto& steps = part_ == Part::main ? program_.main : program_.functions.back().steps;
    const bool in_main = part_ == Part::main;
    if (steps.full()) {
      return line.wrong(fmt::format("more than {} steps", steps_max));
    }
    if (!in_main && function_is_complete()) {
      return line.wrong("the function has already ended in return, trap or throw");
    }
    Step step;
    if (keyword == "initialize" || keyword == "resume") {
      step.kind = keyword == "resume" ? Step::Kind::resume : Step::Kind::initialize;
      if (const Checked checked = parse_operands(step, line); !checked) {
        return checked;
      }
    } else if (in_main) {
      return line.wrong(fmt::format("'{}' is no step of main", keyword));
    } else if (keyword == "suspend") {
      const auto index = line.number(0, std::numeric_limits<std::uint32_t>::max());
      if (!index) {
        return std::unexpected(index.error());
      }
      step.handler_index = static_cast<std::uint32_t>(*index);
      step.kind = Step::Kind::suspend;
      if (!line.at_end()) {
        if (const Checked word = line.expect_word("apart"); !word) {
          return word;
        }
        step.kind = Step::Kind::suspend_apart;
      }
    } else if (keyword == "return" || keyword == "trap" || keyword == "throw") {
      step.kind = keyword == "return" ? Step::Kind::return_
                  : keyword == "trap" ? Step::Kind::trap
                                      : Step::Kind::throw_;
    } else {
      return line.wrong(fmt::format("'{}' is no step of a function", keyword));
    }
    steps.push_back(step);
    return {};
  }

  Checked parse_operands(Step& step, Line& line) {
    const auto function = line.name('f', functions_max);
    if (!function) {
      return std::unexpected(function.error());
    }
    if (const Checked word = line.expect_word("on"); !word) {
      return word;
    }
    const auto stack = line.name('s', stacks_max);
    if (!stack) {
      return std::unexpected(stack.error());
    }
    if (*stack >= program_.stacks.size()) {
      return line.wrong(fmt::format("there is no stack s{}", *stack));
    }
    if (step.kind == Step::Kind::resume && program_.stacks[*stack].bytes > resumable_bytes_max) {
      return line.wrong(
          fmt::format("s{} is larger than the {} bytes that a continuation may run on", *stack,
                      resumable_bytes_max));
    }
    step.function = *function;
    step.stack = *stack;
    function_last_named_ = std::max<std::size_t>(function_last_named_, *function);
    if (function_last_named_ == *function) {
      line_of_function_last_named_ = line_number_;
    }
    return {};
  }

  /// Functions may be named before they are declared, so this comes last.
  Checked check_names() const {
    if (line_of_function_last_named_ != 0 && function_last_named_ >= program_.functions.size()) {
      return at(line_of_function_last_named_, 1,
                fmt::format("there is no function f{}", function_last_named_));
    }
    return {};
  }

  std::string_view text_;
  Program& program_;
  Part part_ = Part::first_line;
  std::size_t line_number_ = 0;
  std::size_t function_last_named_ = 0;
  std::size_t line_of_function_last_named_ = 0;
};

}  // namespace

bool has_program_magic(std::string_view text) { return text.starts_with(magic_line); }

std::expected<void, ParseError> parse(std::string_view text, Program& program) {
  return Parser(text, program).parse();
}

}  // namespace fiberproof::fuzz
