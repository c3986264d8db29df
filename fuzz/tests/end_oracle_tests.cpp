// The oracle of processes that a Program ends: whole and exact reports pass, and each error that is
// planted in one is told.
#include "fuzz/oracle/end_oracle.hpp"

#include "fuzz/oracle/end_place.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

// As waitpid() has it.
constexpr int killed_by_fault = SIGSEGV;
constexpr int killed_by_trap = SIGILL;

constexpr PredictedEnd overflow{.kind = Kind::overflow,
                                .by_recursion = true,
                                .stack = 2,
                                .continuation = 2,
                                .depth = 3,
                                .usable_bytes = 0x10000};
constexpr PredictedEnd trespass{
    .kind = Kind::trespass, .stack = 2, .continuation = 2, .usable_bytes = 0x10000};
constexpr PredictedEnd unreported{.kind = Kind::unreported};
constexpr PredictedEnd check{.kind = Kind::check, .continuation = 1};

// Limit 0x20140, so that the guard pages are [0x10000, 0x20000); five continuations were made
// before.
const std::string announced_overflow =
    "fiberproof: about to end the process: limit 0x0000000000020140 access 0x0000000000000000 "
    "parent 0x0000000000000000 earlier 0x0000000000000005\n";
const std::string announced_trespass =
    "fiberproof: about to end the process: limit 0x0000000000020140 access 0x0000000000010000 "
    "parent 0x0000000000000000 earlier 0x0000000000000005\n";
const std::string announced_check =
    "fiberproof: about to end the process: limit 0x0000000000000000 access 0x0000000000000000 "
    "parent 0x0000000000051230 earlier 0x0000000000000000\n";

const std::string overflow_report =
    "fiberproof: C8: stack overflow of continuation 7, 3 deep: its 65536 usable bytes end at "
    "0x20140, access to 0x1fff8 at rip 0x5000, rsp 0x20000\n"
    "    #0 0x5000 (executable+0x10), 512 times\n"
    "    #512 0x6000\n";
const std::string trespass_report =
    "fiberproof: C8: access from elsewhere to a guard page of continuation 7, in no active chain: "
    "its 65536 usable bytes end at 0x20140, access to 0x10000 at rip 0x5000, rsp 0x7000\n"
    "    #0 0x5000\n";
const std::string check_report =
    "fiberproof: C3 violated: last.parent == nullptr (0x0000000000051230 against "
    "0x0000000000000000) at /a/core/continuation_inline.hpp:98\n";

std::string with(std::string text, std::string_view was, std::string_view is) {
  const std::size_t place = text.find(was);
  EXPECT_NE(place, text.npos) << was;
  return text.replace(place, was.size(), is);
}

/// The sentence, or nothing for an end as it must be.
std::string fault_of(const PredictedEnd& expected, int status, const std::string& said) {
  const auto fault = oracle::end_fault(expected, status, said);
  return fault ? fault->sentence : "";
}

void expect_fault(const PredictedEnd& expected, int status, const std::string& said) {
  EXPECT_TRUE(oracle::end_fault(expected, status, said)) << said;
}

TEST(end_oracle, accepts_whole_and_exact_reports) {
  EXPECT_EQ(fault_of(overflow, killed_by_fault, announced_overflow + overflow_report), "");
  EXPECT_EQ(fault_of(trespass, killed_by_fault, announced_trespass + trespass_report), "");
  EXPECT_EQ(fault_of(unreported, killed_by_fault, announced_trespass), "");
  EXPECT_EQ(fault_of(check, killed_by_trap, announced_check + check_report), "");
}

// ASan with verbosity=1, as a fuzzing service runs it.
TEST(end_oracle, passes_over_the_notes_of_a_sanitizer_and_not_over_its_reports) {
  const std::string note = "==13844==T1: FakeStack created: 0x7fc8e492c000 -- 0x7fc8e49dd800\n";
  EXPECT_EQ(fault_of(overflow, killed_by_fault,
                     note + announced_overflow + note + note + overflow_report + note),
            "");
  EXPECT_EQ(fault_of(unreported, killed_by_fault, announced_trespass + note), "");
  for (const char* report : {"==13844==ERROR: AddressSanitizer: stack-buffer-overflow\n",
                             "==13844==WARNING: MemorySanitizer: use-of-uninitialized-value\n",
                             "====\n", "==1384\n", "==x==T1: note\n", " ==1==T1: note\n"}) {
    expect_fault(overflow, killed_by_fault, report + announced_overflow + overflow_report);
    expect_fault(overflow, killed_by_fault, announced_overflow + overflow_report + report);
  }
}

TEST(end_oracle, tells_each_wrong_word_of_an_overflow) {
  for (const auto& [was, is] : {std::pair{"continuation 7", "continuation 2"},
                                {"continuation 7", "continuation 77"},
                                {"3 deep", "2 deep"},
                                {"3 deep", "in no active chain"},
                                {"stack overflow of", "access from elsewhere to a guard page of"},
                                {"65536 usable", "65535 usable"},
                                {"end at 0x20140", "end at 0x20000"},
                                {"access to 0x1fff8", "access to 0x20000"},
                                {"access to 0x1fff8", "access to 0x1eff8"},
                                {"rsp 0x20000", "rsp 0x7000"},
                                {"rsp 0x20000", "rsp 0x30140"},
                                {"at rip 0x5000", "at rip 0x5001"},
                                {"#512", "#511"},
                                {"#0 0x5000", "#1 0x5000"},
                                {"512 times", "512 time"},
                                {"    #512", "   #512"}}) {
    expect_fault(overflow, killed_by_fault, announced_overflow + with(overflow_report, was, is));
  }
}

TEST(end_oracle, tells_each_wrong_word_of_a_trespass) {
  for (const auto& [was, is] : {std::pair{"continuation 7", "continuation 2"},
                                {"in no active chain", "1 deep"},
                                {"access to 0x10000", "access to 0x10008"},
                                {"rsp 0x7000", "rsp 0x20200"},
                                {"access from elsewhere to a guard page", "stack overflow"}}) {
    expect_fault(trespass, killed_by_fault, announced_trespass + with(trespass_report, was, is));
  }
}

TEST(end_oracle, tells_a_missing_a_second_and_a_further_report) {
  const std::string whole = announced_overflow + overflow_report;
  expect_fault(overflow, killed_by_fault, announced_overflow);
  expect_fault(overflow, killed_by_fault, whole + overflow_report);
  expect_fault(overflow, killed_by_fault, whole + "more\n");
  expect_fault(overflow, killed_by_fault, whole.substr(0, whole.find("    #0")));
  expect_fault(overflow, killed_by_fault, "first\n" + whole);
  expect_fault(overflow, killed_by_fault, overflow_report);
  expect_fault(unreported, killed_by_fault, announced_trespass + trespass_report);
  expect_fault(check, killed_by_trap, announced_check + check_report + check_report);
  std::string frames;
  for (int frame = 2; frame < 10; ++frame) {
    frames += "    #" + std::to_string(511 + frame) + " 0x7000\n";
  }
  expect_fault(overflow, killed_by_fault, whole + frames);
}

TEST(end_oracle, tells_another_death_and_none) {
  const std::string whole = announced_overflow + overflow_report;
  EXPECT_TRUE(fault_of(overflow, SIGBUS, whole).contains("Bus error"));
  EXPECT_TRUE(fault_of(overflow, 0, whole).contains("an end with status 0"));
  EXPECT_TRUE(fault_of(overflow, SIGALRM, whole).contains("Alarm clock"));
  expect_fault(unreported, 0, announced_trespass);
  expect_fault(check, killed_by_fault, announced_check + check_report);
  expect_fault(check, killed_by_fault, announced_check);
}

TEST(end_oracle, tells_each_wrong_word_of_a_check) {
  for (const auto& [was, is] : {std::pair{"C3", "C2"},
                                {"0x0000000000051230", "0x0000000000051238"},
                                {"last.parent", "first.parent"},
                                {"continuation_inline.hpp", "continuation.cpp"},
                                {":98", ":"}}) {
    expect_fault(check, killed_by_trap, announced_check + with(check_report, was, is));
  }
}

TEST(end_oracle, names_the_rule) {
  EXPECT_EQ(oracle::end_fault(overflow, 0, "")->id, SpecId::C8);
  EXPECT_EQ(oracle::end_fault(check, 0, "")->id, SpecId::C3);
}

TEST(end_place, has_the_guard_pages_that_the_specification_says) {
  const EndPlace place{.limit = 0x20140};
  EXPECT_EQ(place.guard_end(), 0x20000u);
  EXPECT_EQ(place.guard_lowest(), 0x10000u);
  EXPECT_EQ(EndPlace{.limit = 0x20000}.guard_end(), 0x20000u);
}

}  // namespace
}  // namespace fiberproof::fuzz
