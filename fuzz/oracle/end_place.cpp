#include "fuzz/oracle/end_place.hpp"

#include "core/sanitizer.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>

namespace fiberproof::fuzz {
namespace {

constexpr std::string_view words = "fiberproof: about to end the process:";
constexpr std::size_t digits = 16;

/// Takes " NAME 0x…" off the front of `text`.
bool take_number(std::string_view& text, std::string_view name, std::uint64_t& number) {
  if (!text.starts_with(' ') || !text.substr(1).starts_with(name)) {
    return false;
  }
  text.remove_prefix(1 + name.size());
  if (!text.starts_with(" 0x")) {
    return false;
  }
  text.remove_prefix(3);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{};
}

class Line {
 public:
  void add(std::string_view text) {
    for (const char letter : text) {
      text_[size_++] = letter;
    }
  }
  void add(std::string_view name, std::uint64_t number) {
    add(" ");
    add(name);
    add(" 0x");
    for (std::size_t digit = digits; digit-- > 0;) {
      text_[size_++] = "0123456789abcdef"[number >> (4 * digit) & 15];
    }
  }
  void write() const {
    sanitizer_written(text_.data(), size_);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text_.data(), size_);
  }

 private:
  std::array<char, 160> text_;
  std::size_t size_ = 0;
};

}  // namespace

void announce(const EndPlace& place) {
  Line line;
  line.add(words);
  line.add("limit", place.limit);
  line.add("access", place.access);
  line.add("parent", place.parent);
  line.add("earlier", place.earlier);
  line.add("\n");
  line.write();
}

std::optional<EndPlace> take_announcement(std::string_view& said) {
  std::string_view rest = said;
  EndPlace place;
  if (!rest.starts_with(words)) {
    return std::nullopt;
  }
  rest.remove_prefix(words.size());
  if (!take_number(rest, "limit", place.limit) || !take_number(rest, "access", place.access) ||
      !take_number(rest, "parent", place.parent) || !take_number(rest, "earlier", place.earlier) ||
      !rest.starts_with('\n')) {
    return std::nullopt;
  }
  said = rest.substr(1);
  return place;
}

}  // namespace fiberproof::fuzz
