// The driver with an engine of paper: one program's fault stays with that program.
#include "fuzz/engine/driver.hpp"
#include "fuzz/engine/tests/paper_engine.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>

namespace fiberproof::fuzz::engine {
namespace {

class driver : public testing::Test {
 protected:
  driver() { std::filesystem::create_directories(scratch_); }
  ~driver() override { std::filesystem::remove_all(scratch_); }

  std::vector<Verdict> judge(const std::vector<std::string>& names) {
    std::vector<wasm::Translation> programs;
    for (const std::string& name : names) programs.push_back(named_program(name));
    std::vector<const wasm::Translation*> all;
    for (const wasm::Translation& program : programs) all.push_back(&program);
    Driver one(
        {.name = "paper", .version = "1", .protocol = Protocol::javascript, .command = {"paper"}},
        {.scratch = scratch_.string()},
        [this](const EngineCommand& command) { return paper_(command); });
    return one.judge(all);
  }

  static std::vector<std::string> told(const std::vector<Verdict>& verdicts) {
    std::vector<std::string> texts;
    for (const Verdict& verdict : verdicts) texts.push_back(describe(verdict));
    return texts;
  }

  using Texts = std::vector<std::string>;
  std::filesystem::path scratch_ = std::filesystem::path(testing::TempDir()) /
                                   testing::UnitTest::GetInstance()->current_test_info()->name();
  PaperEngine paper_;
};

TEST_F(driver, runs_a_batch_without_faults_in_one_process) {
  EXPECT_EQ(told(judge({"a", "b", "c"})), (Texts{"agrees", "agrees", "agrees"}));
  EXPECT_EQ(paper_.batches.size(), 1U);
}

TEST_F(driver, blames_one_program_for_a_crash_and_runs_the_rest) {
  paper_.faults["b"] = Fault::crash;
  EXPECT_EQ(told(judge({"a", "b", "c"})),
            (Texts{"agrees", "expected 0, got crash: SIGSEGV (call 1)", "agrees"}));
  EXPECT_EQ(paper_.batches, (std::vector<Texts>{{"a", "b", "c"}, {"b"}, {"c"}}));
}

TEST_F(driver, tells_a_hang_a_wrong_answer_and_a_refusal_apart) {
  paper_.faults = {
      {"a", Fault::hang}, {"b", Fault::wrong}, {"c", Fault::refused}, {"e", Fault::memory}};
  EXPECT_EQ(told(judge({"a", "b", "c", "d", "e"})),
            (Texts{"expected 0, got hang (call 1)", "expected 0, got returned 5 (call 1)",
                   "refused: CompileError: bad byte @+1", "agrees",
                   "expected 0, got out of memory (call 1)"}));
}

TEST_F(driver, runs_the_first_three_suspects_of_a_kind_alone) {
  paper_.faults = {{"a", Fault::wrong},
                   {"b", Fault::wrong},
                   {"c", Fault::wrong},
                   {"d", Fault::wrong},
                   {"e", Fault::wrong}};
  const auto verdicts = judge({"a", "b", "c", "d", "e"});
  EXPECT_EQ(std::ranges::count(verdicts, Verdict::Kind::wrong, &Verdict::kind), 5);
  EXPECT_EQ(paper_.batches, (std::vector<Texts>{{"a", "b", "c", "d", "e"}, {"a"}, {"b"}, {"c"}}));
}

TEST_F(driver, halves_where_no_program_was_begun) {
  paper_.faults["c"] = Fault::crash_at_start;
  EXPECT_EQ(told(judge({"a", "b", "c", "d", "e"})),
            (Texts{"agrees", "agrees", "before a call, got crash: SIGABRT", "agrees", "agrees"}));
}

TEST_F(driver, keeps_the_smallest_batch_that_shows_what_one_program_alone_does_not) {
  paper_.faults["f"] = Fault::crash_behind_other;
  const auto verdicts = judge({"a", "b", "other", "d", "e", "f", "g"});
  EXPECT_EQ(verdicts[5].kind, Verdict::Kind::crash);
  EXPECT_TRUE(verdicts[5].is_only_in_batch);
  EXPECT_EQ(verdicts[5].batch, (std::vector<std::size_t>{2}));
  EXPECT_EQ(describe(verdicts[5]),
            "expected 0, got crash: SIGSEGV (call 1), only in a batch, behind 1 other");
  EXPECT_EQ(verdicts[6].kind, Verdict::Kind::agrees);
}

TEST_F(driver, counts_the_smallest_batch_from_the_first_program_of_all) {
  paper_.faults = {{"a", Fault::crash}, {"d", Fault::crash_behind_other}};
  const auto verdicts = judge({"a", "b", "other", "d"});
  EXPECT_EQ(verdicts[3].batch, (std::vector<std::size_t>{2}));
}

TEST_F(driver, says_of_a_crash_that_never_comes_again_that_it_was_seen_once) {
  paper_.faults["b"] = Fault::crash;
  paper_.once.insert("b");
  const auto verdicts = judge({"a", "b"});
  EXPECT_EQ(verdicts[1].kind, Verdict::Kind::crash);
  EXPECT_TRUE(verdicts[1].is_seen_once);
}

TEST_F(driver, blames_nobody_for_a_timeout_that_does_not_come_again) {
  paper_.faults["b"] = Fault::hang;
  paper_.once.insert("b");
  EXPECT_EQ(told(judge({"a", "b", "c"})), (Texts{"agrees", "agrees", "agrees"}));
}

TEST_F(driver, never_counts_a_program_of_an_engine_that_does_not_start_as_agreeing) {
  const auto program = named_program("a");
  Driver one(
      {.name = "absent", .version = "1", .protocol = Protocol::javascript, .command = {"absent"}},
      {.scratch = scratch_.string()}, [](const EngineCommand&) {
        return EngineEnd{.why_not_started = "No such file or directory", .lines = {}};
      });
  const Verdict verdict = one.judge_alone(program);
  EXPECT_EQ(verdict.kind, Verdict::Kind::not_run);
  EXPECT_EQ(describe(verdict), "not run: absent: cannot be started: No such file or directory");
  EXPECT_FALSE(one.prepare());
}

TEST_F(driver, leaves_out_an_engine_that_says_yes_to_everything) {
  Driver one({.name = "yes", .version = "1", .protocol = Protocol::javascript, .command = {"yes"}},
             {.scratch = scratch_.string()},
             [this](const EngineCommand& command) { return paper_(command); });
  const auto prepared = one.prepare();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error(), "yes: does not notice a wrong result: agrees");
}

TEST_F(driver, bounds_a_batch_by_its_programs_and_its_continuations) {
  std::vector<wasm::Translation> programs(5, named_program("a"));
  for (auto& program : programs) program.contents.continuations = 2500;
  std::vector<const wasm::Translation*> all;
  for (const auto& program : programs) all.push_back(&program);
  Driver one(
      {.name = "paper", .version = "1", .protocol = Protocol::javascript, .command = {"paper"}},
      {.scratch = scratch_.string()},
      [this](const EngineCommand& command) { return paper_(command); });
  static_cast<void>(one.judge(all));
  EXPECT_EQ(paper_.batches.size(), 3U);
  EXPECT_EQ(one.usage().programs, 5U);
}

TEST_F(driver, stops_between_batches_where_it_is_told_to) {
  const auto program = named_program("a");
  const wasm::Translation* const one_program = &program;
  Driver one(
      {.name = "paper", .version = "1", .protocol = Protocol::javascript, .command = {"paper"}},
      {.scratch = scratch_.string()},
      [this](const EngineCommand& command) { return paper_(command); });
  EXPECT_EQ(one.judge({&one_program, 1}, [] { return true; }).front().kind, Verdict::Kind::not_run);
  EXPECT_TRUE(paper_.batches.empty());
}

}  // namespace
}  // namespace fiberproof::fuzz::engine
