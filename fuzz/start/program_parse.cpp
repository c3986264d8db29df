// The parser of Program text: one line at a time, one sentence for the first thing that is wrong.
#include "fuzz/program/line.hpp"
#include "fuzz/program/text.hpp"
#include "fuzz/start/stack_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
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
    const auto statement = [this](std::string_view keyword, Line& line) -> Read<bool> {
      const Checked checked = parse_statement(keyword, line);
      return checked ? Read<bool>(part_ == Part::ended) : std::unexpected(checked.error());
    };
    const Checked checked = parse_lines(text_, magic_line, statement);
    return checked ? check_names() : checked;
  }

 private:
  enum class Part { header, function, main, ended };

  Checked parse_statement(std::string_view keyword, Line& line) {
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
    const auto expect = read_expectation(line);
    if (!expect) {
      return std::unexpected(expect.error());
    }
    program_.expect = *expect;
    return {};
  }

  Checked parse_stack(Line& line) {
    if (const Checked name =
            expect_next_name(line, 's', "stack", program_.stacks.size(), stacks_max);
        !name) {
      return name;
    }
    const auto shape = read_stack_shape(line, program_stack_terms);
    if (!shape) {
      return std::unexpected(shape.error());
    }
    program_.stacks.push_back(*shape);
    return {};
  }

  Checked begin_part(std::string_view keyword, Line& line) {
    if (keyword == "main") {
      part_ = Part::main;
      return {};
    }
    if (const Checked name =
            expect_next_name(line, 'f', "function", program_.functions.size(), functions_max);
        !name) {
      return name;
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
      return line.wrong("the function has already ended in return, trap, throw or overrun");
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
    } else if (keyword == "return") {
      step.kind = Step::Kind::return_;
    } else if (keyword == "trap") {
      step.kind = Step::Kind::trap;
    } else if (keyword == "throw") {
      step.kind = Step::Kind::throw_;
    } else if (keyword == "overrun") {
      step.kind = Step::Kind::overrun;
      line_of_overrun_ = line.line_number();
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
      line_of_function_last_named_ = line.line_number();
    }
    return {};
  }

  /// Functions may be named before they are declared, so this comes last.
  Checked check_names() const {
    if (line_of_function_last_named_ != 0 && function_last_named_ >= program_.functions.size()) {
      return std::unexpected(
          ParseError{line_of_function_last_named_, 1,
                     fmt::format("there is no function f{}", function_last_named_)});
    }
    const bool supplied = std::any_of(
        program_.stacks.begin(), program_.stacks.end(),
        [](const StackShape& stack) { return stack.kind == StackShape::Kind::supplied; });
    if (line_of_overrun_ != 0 && supplied) {
      return std::unexpected(ParseError{line_of_overrun_, 1,
                                        "only mapped stacks may be declared where one is overrun"});
    }
    return {};
  }

  std::string_view text_;
  Program& program_;
  Part part_ = Part::header;
  std::size_t function_last_named_ = 0;
  std::size_t line_of_function_last_named_ = 0;
  std::size_t line_of_overrun_ = 0;
};

}  // namespace

bool has_program_magic(std::string_view text) {
  return text.starts_with(magic_line);
}

std::expected<void, ParseError> parse(std::string_view text, Program& program) {
  return Parser(text, program).parse();
}

}  // namespace fiberproof::fuzz
