#include "verify/mutation/cpp/tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace fiberproof::verify {
namespace {

// Longer ones first.
constexpr std::array<std::string_view, 26> long_marks{
    "<<=", ">>=", "<=>", "->*", "...", "::", "->", "++", "--", "<<", "<=", ">=", "==",
    "!=",  "&&",  "||",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", ".*", "##"};

bool is_of_name(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

bool is_digit(char letter) {
  return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<SourceToken> read() {
    while (at_ < text_.size()) step();
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  void step() {
    const char letter = text_[at_];
    if (letter == '\n') is_at_line_begin_ = true;
    if (std::isspace(static_cast<unsigned char>(letter)) != 0) {
      ++at_;
    } else if (letter == '#' && is_at_line_begin_) {
      skip_directive();
    } else if (rest().starts_with("//")) {
      skip_to("\n", 0);
    } else if (rest().starts_with("/*")) {
      skip_to("*/", 2);
    } else if (rest().starts_with("[[")) {
      skip_to("]]", 2);
    } else {
      is_at_line_begin_ = false;
      take();
    }
  }

  void skip_to(std::string_view end, std::size_t past) {
    const std::size_t found = text_.find(end, at_);
    at_ = found == text_.npos ? text_.size() : found + past;
  }

  void skip_directive() {
    do {
      skip_to("\n", 1);
    } while (at_ >= 2 && at_ < text_.size() && text_[at_ - 2] == '\\');
  }

  void take() {
    const char letter = text_[at_];
    if (letter == '"' || letter == '\'') {
      add(SourceToken::Kind::quoted, length_of_quoted(letter));
    } else if (is_digit(letter)) {
      add(SourceToken::Kind::number,
          length_while([](char next) { return is_of_name(next) || next == '\'' || next == '.'; }));
    } else if (is_of_name(letter)) {
      take_name();
    } else {
      take_mark();
    }
  }

  template <class Wanted>
  std::size_t length_while(Wanted wanted) const {
    const std::string_view text = rest();
    const auto end = std::ranges::find_if_not(text, wanted);
    return static_cast<std::size_t>(end - text.begin());
  }

  std::size_t length_of_quoted(char quote) const {
    const std::string_view text = rest();
    std::size_t length = 1;
    while (length < text.size() && text[length] != quote) length += text[length] == '\\' ? 2 : 1;
    return std::min(length + 1, text.size());
  }

  void take_name() {
    const std::size_t length = length_while(is_of_name);
    if (rest().substr(0, length).ends_with('R') && rest().substr(length).starts_with('"')) {
      const std::size_t open = text_.find('(', at_);
      const std::size_t quote = at_ + length + 1;
      if (open != text_.npos) {
        const std::string end = ")" + std::string(text_.substr(quote, open - quote)) + "\"";
        const std::size_t close = text_.find(end, open);
        add(SourceToken::Kind::quoted,
            close == text_.npos ? rest().size() : close + end.size() - at_);
        return;
      }
    }
    add(SourceToken::Kind::name, length);
  }

  void take_mark() {
    const auto is_next = [this](std::string_view mark) { return rest().starts_with(mark); };
    if (is_next("<") && opens_angles()) {
      angles_.push_back('<');
      add(SourceToken::Kind::mark, 1);
      return;
    }
    if (is_next(">") && !angles_.empty() && angles_.back() == '<') {
      add(SourceToken::Kind::mark, 1);
      angles_.pop_back();
      return;
    }
    const auto known = std::ranges::find_if(long_marks, is_next);
    add(SourceToken::Kind::mark, known == long_marks.end() ? 1 : known->size());
    follow_brackets(tokens_.back().text.front());
  }

  // An angle ends with what surrounds it: a lone `<` that was misread closes there.
  void follow_brackets(char mark) {
    if (mark == '(' || mark == '{' || mark == '[') angles_.push_back(mark);
    if (mark == ')' || mark == '}' || mark == ']') {
      while (!angles_.empty() && angles_.back() == '<') angles_.pop_back();
      if (!angles_.empty()) angles_.pop_back();
    }
  }

  bool opens_angles() const {
    if (tokens_.empty() || rest().starts_with("<=") || rest().starts_with("<<")) return false;
    const SourceToken& before = tokens_.back();
    return before.is("template") || (before.kind == SourceToken::Kind::name && before.end() == at_);
  }

  void add(SourceToken::Kind kind, std::size_t length) {
    const bool is_angled = std::ranges::find(angles_, '<') != angles_.end();
    tokens_.push_back({kind, text_.substr(at_, length), at_, is_angled});
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_at_line_begin_ = true;
  std::vector<char> angles_;  ///< open brackets
  std::vector<SourceToken> tokens_;
};

}  // namespace

std::vector<SourceToken> tokens_of(std::string_view text) {
  return Reader(text).read();
}

}  // namespace fiberproof::verify
