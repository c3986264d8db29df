// The parser of Program text: first what is declared, then `steps`, each with the fields
// that its kind has, then `end`. What a step names must have been declared, so an error stands at
// the word that is wrong.
#include "fuzz/program/form.hpp"
#include "fuzz/program/line.hpp"
#include "fuzz/program/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace fiberproof::fuzz {
namespace {

/// The words that follow name the chain, and its damage if it has one.
Step::Kind kind_of_walk(Line line) {
  using Kind = Step::Kind;
  if (line.at_end()) {
    return Kind::walk;
  }
  if (line.next() == "broken") {
    return Kind::walk_broken;
  }
  return line.at_end() ? Kind::walk_suspended : Kind::walk_suspended_broken;
}

Step::Kind kind_of_yield(Line line) {
  line.next();
  return line.at_end() ? Step::Kind::yield : Step::Kind::yield_apart;
}

Step::Kind kind_of_enter(const Line& line) {
  return line.at_end() ? Step::Kind::enter : Step::Kind::enter_other;
}

std::optional<Step::Kind> kind_of(std::string_view keyword, const Line& line) {
  for (std::size_t index = 0; index < Step::kinds; ++index) {
    const auto kind = static_cast<Step::Kind>(index);
    if (form_of(kind).word == keyword) {
      return kind == Step::Kind::walk    ? kind_of_walk(line)
             : kind == Step::Kind::yield ? kind_of_yield(line)
             : kind == Step::Kind::enter ? kind_of_enter(line)
                                         : kind;
    }
  }
  return std::nullopt;
}

/// Puts what was read into `field`, or passes the error on.
template <class T, class Field>
Checked keep(const Read<T>& read, Field& field) {
  if (!read) {
    return std::unexpected(read.error());
  }
  field = static_cast<Field>(*read);
  return {};
}

class Parser {
 public:
  explicit Parser(Program& program) : program_(program) {}

  Checked parse(std::string_view text) {
    program_.clear();
    return parse_lines(text, [this](std::string_view keyword, Line& line) -> Read<bool> {
      const Checked checked = parse_statement(keyword, line);
      if (!checked) {
        return std::unexpected(checked.error());
      }
      return part_ == Part::ended;
    });
  }

 private:
  enum class Part { header, steps, ended };

  Checked parse_statement(std::string_view keyword, Line& line) {
    if (part_ == Part::header) {
      return keyword == "steps" ? begin_steps(line) : parse_declaration(keyword, line);
    }
    if (keyword == "end") {
      part_ = Part::ended;
      return {};
    }
    return parse_step(keyword, line);
  }

  Checked begin_steps(const Line& line) {
    if (program_.stacks.empty() || program_.functions.empty()) {
      return line.wrong(
          fmt::format("no {} was declared", program_.stacks.empty() ? "stack" : "function"));
    }
    part_ = Part::steps;
    return {};
  }

  Checked parse_declaration(std::string_view keyword, Line& line) {
    if (keyword == "expect") {
      return keep(read_expectation(line), program_.expect);
    }
    if (keyword == "trampoline") {
      return parse_trampoline(line);
    }
    if (keyword == "values") {
      return parse_values(line);
    }
    if (keyword == "handles") {
      return parse_handles(line);
    }
    if (keyword == "instances") {
      return keep(line.number(1, program_bounds::instances), program_.instances);
    }
    if (keyword == "numbers") {
      return keep(line.number(0, program_bounds::counted_before), program_.numbers);
    }
    if (keyword == "revisions") {
      return keep(line.number(0, program_bounds::counted_before), program_.revisions);
    }
    if (keyword == "stack") {
      return parse_stack(line);
    }
    if (keyword == "function") {
      return parse_function(line);
    }
    if (keyword == "tags") {
      return keep(line.number(1, program_bounds::tags), program_.tags);
    }
    return line.wrong(fmt::format("unknown line '{}'", keyword));
  }

  Checked parse_trampoline(Line& line) {
    const std::string_view word = line.next();
    if (word != "trap" && word != "v44") {
      return line.wrong(fmt::format("expected 'trap' or 'v44', got '{}'", word));
    }
    program_.trampoline = word == "trap" ? Trampoline::trap : Trampoline::v44;
    return {};
  }

  Checked parse_values(Line& line) {
    program_.values.clear();
    do {
      const std::string_view word = line.next();
      const std::optional<ValueType> type = value_type_of(word);
      if (!type) {
        return line.wrong(fmt::format("expected a type of values, got '{}'; the types are {}", word,
                                      fmt::join(detail::value_type_words, " ")));
      }
      if (program_.values.full()) {
        return line.wrong(
            fmt::format("more than {} types after 'values'", program_bounds::value_types));
      }
      program_.values.push_back(*type);
    } while (!line.at_end());
    return {};
  }

  Checked parse_handles(Line& line) {
    const std::string_view word = line.next();
    const std::optional<HandlePlace> place = handle_place_of(word);
    if (!place) {
      return line.wrong(fmt::format("expected 'globals', 'tables' or 'passed', got '{}'", word));
    }
    program_.handles = *place;
    return {};
  }

  Checked parse_stack(Line& line) {
    StackShape stack;
    Checked checked =
        expect_next_name(line, 's', "stack", program_.stacks.size(), program_bounds::stacks);
    if (checked) {
      checked = keep(read_stack_shape(line), stack);
    }
    if (checked) {
      program_.stacks.push_back(stack);
    }
    return checked;
  }

  Checked parse_function(Line& line) {
    Signature function;
    Checked checked = expect_next_name(line, 'f', "function", program_.functions.size(),
                                       program_bounds::functions);
    for (const auto& [word, count] :
         {std::pair{"params", &function.params}, std::pair{"returns", &function.returns}}) {
      if (checked) {
        checked = parse_number_after(word, line, std::numeric_limits<std::uint32_t>::max(), *count);
      }
    }
    if (checked) {
      program_.functions.push_back(function);
    }
    return checked;
  }

  Checked parse_step(std::string_view keyword, Line& line) {
    if (program_.steps.full()) {
      return line.wrong(fmt::format("more than {} steps", program_bounds::steps));
    }
    const std::optional<Step::Kind> kind = kind_of(keyword, line);
    if (!kind) {
      return line.wrong(fmt::format("'{}' is no step", keyword));
    }
    if (*kind == Step::Kind::repeat && program_.steps.empty()) {
      return line.wrong("no step before this one can be repeated");
    }
    Step step;
    step.kind = *kind;
    for (std::size_t index = 0; index < step_fields; ++index) {
      const auto field = static_cast<StepField>(index);
      if (!form_of(*kind).has(field)) {
        continue;
      }
      if (const Checked checked = parse_field(field, step, line); !checked) {
        return checked;
      }
    }
    program_.steps.push_back(step);
    return {};
  }

  Checked parse_field(StepField field, Step& step, Line& line) {
    const StepForm& form = form_of(step.kind);
    switch (field) {
      case StepField::handle: return keep(line.name('h', program_bounds::handles), step.handle);
      case StepField::function: return parse_function_name(step, line);
      case StepField::body: return keep(read_function(line), step.function);
      case StepField::stack: return parse_stack_name(step, line);
      case StepField::tag: return keep(read_tag(line), step.tag);
      case StepField::values: return keep(line.number(0, form.values_max), step.values);
      case StepField::room:
        return parse_number_after("room", line, program_bounds::values_across, step.room);
      case StepField::to: return parse_to(step, line);
      case StepField::before: return parse_before(step, line);
      case StepField::suspends: return parse_clauses("suspends", line, step.suspends);
      case StepField::switches: return parse_clauses("switches", line, step.switches);
      case StepField::length: return keep(line.number(1, program_.steps.size()), step.length);
      case StepField::count: return keep(line.number(1, form.count_max), step.count);
      case StepField::index:
        return keep(line.number(0, std::numeric_limits<std::uint32_t>::max()), step.index);
      case StepField::apart: return line.expect_word("apart");
      case StepField::other: return line.expect_word("other");
      case StepField::damage: return parse_damage(step, line);
    }
    return {};
  }

  template <class Field>
  static Checked parse_number_after(std::string_view word, Line& line, std::uint64_t max,
                                    Field& field) {
    const Checked checked = line.expect_word(word);
    return checked ? keep(line.number(0, max), field) : checked;
  }

  Checked parse_function_name(Step& step, Line& line) const {
    Line after_null = line;
    if (after_null.next() == "null") {
      line = after_null;
      step.function = Step::null_function;
      return {};
    }
    return keep(read_function(line), step.function);
  }

  Read<std::uint8_t> read_function(Line& line) const {
    return read_declared(line, 'f', "function", program_bounds::functions,
                         program_.functions.size());
  }

  Checked parse_stack_name(Step& step, Line& line) const {
    const Checked checked = line.expect_word("on");
    return checked ? keep(read_declared(line, 's', "stack", program_bounds::stacks,
                                        program_.stacks.size()),
                          step.stack)
                   : checked;
  }

  static Checked parse_to(Step& step, Line& line) {
    const Checked checked = line.expect_word("to");
    return checked ? keep(line.name('h', program_bounds::handles), step.to) : checked;
  }

  static Checked parse_before(Step& step, Line& line) {
    Line after_word = line;
    if (after_word.next() != "after") {
      return {};
    }
    line = after_word;
    return keep(line.number(1, program_bounds::clauses_before), step.before);
  }

  static Checked parse_damage(Step& step, Line& line) {
    if (const Checked checked = line.expect_word("broken"); !checked) {
      return checked;
    }
    const std::string_view word = line.next();
    const auto* const found = std::find(damage_words.begin(), damage_words.end(), word);
    if (found == damage_words.end()) {
      return line.wrong(fmt::format("'{}' is no damage of a chain", word));
    }
    step.damage = static_cast<Damage>(found - damage_words.begin());
    return {};
  }

  Read<std::uint8_t> read_tag(Line& line) const {
    return read_declared(line, 't', "tag", program_bounds::tags, program_.tags);
  }

  /// The tags after `word`, at least one, if that is what comes next.
  template <std::size_t bound>
  Checked parse_clauses(std::string_view word, Line& line,
                        BoundedList<std::uint8_t, bound>& tags) const {
    Line after_word = line;
    if (after_word.next() != word) {
      return {};
    }
    line = after_word;
    do {
      const Read<std::uint8_t> tag = read_tag(line);
      if (!tag) {
        return std::unexpected(tag.error());
      }
      if (tags.full()) {
        return line.wrong(fmt::format("more than {} tags after '{}'", bound, word));
      }
      tags.push_back(*tag);
      after_word = line;
    } while (after_word.next().starts_with('t'));
    return {};
  }

  static Read<std::uint8_t> read_declared(Line& line, char letter, std::string_view what,
                                          std::size_t bound, std::size_t declared) {
    Read<std::uint8_t> index = line.name(letter, bound);
    if (index && *index >= declared) {
      return line.wrong(fmt::format("there is no {} {}{}", what, letter, *index));
    }
    return index;
  }

  Program& program_;
  Part part_ = Part::header;
};

}  // namespace

bool has_program_magic(std::string_view text) {
  // Looked at first, since an engine's comparison of strings is slow, and most inputs are bytes.
  if (text.empty() || (text.front() != 'f' && text.front() != '\xef')) {
    return false;
  }
  text = without_mark(text);
  return text.starts_with("fiberproof program ") || text.starts_with("fiberproof machine-program ");
}

std::expected<void, ParseError> parse(std::string_view text, Program& program) {
  return Parser(program).parse(text);
}

}  // namespace fiberproof::fuzz
