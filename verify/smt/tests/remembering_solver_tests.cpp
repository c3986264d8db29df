// The remembering solver asks each question once, and gives its answer to the same question only.
#include "verify/smt/query.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

// Proves queries without assumptions, and counts its questions.
class CountingSolver final : public Solver {
 public:
  explicit CountingSolver(unsigned& asked) : asked_(asked) {}
  Answer prove(const Query& query) override {
    ++asked_;
    Answer answer;
    answer.verdict = query.assumptions.empty() ? Verdict::proved : Verdict::refuted;
    answer.counterexample.words["x"] = asked_;
    answer.time = std::chrono::seconds(1);
    return answer;
  }

 private:
  unsigned& asked_;
};

TEST(remembering_solver, asks_each_question_once) {
  unsigned asked = 0;
  const auto solver = make_remembering_solver(std::make_unique<CountingSolver>(asked));
  const Term x = variable("x");
  const Formula goal = less(x, word(7));
  const Formula other = less(x, word(8));
  EXPECT_EQ(solver->prove({{}, goal}).verdict, Verdict::proved);
  EXPECT_EQ(solver->prove({{other}, goal}).verdict, Verdict::refuted);
  EXPECT_EQ(solver->prove({{goal}, other}).verdict, Verdict::refuted);
  EXPECT_EQ(asked, 3u);
  const Answer again = solver->prove({{other}, less(variable("x"), word(7))});
  EXPECT_EQ(asked, 3u);
  EXPECT_EQ(again.verdict, Verdict::refuted);
  EXPECT_EQ(again.counterexample.words.at("x"), 2u);
  EXPECT_EQ(again.time.count(), 0);
}

}  // namespace
}  // namespace fiberproof::verify
