#include "verify/report/markdown.hpp"

#include "verify/report/html_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <string_view>

namespace fiberproof::verify {
namespace {

using Outcome = ResultItem::Outcome;

// A service cuts a summary that is too long; the JSON has the rest.
constexpr std::size_t stories_max = 20;

// In text and in cells: what Markdown, which contains HTML, would take for its own.
std::string escaped(const std::string& text) {
  constexpr std::string_view marks = "|*_`[]\\";
  std::string out;
  for (const char letter : html_text(text)) {
    if (marks.contains(letter)) out += '\\';
    out += letter == '\n' ? ' ' : letter;
  }
  return out;
}

// As a block of code, indented: nothing in it can end it.
std::string code_block(const std::string& text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += "    " + text.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  return out;
}

std::string heading_of(const ResultItems& results) {
  return fmt::format("## {}: {}\n", name_of_run(results), words_of_status(results));
}

std::string story_of(const ResultItem& item) {
  const std::string of = item.object.empty() ? "" : " of " + escaped(item.object);
  std::string text = fmt::format("\n**{}**{}: {}\n", escaped(item.name), of, escaped(item.note));
  const std::string place = escaped(text_of(item.place));
  if (!place.empty()) text += fmt::format("at {}\n", place);
  if (!item.story.empty()) text += '\n' + code_block(item.story);
  return text;
}

std::string stories_of(const ResultItems& results) {
  std::string text;
  std::size_t told = 0;
  for (const Outcome outcome : {Outcome::failed, Outcome::undecided}) {
    for (const ResultItem& item : results.items) {
      if (item.outcome == outcome && told++ < stories_max) text += story_of(item);
    }
  }
  if (told > stories_max) text += fmt::format("\nand {} more\n", told - stories_max);
  return text;
}

std::string table_of(const ResultItems& results) {
  std::vector<std::string> groups;
  std::map<std::string, std::map<Outcome, std::size_t>> counts;
  for (const ResultItem& item : results.items) {
    if (!counts.contains(item.group)) groups.push_back(item.group);
    ++counts[item.group][item.outcome];
  }
  if (groups.empty()) return {};
  std::string text =
      "\n| what | as expected | not as expected | undecided | left out |\n| --- | ---: | ---: | "
      "---: | "
      "---: |\n";
  for (const std::string& group : groups) {
    std::map<Outcome, std::size_t>& of = counts[group];
    text += fmt::format("| {} | {} | {} | {} | {} |\n", group, of[Outcome::passed],
                        of[Outcome::failed], of[Outcome::undecided], of[Outcome::skipped]);
  }
  return text;
}

std::string notes_of(const ResultItems& results) {
  std::string text;
  for (const ResultItem& item : results.items) {
    if (item.group != group_of_targets && item.group != group_of_engines) continue;
    text += fmt::format("- {}: {}\n", escaped(item.name), escaped(item.note));
  }
  return text.empty() ? text : '\n' + text;
}

}  // namespace

std::string markdown_of(const ResultItems& results) {
  return heading_of(results) + stories_of(results) + table_of(results) + notes_of(results);
}

}  // namespace fiberproof::verify
