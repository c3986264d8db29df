// The protocol `js`: batches for loop.mjs, and its lines.
#include "fuzz/engine/batch.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

namespace fiberproof::fuzz::engine {
namespace {

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = byte >= ' ' && letter != '"' && letter != '\\';
    quoted += is_plain ? std::string(1, letter) : fmt::format("\\u{:04x}", byte);
  }
  return quoted + '"';
}

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

// A line of the loop, word by word.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view word() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }

  /// A number below `bound`; nothing where there is none.
  std::optional<std::size_t> number(std::size_t bound) {
    const std::string_view text = word();
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number < bound ? std::optional(number) : std::nullopt;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Judges a call by the words behind `@came PROGRAM PART`: it agrees if it ended as expected.
Verdict judge(Words words, std::size_t part, wasm::End expected) {
  Verdict verdict{
      .kind = Verdict::Kind::wrong, .is_in_call = true, .part = part, .expected = expected};
  const std::string_view how = words.word();
  verdict.message = words.rest();
  if (how == "returned") {
    const std::string_view text = words.rest();
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), verdict.number);
    if (error != std::errc{} || end != text.data() + text.size()) {
      verdict.came = Came::another_trap;
      verdict.message = fmt::format("returned {}, which is no number", text);
      return verdict;
    }
    verdict.came = Came::returned;
  } else if (words.rest() == "exception") {
    verdict.came = Came::exception;
  } else {
    verdict.came = trap_of(words.rest());
  }
  const bool is_same = verdict.came == came_for(expected) && verdict.came != Came::another_trap;
  if (is_same && (verdict.came != Came::returned || verdict.number == 0)) {
    verdict.kind = Verdict::Kind::agrees;
  }
  return verdict;
}

constexpr std::size_t collections_max = 1u << 20;

class Reader {
 public:
  explicit Reader(Programs programs) : programs_(programs) {
    output_.verdicts.resize(programs.size());
  }

  void read(std::string_view line) {
    Words words(line);
    const std::string_view what = words.word();
    if (what == "@complete") output_.is_complete = true;
    const auto program = words.number(programs_.size());
    if (!program) return;
    auto& verdict = output_.verdicts[*program];
    if (what == "@begin") {
      output_.begun = program;
      output_.calling.reset();
      wrong_.reset();
      parts_seen_ = 0;
    } else if (what == "@refused") {
      verdict = Verdict{.kind = Verdict::Kind::refused, .message = std::string(words.rest())};
      output_.begun.reset();
    } else if (what == "@done") {
      // A program that was not begun, or lacks the end of a call, does not agree.
      const bool is_whole =
          output_.begun == program && parts_seen_ == programs_[*program]->parts.size();
      if (!wrong_ && !is_whole) {
        verdict = Verdict{.kind = Verdict::Kind::crash, .message = "the ends of calls are missing"};
      } else {
        verdict = wrong_ ? *wrong_ : Verdict{.kind = Verdict::Kind::agrees};
      }
      verdict->collections = words.number(collections_max).value_or(0);
      output_.begun.reset();
    } else if (const auto part = words.number(programs_[*program]->parts.size())) {
      if (what == "@call") output_.calling = part;
      if (what == "@came") take(words, *program, *part);
    }
  }

  BatchOutput take_output() { return std::move(output_); }

 private:
  // The first part that is wrong speaks for the program, since those behind it depend on it.
  void take(Words words, std::size_t program, std::size_t part) {
    parts_seen_ += part == parts_seen_ ? 1 : 0;
    const Verdict judged = judge(words, part, programs_[program]->parts[part].end);
    if (judged.kind == Verdict::Kind::wrong && !wrong_) wrong_ = judged;
  }

  Programs programs_;
  BatchOutput output_;
  std::optional<Verdict> wrong_;  // of the program that was begun
  std::size_t parts_seen_ = 0;    // likewise, in their order
};

}  // namespace

std::vector<const wasm::Module*> shared_modules(Programs programs) {
  std::vector<const wasm::Module*> shared;
  for (const wasm::Translation* const translation : programs) {
    for (const wasm::Module& module : translation->modules) {
      const bool is_known =
          std::any_of(shared.begin(), shared.end(),
                      [&module](const wasm::Module* known) { return known->name == module.name; });
      if (module.is_shared && !is_known) shared.push_back(&module);
    }
  }
  return shared;
}

std::string javascript_batch(Programs programs) {
  std::string text = "{\"shared\":[";
  const auto add = [&text](const wasm::Module& module) {
    text += fmt::format("{}{{\"name\":{},\"hex\":\"{}\"}}", text.back() == '[' ? "" : ",",
                        json_string(module.name), hexadecimal(module.bytes));
  };
  for (const wasm::Module* const module : shared_modules(programs)) add(*module);
  text += "]}\n";
  for (const wasm::Translation* const translation : programs) {
    text += "{\"modules\":[";
    for (const wasm::Module& module : translation->modules) {
      if (!module.is_shared) add(module);
    }
    text += "],\"parts\":[";
    for (const wasm::Part& part : translation->parts) {
      text += fmt::format("{}{}", &part == translation->parts.data() ? "" : ",",
                          json_string(part.name));
    }
    text += "]}\n";
  }
  return text;
}

BatchOutput read_javascript_output(Programs programs, std::span<const std::string> lines) {
  Reader reader(programs);
  for (const std::string& line : lines) reader.read(line);
  return reader.take_output();
}

}  // namespace fiberproof::fuzz::engine
