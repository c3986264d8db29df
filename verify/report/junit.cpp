#include "verify/report/junit.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <sstream>

namespace fiberproof::verify {
namespace {

using Outcome = ResultItem::Outcome;

// XML 1.0, 2.2: no other control character can be written, not even as a reference.
std::string as_xml(std::string text) {
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 && letter != '\n' && letter != '\t') letter = '?';
  }
  return text;
}

struct Suite {
  pugi::xml_node node;
  std::map<Outcome, std::size_t> counts;
  std::size_t items = 0;
  double seconds = 0;
};

const char* element_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::failed: return "failure";
    case Outcome::undecided: return "error";
    case Outcome::skipped: return "skipped";
    case Outcome::passed: break;
  }
  return nullptr;
}

// A file of several has a suite of its own.
std::string suite_of(const ResultItem& item) {
  return item.object.empty() ? item.group : fmt::format("{} of {}", item.group, item.object);
}

void add_case(Suite& suite, const ResultItem& item) {
  pugi::xml_node test = suite.node.append_child("testcase");
  test.append_attribute("name") = as_xml(item.name).c_str();
  test.append_attribute("classname") = as_xml(suite_of(item)).c_str();
  test.append_attribute("time") = fmt::format("{:.3f}", item.seconds).c_str();
  if (item.place.line != 0) {
    test.append_attribute("file") = as_xml(item.place.file).c_str();
    test.append_attribute("line") = item.place.line;
  }
  if (const char* const element = element_of(item.outcome)) {
    pugi::xml_node what = test.append_child(element);
    what.append_attribute("message") = as_xml(item.note).c_str();
    if (!item.story.empty()) {
      what.append_child(pugi::node_pcdata).set_value(as_xml(item.story).c_str());
    }
  }
  ++suite.items;
  ++suite.counts[item.outcome];
  suite.seconds += item.seconds;
}

void add_counts(pugi::xml_node node, Suite& suite) {
  node.append_attribute("tests") = static_cast<unsigned long long>(suite.items);
  node.append_attribute("failures") =
      static_cast<unsigned long long>(suite.counts[Outcome::failed]);
  node.append_attribute("errors") =
      static_cast<unsigned long long>(suite.counts[Outcome::undecided]);
  node.append_attribute("skipped") =
      static_cast<unsigned long long>(suite.counts[Outcome::skipped]);
  node.append_attribute("time") = fmt::format("{:.3f}", suite.seconds).c_str();
}

}  // namespace

std::string junit_of(const ResultItems& results) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = document.append_child("testsuites");
  root.append_attribute("name") = "fiberproof";
  std::map<std::string, Suite> suites;
  for (const ResultItem& item : results.items) {
    Suite& suite = suites[suite_of(item)];
    if (!suite.node) {
      suite.node = root.append_child("testsuite");
      suite.node.append_attribute("name") = as_xml(suite_of(item)).c_str();
    }
    add_case(suite, item);
  }
  Suite all;
  for (auto& [group, suite] : suites) {
    add_counts(suite.node, suite);
    for (const auto& [outcome, count] : suite.counts) all.counts[outcome] += count;
    all.items += suite.items;
    all.seconds += suite.seconds;
  }
  add_counts(root, all);
  std::ostringstream text;
  document.save(text, "  ");
  return text.str();
}

}  // namespace fiberproof::verify
