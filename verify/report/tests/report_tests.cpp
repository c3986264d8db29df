// Results as JUnit, SARIF, Markdown and HTML: each outcome, what must be escaped, and damaged
// results.
#include "verify/report/html.hpp"
#include "verify/report/junit.hpp"
#include "verify/report/markdown.hpp"
#include "verify/report/memory_drawing.hpp"
#include "verify/report/sarif.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include <algorithm>

namespace fiberproof::verify {
namespace {

using Json = nlohmann::json;
using Outcome = ResultItem::Outcome;

Json theorem(const std::string& name, const std::string& verdict, bool is_as_expected) {
  return {{"name", name},
          {"rule", "T2"},
          {"subject", "bytes"},
          {"claim", "rdi == 1"},
          {"verdict", verdict},
          {"expected", nullptr},
          {"as_expected", is_as_expected},
          {"obligations", 1},
          {"milliseconds", 250.0}};
}

Json refuted() {
  Json json = theorem("start/T2.func_ref", "refuted", false);
  json["reason"] = "found 0x0, expected 0x1";
  json["refutation"] = {{"found", "found 0x0, expected 0x1"},
                        {"where", ""},
                        {"values", {"n = 0x0"}},
                        {"program", ""},
                        {"memory",
                         {{{"text", "0x50  TOS-0x30  8 bytes = 0x1"},
                           {"address", "0x50"},
                           {"base", "TOS"},
                           {"distance", -0x30},
                           {"bytes", 8},
                           {"value", "0x1"},
                           {"wrong", true},
                           {"slot", "func_ref"}},
                          {{"text", "0x40  TOS-0x40  8 bytes = ?"},
                           {"address", "0x40"},
                           {"base", "TOS"},
                           {"distance", -0x40},
                           {"bytes", 8},
                           {"value", nullptr},
                           {"wrong", false}}}},
                        {"runs",
                         {{{"text", "pop rsi"},
                           {"place", "+0x0"},
                           {"symbol", "start"},
                           {"offset", 0},
                           {"file", "src/a b.s"},
                           {"line", 4},
                           {"wrong", false}},
                          {{"text", "pop rdi"},
                           {"place", "+0x1"},
                           {"symbol", "start"},
                           {"offset", 1},
                           {"file", "src/a b.s"},
                           {"line", 5},
                           {"wrong", true}},
                          {{"text", "ret"},
                           {"place", "+0x2"},
                           {"symbol", "start"},
                           {"offset", 2},
                           {"file", "src/a b.s"},
                           {"line", 6},
                           {"wrong", false}}}}};
  return json;
}

Json results_with(const std::string& status, std::vector<Json> theorems) {
  return {{"results_version", 1},
          {"version", "0.1.0"},
          {"command", "prove"},
          {"status", status},
          {"exit_status", 1},
          {"errors", {"x is <refuted>"}},
          {"object", "a.o"},
          {"theorems", std::move(theorems)},
          {"rules", {{{"id", "T2"}, {"title", "Launch words"}, {"checks", 0}}}}};
}

ResultItems items(const Json& json) {
  auto read = items_of(json);
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error());
  return read ? std::move(*read) : ResultItems{};
}

Json all_outcomes() {
  Json unknown = theorem("start/T3.b", "unknown", false);
  unknown["reason"] = "the solver gave up";
  Json behind = theorem("start/T4.c", "unknown", false);
  behind["reason"] = "no path of the code comes to it";
  behind["not_reached"] = true;
  Json old = theorem("v44/T5.d", "refuted", true);
  old["expected"] = "refuted";
  return results_with("failed",
                      {refuted(), unknown, behind, old, theorem("start/T2.e", "proved", true)});
}

TEST(report, each_verdict_has_its_outcome) {
  const ResultItems all = items(all_outcomes());
  ASSERT_EQ(all.items.size(), 5u);
  const std::vector<Outcome> expected{Outcome::failed, Outcome::undecided, Outcome::skipped,
                                      Outcome::passed, Outcome::passed};
  for (std::size_t index = 0; index < expected.size(); ++index) {
    EXPECT_EQ(all.items[index].outcome, expected[index]) << all.items[index].name;
  }
  EXPECT_EQ(all.items[0].place.line, 5u);
  EXPECT_EQ(all.items[0].place.instruction, "start+0x1");
  EXPECT_TRUE(all.items[0].story.contains("+0x1  pop rdi   <- wrong\n")) << all.items[0].story;
  EXPECT_TRUE(all.items[0].story.contains("TOS-0x30")) << all.items[0].story;
  EXPECT_EQ(all.items[3].note, "refuted, as expected");
}

TEST(report, sarif_has_what_is_wrong_at_its_line) {
  const Json log = Json::parse(sarif_of(items(all_outcomes())));
  const Json& run = log["runs"][0];
  ASSERT_EQ(run["results"].size(), 2u);
  const Json& first = run["results"][0];
  EXPECT_EQ(first["level"], "error");
  EXPECT_EQ(first["ruleId"], "T2");
  EXPECT_EQ(run["tool"]["driver"]["rules"][first["ruleIndex"].get<std::size_t>()]["id"], "T2");
  EXPECT_EQ(run["tool"]["driver"]["rules"][0]["shortDescription"]["text"], "Launch words");
  const Json& place = first["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "src/a%20b.s");
  EXPECT_EQ(place["region"]["startLine"], 5);
  EXPECT_EQ(run["results"][1]["level"], "warning");
}

TEST(report, sarif_names_the_object_where_no_line_is_known) {
  Json json = refuted();
  for (Json& step : json["refutation"]["runs"]) {
    step.erase("file");
    step.erase("line");
  }
  const Json log = Json::parse(sarif_of(items(results_with("failed", {json}))));
  const Json& location = log["runs"][0]["results"][0]["locations"][0];
  EXPECT_EQ(location["physicalLocation"]["artifactLocation"]["uri"], "a.o");
  EXPECT_FALSE(location["physicalLocation"].contains("region"));
  EXPECT_EQ(location["logicalLocations"][0]["fullyQualifiedName"], "start+0x1");
}

TEST(report, junit_counts_each_outcome) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_of(items(all_outcomes())).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_int(), 5);
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  const pugi::xml_node first = suite.child("testcase");
  EXPECT_EQ(std::string(first.attribute("file").value()), "src/a b.s");
  EXPECT_EQ(first.attribute("line").as_int(), 5);
  EXPECT_TRUE(std::string(first.child("failure").child_value()).contains("pop rdi   <- wrong"));
}

TEST(report, markdown_tells_what_is_wrong_and_counts_the_rest) {
  const std::string text = markdown_of(items(all_outcomes()));
  EXPECT_TRUE(text.starts_with("## fiberproof prove: not as expected\n")) << text;
  EXPECT_TRUE(text.contains("src/a b.s:5, start+0x1")) << text;
  EXPECT_TRUE(text.contains("| proofs | 2 | 1 | 1 | 1 |")) << text;
}

TEST(report, html_tells_a_refutation_with_its_run_and_its_memory) {
  const Json results = all_outcomes();
  const std::string page = html_of(items(results), results);
  EXPECT_TRUE(page.contains("<h1>fiberproof prove: <span class=\"bad\">not as expected</span>"));
  EXPECT_TRUE(page.contains("at <code>src/a b.s:5, start+0x1</code>")) << page;
  EXPECT_TRUE(page.contains("<span class=\"wrong\">+0x1  pop rdi  ← wrong</span>")) << page;
  EXPECT_TRUE(page.contains(">TOS − 0x30</text>")) << page;
  EXPECT_TRUE(page.contains(">func_ref ← wrong</text>")) << page;
  EXPECT_TRUE(page.contains(">any</text>")) << page;
  // By rule: two of the five theorems of T2 are as expected.
  EXPECT_TRUE(page.contains("<td class=\"count\">2 of 5</td>")) << page;
  EXPECT_FALSE(page.contains("<script"));
  EXPECT_FALSE(page.contains("http"));
  pugi::xml_document svg;
  const std::size_t begin = page.find("<svg");
  const std::size_t end = page.find("</svg>") + 6;
  ASSERT_NE(begin, page.npos);
  EXPECT_TRUE(svg.load_string(page.substr(begin, end - begin).c_str()));
}

// Words that are beside each other touch; others are apart.
TEST(report, a_drawing_keeps_distances) {
  Json rows = refuted()["refutation"]["memory"];
  const auto height = [](const Json& drawn) {
    const std::string svg = memory_drawing(drawn);
    const std::size_t at = svg.find("viewBox=\"0 0 ") + 13;
    return std::stoi(svg.substr(svg.find(' ', at) + 1));
  };
  const int apart = height(rows);
  rows[1]["address"] = "0x48";
  EXPECT_LT(height(rows), apart);
  EXPECT_EQ(memory_drawing(Json::array()), "");
}

TEST(report, names_of_others_cannot_leave_their_place) {
  Json json = refuted();
  json["name"] = "a|b<script>&`*\n\x01\"'";
  const ResultItems all = items(results_with("failed", {json}));
  EXPECT_FALSE(markdown_of(all).contains("<script>"));
  EXPECT_FALSE(markdown_of(all).contains("a|b"));
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_of(all).c_str()));
  EXPECT_TRUE(Json::accept(sarif_of(all)));
  EXPECT_FALSE(html_of(all, results_with("failed", {json})).contains("<script"));
}

TEST(report, a_run_that_could_not_begin_is_an_error_of_its_own) {
  const ResultItems all = items(results_with("could_not_run", {}));
  ASSERT_EQ(all.items.size(), 1u);
  EXPECT_EQ(all.items[0].outcome, Outcome::undecided);
  EXPECT_EQ(all.items[0].note, "x is <refuted>");
  EXPECT_EQ(all.items[0].name, "fiberproof prove");
}

// The main job has no command, and parts that were not run are null.
TEST(report, every_part_of_the_main_job_is_told) {
  Json json = results_with("failed", {theorem("start/T2.e", "proved", true)});
  json["command"] = "";
  json["code"] = nullptr;
  json["targets"] = {
      {{"target", "layout"}, {"executions", 5}, {"executions_per_second", 1}, {"findings", 1}}};
  json["corpus"] = {{"programs",
                     {{{"path", "a.program"}, {"verdict", "different"}, {"line", "l"}},
                      {{"path", "b.program"}, {"verdict", "not_read"}, {"line", "l"}}}}};
  json["engines"] = {{"engines",
                      {{{"name", "v8"},
                        {"left_out", ""},
                        {"programs", 2},
                        {"agree", 1},
                        {"known", 0},
                        {"new", 1},
                        {"findings", {{{"signature", "s"}, {"known", ""}, {"program", "p"}}}}},
                       {{"name", "binaryen"}, {"left_out", "not installed"}}}}};
  const ResultItems all = items(json);
  EXPECT_EQ(all.items.size(), 6u);
  EXPECT_EQ(all.count(Outcome::failed), 3u);
  EXPECT_EQ(all.count(Outcome::undecided), 1u);
  EXPECT_EQ(all.count(Outcome::skipped), 1u);
}

TEST(report, theorems_of_several_files_are_told_apart) {
  Json one = refuted();
  Json other = refuted();
  one["object"] = "a.o";
  other["object"] = "b.o";
  const Json results = results_with("failed", {one, other});
  const ResultItems all = items(results);
  const Json log = Json::parse(sarif_of(all));
  EXPECT_NE(log["runs"][0]["results"][0]["partialFingerprints"],
            log["runs"][0]["results"][1]["partialFingerprints"]);
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_of(all).c_str()));
  EXPECT_TRUE(document.child("testsuites").find_child_by_attribute("name", "proofs of a.o"));
  EXPECT_TRUE(document.child("testsuites").find_child_by_attribute("name", "proofs of b.o"));
  EXPECT_TRUE(markdown_of(all).contains("** of b.o: "));
  EXPECT_TRUE(html_of(all, results).contains(" of b.o</h3>"));
}

TEST(report, defects_and_slips_have_outcomes) {
  Json json = results_with("failed", {});
  json["findings"] = {
      {{"change", "S01"}, {"seconds", 1}, {"refuted", Json::array()}, {"not_as_said", {"wrong"}}},
      {{"change", "S02"},
       {"seconds", 1},
       {"refuted", Json::array()},
       {"not_as_said", Json::array()}},
      {{"change", "m1"}, {"seconds", 1}, {"killer", "nothing"}},
      {{"change", "m2"}, {"seconds", 1}, {"killer", "nothing"}, {"listed", "the same program"}},
      {{"change", "m3"}, {"seconds", 1}, {"killer", "the compiler"}, {"could_not_run", "error"}}};
  const ResultItems all = items(json);
  ASSERT_EQ(all.items.size(), 5u);
  EXPECT_EQ(all.items[0].outcome, Outcome::failed);
  EXPECT_EQ(all.items[1].outcome, Outcome::passed);
  EXPECT_EQ(all.items[2].outcome, Outcome::failed);
  EXPECT_EQ(all.items[3].outcome, Outcome::passed);
  EXPECT_EQ(all.items[4].outcome, Outcome::passed);
}

TEST(report, damaged_results_are_one_line) {
  EXPECT_FALSE(items_of(Json::array()));
  EXPECT_FALSE(items_of(Json::object()));
  Json newer = all_outcomes();
  newer["results_version"] = 2;
  EXPECT_TRUE(items_of(newer).error().contains("version 2"));
  for (const char* const part : {"verdict", "name", "as_expected", "milliseconds"}) {
    Json json = all_outcomes();
    json["theorems"][0].erase(part);
    ASSERT_FALSE(items_of(json)) << part;
    EXPECT_FALSE(items_of(json).error().contains('\n')) << part;
    json["theorems"][0][part] = Json::object();
    EXPECT_FALSE(items_of(json)) << part;
  }
  // What contradicts itself is no good result.
  Json contradicted = all_outcomes();
  contradicted["status"] = "ok";
  EXPECT_FALSE(items_of(contradicted));
  for (const int line : {0, -1}) {
    Json wrong = all_outcomes();
    wrong["theorems"][0]["refutation"]["runs"][1]["line"] = line;
    EXPECT_FALSE(items_of(wrong)) << line;
  }
  Json verdict = all_outcomes();
  verdict["theorems"][0]["verdict"] = "xx";
  EXPECT_FALSE(items_of(verdict));
  Json json = all_outcomes();
  json["theorems"] = 7;
  EXPECT_FALSE(items_of(json));
}

}  // namespace
}  // namespace fiberproof::verify
