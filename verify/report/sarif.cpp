#include "verify/report/sarif.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace fiberproof::verify {
namespace {

using Json = nlohmann::json;
using Outcome = ResultItem::Outcome;

constexpr const char* schema = "https://json.schemastore.org/sarif-2.1.0.json";

bool is_told(const ResultItem& item) {
  return item.outcome == Outcome::failed || item.outcome == Outcome::undecided;
}

// An item that is about no rule of SPEC.md is about its group.
const std::string& rule_of(const ResultItem& item) {
  return item.rule.empty() ? item.group : item.rule;
}

// RFC 3986, 2.3 and 3.3: what may stand in a path as it is.
std::string as_uri(const std::string& path) {
  constexpr std::string_view others = "-._~/!$&'()*+,;=@";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char letter : path) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                          (letter >= 'A' && letter <= 'Z') || others.contains(letter);
    if (is_plain) {
      uri += letter;
    } else {
      uri += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return uri;
}

Json location_of(const ItemPlace& place) {
  Json location = Json::object();
  if (!place.file.empty()) {
    Json& physical = location["physicalLocation"];
    physical["artifactLocation"]["uri"] = as_uri(place.file);
    if (place.line != 0) physical["region"]["startLine"] = place.line;
  }
  if (!place.instruction.empty()) {
    location["logicalLocations"].push_back(
        {{"fullyQualifiedName", place.instruction}, {"kind", "function"}});
  }
  return location;
}

Json result_of(const ResultItem& item, std::size_t rule) {
  const std::string of = item.object.empty() ? "" : " of " + item.object;
  std::string text = item.name + of + ": " + item.note;
  if (!item.story.empty()) text += "\n\n" + item.story;
  Json result{{"ruleId", rule_of(item)},
              {"ruleIndex", rule},
              {"level", item.outcome == Outcome::failed ? "error" : "warning"},
              {"message", {{"text", std::move(text)}}},
              {"partialFingerprints", {{"item/v1", item.group + '/' + item.name + of}}}};
  const Json location = location_of(item.place);
  if (!location.empty()) result["locations"].push_back(location);
  return result;
}

}  // namespace

std::string sarif_of(const ResultItems& results) {
  std::map<std::string, std::size_t> numbers;
  Json rules = Json::array();
  Json found = Json::array();
  for (const ResultItem& item : results.items) {
    if (!is_told(item)) continue;
    const std::string& id = rule_of(item);
    const auto [number, is_new] = numbers.try_emplace(id, rules.size());
    if (is_new) {
      const auto title = std::ranges::find(results.rules, id, &RuleTitle::id);
      rules.push_back(
          {{"id", id},
           {"shortDescription", {{"text", title == results.rules.end() ? id : title->title}}}});
    }
    found.push_back(result_of(item, number->second));
  }
  Json run;
  run["tool"]["driver"] = {{"name", "fiberproof"}, {"version", results.version}, {"rules", rules}};
  const bool has_ended = results.status == "ok" || results.status == "failed";
  run["invocations"].push_back({{"executionSuccessful", has_ended}});
  run["columnKind"] = "unicodeCodePoints";
  run["results"] = std::move(found);
  Json log{{"$schema", schema}, {"version", "2.1.0"}};
  log["runs"].push_back(std::move(run));
  return log.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace fiberproof::verify
