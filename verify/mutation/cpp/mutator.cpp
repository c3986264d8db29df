#include "verify/mutation/cpp/mutator.hpp"

#include "verify/mutation/cpp/statements.hpp"
#include "verify/mutation/cpp/tokens.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = SourceToken::Kind;
using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<Pair, 8> partners{{{"==", "!="},
                                        {"<", "<="},
                                        {">", ">="},
                                        {"+", "-"},
                                        {"+=", "-="},
                                        {"&&", "||"},
                                        {"true", "false"},
                                        {"++", "--"}}};
constexpr std::array<std::string_view, 6> states{"fresh",     "running",  "parent",
                                                 "suspended", "returned", "trapped"};

std::string_view partner_of(std::string_view mark) {
  for (const auto& [one, other] : partners) {
    if (mark == one) return other;
    if (mark == other) return one;
  }
  return {};
}

// Another value for an integer literal; empty for other tokens.
std::string another_number(std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : 10;
  const std::string_view digits = text.substr(base == 16 ? 2 : 0);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const std::string_view suffix = digits.substr(static_cast<std::size_t>(end - digits.data()));
  if (error != std::errc{} || suffix.find_first_not_of("uUlLzZ") != suffix.npos) return {};
  return fmt::format("{}{}", value == 1 ? 0 : value + 1, suffix);
}

class Mutator {
 public:
  Mutator(std::string_view file, std::string_view text)
      : file_(file), text_(text), tokens_(tokens_of(text)), statements_(statements_of(tokens_)) {}

  SourceMutants make() {
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (statements_.is_left_alone(at) || tokens_[at].is_angled) continue;
      mutate_statement(at);
      mutate_condition(at);
      mutate_token(at);
    }
    return {std::move(mutants_), statements_.checks};
  }

 private:
  const SourceToken* before(std::size_t at) const { return at == 0 ? nullptr : &tokens_[at - 1]; }

  void mutate_statement(std::size_t at) {
    const auto last = statements_.expressions.find(at);
    if (last == statements_.expressions.end()) return;
    const std::size_t begin = tokens_[at].begin;
    add(begin, tokens_[last->second].end() - begin, ";", "statement deleted");
  }

  void mutate_condition(std::size_t at) {
    const auto last = statements_.conditions.find(at);
    if (last == statements_.conditions.end()) return;
    const std::size_t begin = tokens_[at].begin;
    const std::size_t length = tokens_[last->second].end() - begin;
    add(begin, length, fmt::format("!({})", text_.substr(begin, length)), "condition negated");
  }

  void mutate_token(std::size_t at) {
    const SourceToken& token = tokens_[at];
    if (at != 0 && tokens_[at - 1].is("operator")) return;
    if (token.kind == Kind::number) {
      if (const std::string other = another_number(token.text); !other.empty()) replace(at, other);
    } else if (token.kind == Kind::name && at >= 2 && tokens_[at - 1].is("::") &&
               tokens_[at - 2].is("State")) {
      const auto state = std::ranges::find(states, token.text);
      if (state != states.end()) {
        replace(at, state + 1 == states.end() ? states.front() : *(state + 1));
      }
    } else if (token.is("!")) {
      add(token.begin, 1, "", "`!` dropped");
    } else if (token.is("++") || token.is("--")) {
      replace(at, partner_of(token.text));
      add(token.begin, 2, "", fmt::format("`{}` dropped", token.text));
    } else if (const auto other = partner_of(token.text); !other.empty() && is_operator(at)) {
      replace(at, other);
    }
  }

  // A sign, or the && of a reference, is no binary operator.
  bool is_operator(std::size_t at) const {
    const SourceToken& token = tokens_[at];
    if (token.kind == Kind::name) return true;
    const SourceToken* const left = before(at);
    if (left == nullptr || left->end() == token.begin) return false;
    const bool ends_operand = left->kind != Kind::mark || left->is(")") || left->is("]") ||
                              left->is("}") || left->is(">");
    return ends_operand && !left->is("return") && !left->is("case");
  }

  void replace(std::size_t at, std::string_view other) {
    const SourceToken& token = tokens_[at];
    add(token.begin, token.text.size(), std::string(other),
        fmt::format("`{}` becomes `{}`", token.text, other));
  }

  void add(std::size_t begin, std::size_t length, std::string replacement, std::string what) {
    const std::size_t before = text_.rfind('\n', begin);
    const std::size_t line_begin = begin == 0 || before == text_.npos ? 0 : before + 1;
    std::string_view line = text_.substr(line_begin, text_.find('\n', begin) - line_begin);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    SourceMutant mutant;
    mutant.file = file_;
    mutant.line = static_cast<std::size_t>(std::ranges::count(text_.substr(0, begin), '\n')) + 1;
    mutant.column = begin - line_begin + 1;
    mutant.key = fmt::format("{}: {}: {}", file_, line, what);
    mutant.key += fmt::format(", {}", ++occurrences_[mutant.key]);
    mutant.what = std::move(what);
    mutant.begin = begin;
    mutant.length = length;
    mutant.replacement = std::move(replacement);
    mutants_.push_back(std::move(mutant));
  }

  std::string file_;
  std::string_view text_;
  std::vector<SourceToken> tokens_;
  Statements statements_;
  std::map<std::string, unsigned> occurrences_;
  std::vector<SourceMutant> mutants_;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string SourceMutant::name() const {
  return fmt::format("{}:{}:{}: {}", file, line, column, what);
}

SourceMutants mutants_of(std::string_view file, std::string_view text) {
  return Mutator(file, text).make();
}

std::string mutated(const SourceMutant& mutant, std::string_view text) {
  return std::string(text.substr(0, mutant.begin)) + mutant.replacement +
         std::string(text.substr(mutant.begin + mutant.length));
}

std::string diff_of(const SourceMutant& mutant, std::string_view text) {
  constexpr std::size_t around = 3;
  const auto before = lines_of(text);
  const auto after = lines_of(mutated(mutant, text));
  const std::size_t first = mutant.line - 1;
  const std::string_view gone = text.substr(mutant.begin, mutant.length);
  const auto breaks = [](std::string_view part) {
    return static_cast<std::size_t>(std::ranges::count(part, '\n'));
  };
  const std::size_t old_lines = 1 + breaks(gone);
  const std::size_t new_lines = 1 + breaks(mutant.replacement);
  const std::size_t begin = first - std::min(first, around);
  const std::size_t end = std::min(first + old_lines + around, before.size());
  std::string diff = fmt::format("--- a/{0}\n+++ b/{0}\n@@ -{1},{2} +{1},{3} @@\n", mutant.file,
                                 begin + 1, end - begin, end - begin + new_lines - old_lines);
  for (std::size_t at = begin; at < first; ++at) diff += " " + before[at] + "\n";
  for (std::size_t at = 0; at < old_lines; ++at) diff += "-" + before[first + at] + "\n";
  for (std::size_t at = 0; at < new_lines; ++at) diff += "+" + after[first + at] + "\n";
  for (std::size_t at = first + old_lines; at < end; ++at) diff += " " + before[at] + "\n";
  return diff;
}

}  // namespace fiberproof::verify
