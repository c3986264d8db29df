#include "verify/report/html.hpp"

#include "verify/report/html_text.hpp"
#include "verify/report/memory_drawing.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

using Json = nlohmann::json;
using Outcome = ResultItem::Outcome;

// Contrast of text at least 4.5 (WCAG 2.1, 1.4.3) on both backgrounds.
constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #ffffff; --soft: #595963; --line: #c9c9d2;
  --bad: #b3001b; --bad-paper: #fdecee; --good: #14632f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ee; --paper: #17171b; --soft: #a9a9b6;
  --line: #4a4a55; --bad: #ff8a94; --bad-paper: #3a1a1e; --good: #7fd69a; } }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; }
code, pre, td.name, svg text { font-family: ui-monospace, monospace; font-size: 0.85rem; }
h3, td.name { overflow-wrap: anywhere; }
.bad { color: var(--bad); } .good { color: var(--good); } .soft { color: var(--soft); }
article { border-left: 0.3rem solid var(--bad); padding-left: 1rem; margin: 1.5rem 0; }
pre, .wide { overflow-x: auto; }
pre { border: 1px solid var(--line); padding: 0.5rem; }
pre .wrong { color: var(--bad); background: var(--bad-paper); font-weight: bold; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--soft); }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.6rem 0.2rem 0; border-bottom: 1px solid var(--line); }
td.count, th.count { text-align: right; }
svg .cell { fill: none; stroke: var(--ink); } svg .cell.wrong { fill: var(--bad-paper); stroke: var(--bad); stroke-width: 2; }
svg text { fill: var(--ink); } svg .place { text-anchor: end; fill: var(--soft); }
svg .wrong { fill: var(--bad); }
a:focus-visible, summary:focus-visible, .wide:focus-visible, pre:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
@media print { body { max-width: none; } article { break-inside: avoid; } pre { white-space: pre-wrap; } }
)";

// A box that scrolls must be reached by the keyboard, too.
std::string scrolling(const std::string& label, const std::string& content) {
  return fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n",
      html_text(label), content);
}

std::string cell(const std::string& text, const char* style_of_it = "") {
  return fmt::format("<td{}>{}</td>",
                     *style_of_it == '\0' ? "" : fmt::format(" class=\"{}\"", style_of_it),
                     html_text(text));
}

// Markdown's marks of code, as a rule's title has them.
std::string with_code(const std::string& text) {
  std::string out;
  bool is_code = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('`', begin), text.size());
    const std::string part = html_text(text.substr(begin, end - begin));
    out += is_code ? fmt::format("<code>{}</code>", part) : part;
    is_code = !is_code;
    begin = end + 1;
  }
  return out;
}

std::string table(const std::string& caption, const std::vector<std::string>& heads,
                  const std::string& rows) {
  std::string text = fmt::format("<table><caption>{}</caption><thead><tr>", html_text(caption));
  for (const std::string& head : heads) {
    const bool is_number = head == "theorems" || head == "checks";
    text += fmt::format("<th scope=\"col\"{}>{}</th>", is_number ? " class=\"count\"" : "",
                        html_text(head));
  }
  return scrolling(caption, text + "</tr></thead><tbody>\n" + rows + "</tbody></table>");
}

std::string heading_of(const ResultItems& items) {
  return fmt::format(
      "<h1>{}: <span class=\"{}\">{}</span></h1>\n<p class=\"soft\">Made by fiberproof "
      "{}.</p>\n",
      html_text(name_of_run(items)), items.status == "ok" ? "good" : "bad", words_of_status(items),
      html_text(items.version));
}

std::string run_of(const Json& steps) {
  if (steps.empty()) return {};
  std::string lines;
  for (const Json& step : steps) {
    const std::string place = step.value("place", "");
    std::string line = html_text(fmt::format("{}{}{}", place, place.empty() ? "" : "  ",
                                             step.at("text").get<std::string>()));
    if (step.at("wrong").get<bool>()) {
      line = fmt::format("<span class=\"wrong\">{}  ← wrong</span>", line);
    }
    lines += line + '\n';
  }
  return fmt::format("<h4>It runs</h4>\n<pre tabindex=\"0\">{}</pre>\n", lines);
}

std::string values_of(const Json& values) {
  if (values.empty()) return {};
  std::string text = "<h4>For</h4>\n<pre tabindex=\"0\">";
  for (const Json& value : values) text += html_text(value.get<std::string>()) + '\n';
  return text + "</pre>\n";
}

std::string place_of(const ItemPlace& place) {
  const std::string text = text_of(place);
  return text.empty() ? "" : fmt::format("<p>at <code>{}</code></p>\n", html_text(text));
}

std::string article_of(const ResultItem& item, const Json* theorem) {
  std::string text = fmt::format("<article>\n<h3>{}{}</h3>\n<p>{}</p>\n", html_text(item.name),
                                 html_text(item.object.empty() ? "" : " of " + item.object),
                                 html_text(item.note)) +
                     place_of(item.place);
  const Json* const refutation =
      theorem != nullptr && theorem->contains("refutation") ? &theorem->at("refutation") : nullptr;
  if (refutation == nullptr) {
    if (!item.story.empty()) {
      text += fmt::format("<pre tabindex=\"0\">{}</pre>\n", html_text(item.story));
    }
    return text + "</article>\n";
  }
  text += fmt::format("<p>The claim is <code>{}</code></p>\n",
                      html_text(theorem->at("claim").get<std::string>()));
  text += run_of(refutation->at("runs"));
  const std::string drawing = memory_drawing(refutation->at("memory"));
  if (!drawing.empty()) text += "<h4>Memory</h4>\n" + scrolling("Memory", drawing);
  text += values_of(refutation->at("values"));
  const auto program = refutation->value("program", "");
  if (!program.empty()) {
    text +=
        fmt::format("<h4>As a Program</h4>\n<pre tabindex=\"0\">{}</pre>\n", html_text(program));
  }
  return text + "</article>\n";
}

std::string wrong_items(const ResultItems& items, const Json& results) {
  std::map<std::pair<std::string, std::string>, const Json*> theorems;
  if (const auto list = results.find("theorems"); list != results.end() && list->is_array()) {
    for (const Json& theorem : *list) {
      theorems[{theorem.value("object", ""), theorem.at("name").get<std::string>()}] = &theorem;
    }
  }
  std::string text;
  for (const Outcome outcome : {Outcome::failed, Outcome::undecided}) {
    for (const ResultItem& item : items.items) {
      if (item.outcome != outcome) continue;
      const auto theorem =
          item.group == group_of_proofs ? theorems.find({item.object, item.name}) : theorems.end();
      text += article_of(item, theorem == theorems.end() ? nullptr : theorem->second);
    }
  }
  return text.empty() ? text : "<h2>Not as expected</h2>\n" + text;
}

std::string rules_of(const ResultItems& items, const Json& results) {
  struct Tally {
    std::array<std::size_t, 4> counts{};
  };
  std::map<std::string, Tally> tallies;
  for (const ResultItem& item : items.items) {
    if (!item.rule.empty()) ++tallies[item.rule].counts[static_cast<std::size_t>(item.outcome)];
  }
  std::map<std::string, std::uint64_t> checks;
  if (const auto rules = results.find("rules"); rules != results.end() && rules->is_array()) {
    for (const Json& rule : *rules) {
      checks[rule.at("id").get<std::string>()] = rule.at("checks").get<std::uint64_t>();
    }
  }
  std::string rows;
  for (const RuleTitle& rule : items.rules) {
    const auto& counts = tallies[rule.id].counts;
    const std::size_t theorems = counts[0] + counts[1] + counts[2] + counts[3];
    if (theorems == 0 && checks[rule.id] == 0) continue;
    rows += "<tr>" + cell(rule.id, "name") + fmt::format("<td>{}</td>", with_code(rule.title)) +
            cell(theorems == 0 ? "none" : fmt::format("{} of {}", counts[0], theorems), "count") +
            cell(std::to_string(checks[rule.id]), "count") + "</tr>\n";
  }
  if (rows.empty()) return {};
  return "<h2>What holds, by rule</h2>\n" +
         table("Rules of SPEC.md: theorems as expected, and how often fuzz oracles asked",
               {"rule", "what it says", "theorems", "checks"}, rows);
}

std::string groups_of(const ResultItems& items) {
  std::vector<std::string> groups;
  std::map<std::string, std::string> rows;
  std::map<std::string, std::size_t> counts;
  const std::map<Outcome, const char*> words{{Outcome::passed, "as expected"},
                                             {Outcome::failed, "not as expected"},
                                             {Outcome::undecided, "undecided"},
                                             {Outcome::skipped, "left out"}};
  for (const ResultItem& item : items.items) {
    if (!rows.contains(item.group)) groups.push_back(item.group);
    const bool is_wrong = item.outcome == Outcome::failed || item.outcome == Outcome::undecided;
    rows[item.group] += "<tr>" + cell(item.name, "name") +
                        cell(words.at(item.outcome), is_wrong ? "bad" : "") + cell(item.note) +
                        "</tr>\n";
    ++counts[item.group];
  }
  std::string text = groups.empty() ? "" : "<h2>Everything that was checked</h2>\n";
  for (const std::string& group : groups) {
    text += fmt::format("<details><summary>{}: {}</summary>\n{}</details>\n", html_text(group),
                        counts[group], table(group, {"name", "outcome", "note"}, rows[group]));
  }
  return text;
}

}  // namespace

std::string html_of(const ResultItems& items, const Json& results) {
  return fmt::format(
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
             "name=\"viewport\" content=\"width=device-width, "
             "initial-scale=1\">\n<title>{}</title>\n"
             "<style>{}</style>\n</head>\n<body>\n<main>\n",
             items.status == "ok" ? "fiberproof: as expected" : "fiberproof: not as expected",
             style) +
         heading_of(items) + wrong_items(items, results) + rules_of(items, results) +
         groups_of(items) + "</main>\n</body>\n</html>\n";
}

}  // namespace fiberproof::verify
