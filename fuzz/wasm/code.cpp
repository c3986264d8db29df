#include "fuzz/wasm/code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fiberproof::fuzz::wasm {

void put_unsigned(Bytes& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(number));
}

void put_signed(Bytes& out, std::int64_t number) {
  for (;;) {
    const auto low = static_cast<std::uint8_t>(number & 0x7f);
    number >>= 7;
    if ((number == 0 && (low & 0x40) == 0) || (number == -1 && (low & 0x40) != 0)) {
      out.push_back(low);
      return;
    }
    out.push_back(low | 0x80);
  }
}

void put_name(Bytes& out, std::string_view name) {
  put_unsigned(out, name.size());
  out.insert(out.end(), name.begin(), name.end());
}

std::string heap_word(std::int64_t type) {
  static constexpr std::array<std::pair<std::int64_t, std::string_view>, 14> words = {
      {{-0x10, "func"},
       {-0x11, "extern"},
       {-0x12, "any"},
       {-0x13, "eq"},
       {-0x14, "i31"},
       {-0x15, "struct"},
       {-0x16, "array"},
       {-0x17, "exn"},
       {-0x0f, "none"},
       {-0x0e, "noextern"},
       {-0x0d, "nofunc"},
       {-0x0c, "noexn"},
       {-0x18, "cont"},
       {-0x0b, "nocont"}}};
  const auto* const word =
      std::find_if(words.begin(), words.end(), [type](const auto& one) { return one.first == type; });
  return word != words.end() ? std::string(word->second) : fmt::format("{}", type);
}

void Code::put(const Op& op) {
  if (op.prefix != 0) bytes_.push_back(op.prefix);
  bytes_.push_back(op.code);
}

void Code::line(std::string_view words) {
  text_.append(4 + 2 * std::size_t{depth_}, ' ').append(words).push_back('\n');
}

void Code::emit(const Op& op) {
  put(op);
  if (with_text_) line(op.word);
}

void Code::emit(const Op& op, std::uint64_t index) {
  put(op);
  put_unsigned(bytes_, index);
  if (with_text_) line(fmt::format("{} {}", op.word, index));
}

void Code::emit(const Op& op, std::uint64_t index, std::uint64_t second) {
  put(op);
  put_unsigned(bytes_, index);
  put_unsigned(bytes_, second);
  if (with_text_) line(fmt::format("{} {} {}", op.word, index, second));
}

void Code::lane(const Op& op, std::uint8_t lane) {
  put(op);
  bytes_.push_back(lane);
  if (with_text_) line(fmt::format("{} {}", op.word, lane));
}

void Code::i32(std::int32_t number) {
  put(op::i32_const);
  put_signed(bytes_, number);
  if (with_text_) line(fmt::format("i32.const {}", number));
}

void Code::i64(std::int64_t number) {
  put(op::i64_const);
  put_signed(bytes_, number);
  if (with_text_) line(fmt::format("i64.const {}", number));
}

void Code::heap(const Op& op, std::int64_t type) {
  put(op);
  put_signed(bytes_, type);
  if (with_text_) {
    line(op.code == op::ref_null.code ? fmt::format("ref.null {}", heap_word(type))
                                      : fmt::format("ref.cast (ref {})", heap_word(type)));
  }
}

void Code::open(const Op& op, std::int64_t type) {
  put(op);
  put_signed(bytes_, type);
  if (with_text_) {
    line(type == no_results ? std::string(op.word) : fmt::format("{} (type {})", op.word, type));
    ++depth_;
  }
}

void Code::open_try(std::int64_t type, std::span<const Clause> catches) {
  put(op::try_table);
  put_signed(bytes_, type);
  put_unsigned(bytes_, catches.size());
  std::string words = "try_table";
  if (type != no_results) words += fmt::format(" (type {})", type);
  for (const Clause& clause : catches) {
    bytes_.push_back(clause.kind);
    put_unsigned(bytes_, clause.tag);
    put_unsigned(bytes_, clause.label);
    if (with_text_) {
      words += fmt::format(" ({} {} {})", clause.kind == clause_catch ? "catch" : "catch_ref",
                           clause.tag, clause.label);
    }
  }
  if (with_text_) {
    line(words);
    ++depth_;
  }
}

void Code::close() {
  put(op::end);
  if (with_text_) {
    if (depth_ > 0) --depth_;
    line("end");
  }
}

void Code::resume(const Op& op, std::uint64_t type, const std::uint64_t* extra,
                  std::span<const Clause> clauses) {
  put(op);
  put_unsigned(bytes_, type);
  if (extra != nullptr) put_unsigned(bytes_, *extra);
  put_unsigned(bytes_, clauses.size());
  std::string words;
  if (with_text_) {
    words = fmt::format("{} {}", op.word, type);
    if (extra != nullptr) words += fmt::format(" {}", *extra);
  }
  for (const Clause& clause : clauses) {
    bytes_.push_back(clause.kind);
    put_unsigned(bytes_, clause.tag);
    if (clause.kind == clause_on) put_unsigned(bytes_, clause.label);
    if (with_text_) {
      words += clause.kind == clause_on ? fmt::format(" (on {} {})", clause.tag, clause.label)
                                        : fmt::format(" (on {} switch)", clause.tag);
    }
  }
  if (with_text_) line(words);
}

void Code::append(const Code& other) {
  bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
  if (!with_text_) return;
  for (std::size_t at = 0; at < other.text_.size();) {
    const std::size_t end = other.text_.find('\n', at) + 1;
    text_.append(2 * std::size_t{depth_}, ' ').append(other.text_, at, end - at);
    at = end;
  }
}

void Code::comment(std::string_view words) {
  if (with_text_) line(fmt::format(";; {}", words));
}

void Code::clear() {
  depth_ = 0;
  bytes_.clear();
  text_.clear();
}

}  // namespace fiberproof::fuzz::wasm
