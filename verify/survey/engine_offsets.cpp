#include "verify/survey/engine_offsets.hpp"

#include "verify/object/typed_number.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <sstream>

namespace fiberproof::verify {
namespace {

std::optional<std::uint64_t> offset(std::string_view text) {
  if (!text.starts_with('-')) return typed_number(text);
  const auto value = typed_number(text.substr(1));
  return value ? std::optional(0 - *value) : std::nullopt;
}

}  // namespace

std::expected<EngineOffsets, std::string> parse_engine_offsets(std::string_view text,
                                                               std::string_view path) {
  EngineOffsets made;
  std::map<std::string, std::uint64_t*> places{
      {"record.stack_limit", &made.record_stack_limit},
      {"record.last_ancestor", &made.record_last_ancestor},
      {"record.stack_top", &made.record_stack_top},
      {"stack.control_context", &made.stack_control_context},
      {"store.stack_limit", &made.store_stack_limit},
      {"store.running", &made.store_running},
  };
  std::istringstream lines{std::string(text)};
  std::size_t line_number = 0;
  const auto fail = [&](const std::string& reason) {
    return std::unexpected(fmt::format("fiberproof: {}:{}: {}", path, line_number, reason));
  };
  for (std::string line; std::getline(lines, line);) {
    ++line_number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    if (!(words >> name)) continue;
    std::vector<std::string> values;
    for (std::string word; words >> word;) values.push_back(word);
    if (values.empty()) return fail(fmt::format("give a value behind {}", name));
    if (name == "engine") {
      made.engine = values.front();
      continue;
    }
    for (const std::string& word : values) {
      const auto value = offset(word);
      if (!value) return fail(fmt::format("'{}' is not a number", word));
      if (name == "versions") {
        made.versions.push_back(static_cast<unsigned>(*value));
      } else if (const auto place = places.find(name); place != places.end()) {
        *place->second = *value;
        places.erase(place);
      } else {
        return fail(fmt::format("'{}' is no offset, or is given twice", name));
      }
    }
  }
  if (made.engine.empty()) return fail("name the engine: engine NAME");
  if (made.versions.empty()) return fail("name its major versions: versions MAJOR…");
  if (!places.empty()) return fail(fmt::format("give {}, too", places.begin()->first));
  return made;
}

std::optional<unsigned> wasmtime_version(const ObjectFile& file) {
  const auto section = file.section(".wasmtime.engine");
  if (!section) return std::nullopt;
  std::string digits;
  for (const std::byte byte : section->bytes) {
    const auto letter = static_cast<char>(byte);
    if (letter >= '0' && letter <= '9') {
      digits += letter;
    } else if (!digits.empty()) {
      break;
    }
  }
  const auto value = typed_number(digits);
  return value ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
}

}  // namespace fiberproof::verify
