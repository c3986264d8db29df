#include "verify/object/demangled_name.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace fiberproof::verify {
namespace {

// Longer names are a compiler's internal business, and slow to demangle.
constexpr std::size_t name_bytes_max = 4096;

constexpr const char* clone_mark = " [clone ";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Rust's legacy mangling is C++'s with a hash as the last name, and with dollar signs around what
// C++ names cannot hold.
std::optional<std::string> without_rust_hash(std::string_view text) {
  constexpr std::size_t hash_bytes = 16;
  constexpr std::string_view before = "::h";
  if (text.size() <= before.size() + hash_bytes) return std::nullopt;
  const std::string_view hash = text.substr(text.size() - hash_bytes);
  const std::string_view path = text.substr(0, text.size() - hash_bytes);
  const bool is_hash = std::ranges::all_of(hash, [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  });
  if (!is_hash || !path.ends_with(before)) return std::nullopt;
  std::string made(path.substr(0, path.size() - before.size()));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> escapes{{{"_$", "$"},
                                                                                   {"$SP$", "@"},
                                                                                   {"$BP$", "*"},
                                                                                   {"$RF$", "&"},
                                                                                   {"$LT$", "<"},
                                                                                   {"$GT$", ">"},
                                                                                   {"$LP$", "("},
                                                                                   {"$RP$", ")"},
                                                                                   {"$C$", ","},
                                                                                   {"$u20$", " "},
                                                                                   {"$u7b$", "{"},
                                                                                   {"$u7d$", "}"},
                                                                                   {"$u5b$", "["},
                                                                                   {"$u5d$", "]"}}};
  for (const auto& [escape, letter] : escapes) made = replaced(std::move(made), escape, letter);
  return replaced(std::move(made), "..", "::");
}

// RFC 2603, as far as the path; types are parsed only to skip them.
class RustName {
 public:
  explicit RustName(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    std::string made = path();
    return failed_ || made.empty() ? std::nullopt : std::optional(std::move(made));
  }

 private:
  // Back references may be many, and nested.
  static constexpr int depth_max = 100;
  static constexpr int steps_max = 10'000;

  struct Level {
    explicit Level(RustName& name) : name_(name) {
      name_.failed_ |= ++name_.depth_ > depth_max || ++name_.steps_ > steps_max;
    }
    ~Level() { --name_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    RustName& name_;
  };

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char take() {
    failed_ |= at_ >= text_.size();
    return failed_ ? '\0' : text_[at_++];
  }
  bool take_if(char letter) {
    if (failed_ || peek() != letter) return false;
    ++at_;
    return true;
  }

  // Digits and letters up to an underscore mean one more than they say; none at all means 0. Crate
  // hashes fill 64 bits; anything beyond is dropped.
  std::uint64_t base62() {
    std::uint64_t value = 0;
    bool is_empty = true;
    while (!failed_ && !take_if('_')) {
      const char letter = take();
      const auto digit = letter >= '0' && letter <= '9'   ? letter - '0'
                         : letter >= 'a' && letter <= 'z' ? letter - 'a' + 10
                         : letter >= 'A' && letter <= 'Z' ? letter - 'A' + 36
                                                          : -1;
      failed_ |= digit < 0;
      value = value * 62 + static_cast<std::uint64_t>(std::max(digit, 0));
      is_empty = false;
    }
    return is_empty ? 0 : value + 1;
  }

  std::string identifier() {
    if (take_if('s')) base62();
    const bool is_punycode = take_if('u');
    std::size_t bytes = 0;
    if (!take_if('0')) {
      failed_ |= peek() < '1' || peek() > '9';
      while (!failed_ && peek() >= '0' && peek() <= '9' && bytes <= name_bytes_max) {
        bytes = bytes * 10 + static_cast<std::size_t>(take() - '0');
      }
    }
    take_if('_');
    failed_ |= is_punycode || bytes > text_.size() - std::min(at_, text_.size());
    if (failed_) return {};
    at_ += bytes;
    return std::string(text_.substr(at_ - bytes, bytes));
  }

  // Reads again from an earlier position.
  std::string earlier(std::string (RustName::*read)()) {
    const std::size_t start = at_ - 1;
    const std::uint64_t place = base62();
    failed_ |= place >= start;
    if (failed_) return {};
    const std::size_t back = std::exchange(at_, static_cast<std::size_t>(place));
    std::string made = (this->*read)();
    at_ = back;
    return made;
  }

  void impl_path() {
    if (take_if('s')) base62();
    path();
  }

  std::string path() {
    const Level level(*this);
    if (failed_) return {};
    switch (take()) {
      case 'C': return identifier();
      case 'M': impl_path(); return type();
      case 'X': impl_path(); return implementation();
      case 'Y': return implementation();
      case 'N': return nested();
      case 'I': return generic();
      case 'B': return earlier(&RustName::path);
      default: failed_ = true; return {};
    }
  }

  std::string implementation() {
    const std::string of = type();
    return "<" + of + " as " + path() + ">";
  }

  std::string nested() {
    const char space = take();
    std::string before = path();
    const std::string last = identifier();
    if (space == 'C') return before + "::{closure}";
    return last.empty() ? before : before + "::" + last;
  }

  std::string generic() {
    std::string made = path();
    while (!failed_ && !take_if('E')) {
      if (take_if('L')) {
        base62();
      } else if (take_if('K')) {
        constant();
      } else {
        type();
      }
    }
    return made;
  }

  std::string constant() {
    const Level level(*this);
    if (failed_ || take_if('p')) return "_";
    if (take_if('B')) return earlier(&RustName::constant);
    type();
    while (!failed_ && !take_if('_')) take();
    return "_";
  }

  std::string type() {
    const Level level(*this);
    if (failed_) return {};
    const char kind = peek();
    if (kind >= 'a' && kind <= 'z') return ++at_, "_";
    switch (kind) {
      case 'A':
        ++at_;
        type();
        return constant();
      case 'S':
      case 'P':
      case 'O': ++at_; return type();
      case 'R':
      case 'Q':
        ++at_;
        if (take_if('L')) base62();
        return type();
      case 'T':
        ++at_;
        while (!failed_ && !take_if('E')) type();
        return "_";
      case 'F': ++at_; return function();
      case 'D': ++at_; return dynamic();
      case 'B': ++at_; return earlier(&RustName::type);
      default: return path();
    }
  }

  std::string function() {
    if (take_if('G')) base62();
    take_if('U');
    if (take_if('K') && !take_if('C')) identifier();
    while (!failed_ && !take_if('E')) type();
    type();
    return "_";
  }

  std::string dynamic() {
    if (take_if('G')) base62();
    std::string first;
    while (!failed_ && !take_if('E')) {
      std::string bound = path();
      while (take_if('p')) {
        identifier();
        type();
      }
      if (first.empty()) first = std::move(bound);
    }
    if (take_if('L')) base62();
    return first;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int steps_ = 0;
  bool failed_ = false;
};

// The text before the opening parenthesis that matches the last closing one.
std::string_view without_group(std::string_view text, char open, char close) {
  if (!text.ends_with(close)) return text;
  int depth = 0;
  for (std::size_t at = text.size(); at-- > 0;) {
    depth += text[at] == close ? 1 : text[at] == open ? -1 : 0;
    if (depth == 0) return text.substr(0, at);
  }
  return text;
}

std::string_view without_parameters(std::string_view text) {
  constexpr std::array<std::string_view, 5> endings{" const", " volatile", " &", " &&",
                                                    " noexcept"};
  for (bool is_shorter = true; is_shorter;) {
    is_shorter = false;
    for (const std::string_view ending : endings) {
      if (!text.ends_with(ending)) continue;
      text.remove_suffix(ending.size());
      is_shorter = true;
    }
  }
  const std::string_view shorter = without_group(text, '(', ')');
  return shorter.ends_with("operator") ? text : shorter;
}

bool is_end_of(std::string_view name, std::string_view whole) {
  if (name == whole) return true;
  if (name.empty() || !whole.ends_with(name)) return false;
  const std::string_view before = whole.substr(0, whole.size() - name.size());
  // The result type of a template stands before the name.
  return before.ends_with("::") || (before.ends_with(' ') && !before.ends_with("operator "));
}

// As Rust's tools print a type's own functions: `<engine::Fiber>::start`.
std::string without_brackets(std::string text) {
  const std::size_t end = text.find(">::");
  const bool is_own = text.starts_with('<') && end != std::string::npos &&
                      text.find(" as ") == std::string::npos && text.find('<', 1) > end;
  return is_own ? text.substr(1, end - 1) + text.substr(end + 1) : text;
}

// Linkers append a number to a static function that they make global, or the reverse.
std::string_view before_promotion(std::string_view symbol) {
  for (const std::string_view mark : {".llvm.", ".lto_priv."}) {
    const std::size_t at = symbol.find(mark);
    const bool is_number =
        at != std::string_view::npos && at != 0 &&
        symbol.find_first_not_of("0123456789", at + mark.size()) == std::string_view::npos;
    if (is_number) return symbol.substr(0, at);
  }
  return symbol;
}

bool is_special(std::string_view text) {
  constexpr std::array<std::string_view, 7> beginnings{
      "non-virtual thunk to ", "virtual thunk to ",      "covariant return thunk to ",
      "guard variable for ",   "TLS init function for ", "TLS wrapper function for ",
      "transaction clone for "};
  return text.find(clone_mark) != std::string_view::npos ||
         std::ranges::any_of(beginnings, [text](std::string_view beginning) {
           return text.starts_with(beginning);
         });
}

}  // namespace

std::optional<std::string> demangled_rust(std::string_view symbol) {
  const std::size_t dot = std::min(symbol.find('.'), symbol.size());
  if (!symbol.starts_with("_R") || symbol.size() > name_bytes_max) return std::nullopt;
  auto made = RustName(symbol.substr(2, dot - 2)).run();
  if (made && dot != symbol.size()) *made += clone_mark + std::string(symbol.substr(dot)) + "]";
  return made;
}

std::optional<std::string> demangled(std::string_view symbol) {
  const std::string_view own = before_promotion(symbol.substr(0, symbol.find('@')));
  if (own.starts_with("_R")) return demangled_rust(own);
  if (!own.starts_with("_Z") || own.size() > name_bytes_max) {
    return own.size() != symbol.size() ? std::optional(std::string(own)) : std::nullopt;
  }
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> made(
      abi::__cxa_demangle(std::string(own).c_str(), nullptr, nullptr, &status), &std::free);
  if (made == nullptr || status != 0) return std::nullopt;
  const std::string_view text = made.get();
  if (auto rust = without_rust_hash(text)) return rust;
  return std::string(text);
}

bool can_mean(std::string_view name, std::string_view demangled) {
  const std::string typed = without_brackets(replaced(std::string(name), ", ", ","));
  const std::string whole = without_brackets(replaced(std::string(demangled), ", ", ","));
  if (typed == whole) return true;
  if (is_special(whole)) return false;
  const std::string_view plain = without_parameters(whole);
  return is_end_of(typed, whole) || is_end_of(typed, plain) ||
         is_end_of(typed, without_group(plain, '<', '>'));
}

}  // namespace fiberproof::verify
