// Headers of patches: what they must say, and that those of core/defects say what exists.
#include "verify/cli/fuzz_command.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/embedded/rules.hpp"
#include "verify/mutation/defects/defect.hpp"
#include "verify/obligation/expected_theorems.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

constexpr std::string_view whole =
    "Defect: S99, a bug\n"
    "Class: layout\n"
    "Report: https://example.org/1\n"
    "Report: https://example.org/2\n"
    "Must be refuted: initialize/L4.modifies, initialize/L5.\n"
    "Must crash: layout L4, program AddressSanitizer\n"
    "--- a/core/layout.hpp\n";

std::string without(std::string_view line) {
  std::string text(whole);
  const std::size_t begin = text.find(line);
  return text.erase(begin, text.find('\n', begin) - begin + 1);
}

TEST(defect, may_have_the_line_ends_and_the_mark_of_another_system) {
  std::string text = "\xef\xbb\xbf";
  for (const char letter : whole)
    text += letter == '\n' ? std::string("\r\n") : std::string(1, letter);
  const auto defect = parse_defect("S99-a-bug", text);
  ASSERT_TRUE(defect) << defect.error();
  EXPECT_EQ(defect->patch, whole);
}

TEST(defect, in_utf_16_is_refused_as_such) {
  const auto defect = parse_defect("S99-a-bug", "\xff\xfe");
  ASSERT_FALSE(defect);
  EXPECT_EQ(defect.error(), "S99-a-bug.patch:1:1: the text is UTF-16; save it as UTF-8");
}

TEST(defect, has_all_that_its_header_says) {
  const auto defect = parse_defect("S99-a-bug", whole);
  ASSERT_TRUE(defect) << defect.error();
  EXPECT_EQ(defect->title, "S99, a bug");
  EXPECT_EQ(defect->kind, "layout");
  EXPECT_EQ(defect->reports.size(), 2u);
  EXPECT_EQ(defect->theorems,
            (std::vector<std::string>{"initialize/L4.modifies", "initialize/L5."}));
  ASSERT_EQ(defect->oracles.size(), 2u);
  EXPECT_EQ(defect->oracles[1].target.text(), "program");
  EXPECT_EQ(defect->oracles[1].violated, "AddressSanitizer");
  EXPECT_EQ(defect->patch, whole);
}

TEST(defect, may_name_a_target_without_sanitizers) {
  std::string text = without("Must crash");
  text.insert(0, "Must crash: layout L4, program C6 without sanitizers\n");
  const auto defect = parse_defect("S99-a-bug", text);
  ASSERT_TRUE(defect) << defect.error();
  ASSERT_EQ(defect->oracles.size(), 2u);
  EXPECT_TRUE(defect->oracles[0].target.is_sanitized);
  EXPECT_EQ(defect->oracles[1].target, (BuiltTarget{"program", false}));
  EXPECT_EQ(defect->oracles[1].target.text(), "program without sanitizers");
  EXPECT_EQ(defect->oracles[1].violated, "C6");
}

TEST(defect, says_why_where_none_can_see_it) {
  std::string text = without("Must be refuted");
  text.insert(0, "Must be refuted: none, since it is about threads\n");
  const auto defect = parse_defect("S99-a-bug", text);
  ASSERT_TRUE(defect) << defect.error();
  EXPECT_TRUE(defect->theorems.empty());
  EXPECT_EQ(defect->why_not_refuted, "since it is about threads");
}

TEST(defect, may_stop_the_proofs) {
  std::string text = without("Must be refuted");
  text.insert(0, "Must be refuted: stops, it has an instruction without a model\n");
  const auto defect = parse_defect("S99-a-bug", text);
  ASSERT_TRUE(defect) << defect.error();
  EXPECT_TRUE(defect->stops_proofs);
  EXPECT_TRUE(defect->theorems.empty());
  EXPECT_EQ(defect->why_not_refuted, "it has an instruction without a model");
  EXPECT_FALSE(parse_defect("S99-a-bug", whole)->stops_proofs);
}

TEST(defect, may_name_tests_that_fail_and_another_compiler) {
  const auto defect = parse_defect("S99-a-bug",
                                   "Must fail: walk., corpus seeds/program/deep\n"
                                   "Compiler: g++\n" +
                                       std::string(whole));
  ASSERT_TRUE(defect) << defect.error();
  EXPECT_EQ(defect->failures, (std::vector<std::string>{"walk.", "corpus seeds/program/deep"}));
  EXPECT_TRUE(defect->is_of_gxx);
  EXPECT_TRUE(parse_defect("S99-a-bug", whole)->failures.empty());
  EXPECT_FALSE(parse_defect("S99-a-bug", whole)->is_of_gxx);
}

TEST(defect, of_a_compiler_that_is_not_built_with_is_an_error_that_names_it) {
  const auto defect = parse_defect("S99-a-bug", "Compiler: icc\n" + std::string(whole));
  ASSERT_FALSE(defect);
  EXPECT_EQ(defect.error(), "S99-a-bug.patch: 'Compiler:' must be g++, not 'icc'");
}

TEST(defect, without_a_line_of_its_header_is_an_error_that_names_it) {
  for (const std::string key : {"Defect", "Class", "Must be refuted", "Must crash"}) {
    const auto defect = parse_defect("S99-a-bug", without(key));
    ASSERT_FALSE(defect) << key;
    EXPECT_NE(defect.error().find("S99-a-bug.patch"), std::string::npos) << defect.error();
    EXPECT_NE(defect.error().find("'" + key + ":'"), std::string::npos) << defect.error();
  }
  EXPECT_TRUE(parse_defect("S99-a-bug", without("Report: https://example.org/1")));
}

TEST(defect, with_a_line_that_is_none_or_comes_twice_is_an_error_that_names_it) {
  EXPECT_EQ(parse_defect("x", "Kind: y\n").error().substr(0, 10), "x.patch:1:");
  EXPECT_EQ(parse_defect("x", "Class: y\nClass: y\n").error(), "x.patch:2: a second 'Class:'");
  EXPECT_EQ(parse_defect("x", "Class: y\n").error(), "x.patch: no diff found");
  EXPECT_FALSE(parse_defect("x", ""));
  EXPECT_FALSE(parse_defect("x", without("Must crash") + "--- \n"));
}

TEST(defect, every_patch_names_theorems_targets_and_rules_that_exist) {
  const auto defects = read_defects(FIBERPROOF_SOURCE "/core/defects", {});
  ASSERT_TRUE(defects) << defects.error();
  EXPECT_GE(defects->size(), 30u);
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  ASSERT_TRUE(expected) << expected.error();
  const auto rules = rules_of(embedded_spec().text);
  for (const Defect& defect : *defects) {
    EXPECT_EQ(defect.title.substr(0, 3), defect.name.substr(0, 3)) << defect.name;
    for (const std::string& theorem : defect.theorems) {
      EXPECT_TRUE(std::ranges::any_of(*expected,
                                      [&](const ExpectedTheorem& entry) {
                                        return entry.verdict == Verdict::proved &&
                                               entry.name.starts_with(theorem);
                                      }))
          << defect.name << ": " << theorem;
    }
    for (const Oracle& oracle : defect.oracles) {
      EXPECT_NE(std::ranges::find(fuzz_targets(), oracle.target.name, &FuzzTarget::name),
                fuzz_targets().end())
          << defect.name << ": " << oracle.target.text();
      EXPECT_TRUE(oracle.violated.size() > 2 ||
                  std::ranges::find(rules, oracle.violated, &Rule::id) != rules.end())
          << defect.name << ": " << oracle.violated;
    }
    // What neither a proof nor a target sees, a test does; that a proof stops is no sight of it.
    EXPECT_TRUE(!defect.theorems.empty() || !defect.oracles.empty() || !defect.failures.empty())
        << defect.name;
  }
}

TEST(defect, that_nobody_has_is_an_error_that_names_it) {
  const auto defects = read_defects(FIBERPROOF_SOURCE "/core/defects", {"S14", "S77"});
  ASSERT_FALSE(defects);
  EXPECT_EQ(defects.error(), "no defect's name begins with 'S77'");
}

}  // namespace
}  // namespace fiberproof::verify
