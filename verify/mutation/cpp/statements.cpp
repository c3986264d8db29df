#include "verify/mutation/cpp/statements.hpp"

#include <algorithm>
#include <array>

namespace fiberproof::verify {
namespace {

using Kind = SourceToken::Kind;

// An expression statement begins with none of these.
constexpr std::array<std::string_view, 37> other_statements{
    "alignas",   "asm",      "auto",     "break",     "case",   "class",   "const",
    "constexpr", "continue", "default",  "do",        "else",   "enum",    "explicit",
    "extern",    "for",      "friend",   "goto",      "if",     "inline",  "namespace",
    "operator",  "private",  "public",   "protected", "return", "static",  "static_assert",
    "struct",    "switch",   "template", "throw",     "try",    "typedef", "using",
    "virtual",   "while"};

template <std::size_t size>
bool is_one_of(const SourceToken& token, const std::array<std::string_view, size>& words) {
  return std::ranges::find(words, token.text) != words.end();
}

class Finder {
 public:
  explicit Finder(std::span<const SourceToken> tokens) : tokens_(tokens), partner_(tokens.size()) {
    statements_.left_alone.resize(tokens.size());
  }

  Statements find() {
    pair_brackets();
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      follow(at);
      if (begins_what_is_left_alone(at)) {
        statements_.checks += tokens_[at].is("FIBER_CHECK") ? 1 : 0;
        for (std::size_t of = at; of <= end_of_statement(at) && of < tokens_.size(); ++of) {
          statements_.left_alone[of] = true;
        }
      } else if (is_expression(at)) {
        statements_.expressions.emplace(at, end_of_statement(at));
      }
      if (tokens_[at].is("if") && has(at + 1, "(")) take_condition(at + 2, partner_[at + 1]);
    }
    return std::move(statements_);
  }

 private:
  bool has(std::size_t at, std::string_view mark) const {
    return at < tokens_.size() && tokens_[at].is(mark);
  }
  static bool opens(const SourceToken& token) {
    return token.is("(") || token.is("{") || token.is("[");
  }
  static bool closes(const SourceToken& token) {
    return token.is(")") || token.is("}") || token.is("]");
  }

  // Each bracket to the other of its pair.
  void pair_brackets() {
    std::vector<std::size_t> open;
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (opens(tokens_[at])) open.push_back(at);
      if (closes(tokens_[at]) && !open.empty()) {
        partner_[at] = open.back();
        partner_[open.back()] = at;
        open.pop_back();
      }
    }
    for (const std::size_t at : open) partner_[at] = tokens_.size();
  }

  void follow(std::size_t at) {
    if (opens(tokens_[at])) is_body_.push_back(tokens_[at].is("{") && begins_body(at));
    if (closes(tokens_[at]) && !is_body_.empty()) is_body_.pop_back();
  }

  bool begins_body(std::size_t at) const {
    constexpr std::array<std::string_view, 7> ends_of_heads{")",    "const", "noexcept", "override",
                                                            "else", "do",    "try"};
    if (at == 0) return false;
    if (is_one_of(tokens_[at - 1], ends_of_heads)) return true;
    // A block in a body.
    const bool is_in_body = !is_body_.empty() && is_body_.back();
    return is_in_body && is_after_statement(at);
  }

  // Whether a statement may begin here, in the innermost brackets.
  bool is_after_statement(std::size_t at) const {
    const SourceToken& before = tokens_[at - 1];
    if (before.is(";") || before.is("{") || before.is("}") || before.is("else") ||
        before.is("do")) {
      return true;
    }
    return before.is(")") && is_head(partner_[at - 1]);
  }

  // Whether the parenthesis belongs to `if` or the like.
  bool is_head(std::size_t open) const {
    constexpr std::array<std::string_view, 5> words{"if", "for", "while", "switch", "constexpr"};
    return open != 0 && is_one_of(tokens_[open - 1], words);
  }

  std::size_t end_of_statement(std::size_t at) const {
    for (; at < tokens_.size() && !tokens_[at].is(";"); ++at) {
      if (opens(tokens_[at])) at = std::min(partner_[at], tokens_.size() - 1);
    }
    return at;
  }

  bool begins_what_is_left_alone(std::size_t at) const {
    return tokens_[at].is("FIBER_CHECK") || tokens_[at].is("asm") ||
           tokens_[at].is("static_assert");
  }

  bool is_expression(std::size_t at) const {
    const SourceToken& token = tokens_[at];
    if (at == 0 || is_body_.empty() || !is_body_.back() || !is_after_statement(at)) return false;
    const bool begins = (token.kind == Kind::name && !is_one_of(token, other_statements)) ||
                        token.is("++") || token.is("--") || token.is("*") || token.is("(");
    return begins && !is_declaration(at) && end_of_statement(at) < tokens_.size();
  }

  // TYPE NAME: a type may be qualified, have template arguments, and a mark of pointers.
  bool is_declaration(std::size_t at) const {
    if (tokens_[at].kind != Kind::name) return false;
    ++at;
    while (at < tokens_.size() && (tokens_[at].is_angled || tokens_[at].is("::") ||
                                   (tokens_[at].kind == Kind::name && tokens_[at - 1].is("::")))) {
      ++at;
    }
    while (has(at, "*") || has(at, "&") || has(at, "&&") || has(at, "const")) ++at;
    return at < tokens_.size() && tokens_[at].kind == Kind::name;
  }

  void take_condition(std::size_t first, std::size_t close) {
    if (close >= tokens_.size()) return;
    bool joins = false;
    bool compares = false;
    bool assigns = false;
    for (std::size_t at = first; at < close; ++at) {
      if (opens(tokens_[at])) {
        at = partner_[at];
      } else if (tokens_[at].is(";")) {
        first = at + 1;
        joins = compares = assigns = false;
      } else {
        joins = joins || tokens_[at].is("&&") || tokens_[at].is("||");
        compares = compares || tokens_[at].is("==") || tokens_[at].is("!=");
        assigns = assigns || tokens_[at].is("=");
      }
    }
    if (assigns || first >= close || (!joins && (compares || tokens_[first].is("!")))) return;
    statements_.conditions.emplace(first, close - 1);
  }

  std::span<const SourceToken> tokens_;
  std::vector<std::size_t> partner_;
  std::vector<bool> is_body_;  ///< of the open brackets
  Statements statements_;
};

}  // namespace

Statements statements_of(std::span<const SourceToken> tokens) {
  return Finder(tokens).find();
}

}  // namespace fiberproof::verify
