#include "fuzz/engine/known.hpp"

#include <fmt/format.h>
#include <charconv>
#include <cstdint>

namespace fiberproof::fuzz::engine {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    const std::size_t end = line.find('|');
    fields.emplace_back(trimmed(line.substr(0, end)));
    if (end == line.npos) return fields;
    line.remove_prefix(end + 1);
  }
}

// Takes the next number of a version, and the dot behind it.
std::uint64_t take_number(std::string_view& version) {
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  version.remove_prefix(static_cast<std::size_t>(end - version.data()));
  const std::size_t dot = version.find('.');
  version.remove_prefix(dot == version.npos ? version.size() : dot + 1);
  return error == std::errc{} ? number : 0;
}

bool* content_of(wasm::Contents& contents, std::string_view word) {
  if (word == "switch") return &contents.switches;
  if (word == "reference") return &contents.references;
  if (word == "bind") return &contents.binds;
  if (word == "exception") return &contents.exceptions;
  if (word == "collection") return &contents.collections;
  if (word == "entry") return &contents.enters;
  return nullptr;
}

bool has(const wasm::Contents& contents, const wasm::Contents& asked) {
  return contents.switches >= asked.switches && contents.references >= asked.references &&
         contents.binds >= asked.binds && contents.exceptions >= asked.exceptions &&
         contents.collections >= asked.collections && contents.enters >= asked.enters;
}

bool is_version(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
}

}  // namespace

std::expected<std::vector<KnownDisagreement>, std::string> parse_known(std::string_view text,
                                                                       const std::string& path) {
  constexpr std::size_t fields_of_a_line = 6;
  std::vector<KnownDisagreement> list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto fields = fields_of(line);
    const auto wrong = [&](std::string_view why) {
      return std::unexpected(fmt::format("{}:{}: {}", path, number, why));
    };
    if (fields.size() != fields_of_a_line) {
      return wrong("a line is NAME | ENGINE | VERSIONS | SIGNATURE | WITH | LEDGER");
    }
    for (const std::string& field : fields) {
      if (field.empty()) return wrong("a field is empty: write * for any engine or version");
    }
    KnownDisagreement known{.name = fields[0],
                            .engine = fields[1],
                            .first = {},
                            .last = {},
                            .signature = fields[3],
                            .with = {},
                            .ledger = fields[5]};
    if (fields[4] != "any") {
      for (std::string_view words = fields[4]; !words.empty();) {
        const std::string_view word = words.substr(0, words.find(' '));
        bool* const asked = content_of(known.with, word);
        if (asked == nullptr) {
          return wrong(
              fmt::format("'{}': write any, or some of switch, reference, bind, exception, "
                          "collection, entry",
                          word));
        }
        *asked = true;
        words = trimmed(words.substr(word.size()));
      }
    }
    if (fields[2] != "*") {
      const std::size_t dots = fields[2].find("..");
      known.first = fields[2].substr(0, dots);
      known.last = dots == std::string::npos ? known.first : fields[2].substr(dots + 2);
      if (!is_version(known.first) || !is_version(known.last)) {
        return wrong(fmt::format("'{}': write a version, FIRST..LAST or *", fields[2]));
      }
    }
    list.push_back(std::move(known));
  }
  return list;
}

const KnownDisagreement* find_known(const std::vector<KnownDisagreement>& list,
                                    std::string_view engine, std::string_view version,
                                    std::string_view signature, const wasm::Contents& contents) {
  for (const KnownDisagreement& known : list) {
    const bool is_of_version = known.first.empty() || (!is_before(version, known.first) &&
                                                       !is_before(known.last, version));
    if (is_of_version && matches(known.engine, engine) && matches(known.signature, signature) &&
        has(contents, known.with)) {
      return &known;
    }
  }
  return nullptr;
}

bool matches(std::string_view pattern, std::string_view text) {
  for (;;) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
      pattern.remove_prefix(1);
      for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
        if (matches(pattern, text.substr(skipped))) return true;
      }
      return false;
    }
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
}

bool is_before(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::uint64_t of_a = take_number(a);
    const std::uint64_t of_b = take_number(b);
    if (of_a != of_b) return of_a < of_b;
  }
  return false;
}

}  // namespace fiberproof::fuzz::engine
