// Instances: the selection finds those that a query needs, and only those that it was offered.
#include "verify/smt/instances.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

TEST(instances, selects_only_those_that_the_goal_needs) {
  std::vector<Formula> offered;
  for (int index = 0; index < 50; ++index) {
    offered.push_back(
        less(variable("a" + std::to_string(index)), variable("a" + std::to_string(index + 1))));
  }
  const Query query{{}, less(variable("a20"), variable("a23"))};
  const Query chosen = with_instances(query, offered, std::chrono::seconds(60));
  EXPECT_EQ(chosen.assumptions.size(), 3u);
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  EXPECT_EQ(solver->prove(chosen).verdict, Verdict::proved);
}

TEST(instances, a_goal_that_does_not_follow_is_still_refuted) {
  const std::vector<Formula> offered{less(variable("a"), variable("b"))};
  const Query query{{}, less(variable("b"), variable("a"))};
  const Query chosen = with_instances(query, offered, std::chrono::seconds(60));
  const auto solver = make_z3_solver(std::chrono::seconds(60));
  EXPECT_EQ(solver->prove(chosen).verdict, Verdict::refuted);
}

TEST(instances, an_evaluator_agrees_with_evaluate) {
  const std::vector<Formula> formulas{less(variable("a"), variable("b")),
                                      equal(variable("a") + word(1), variable("b"))};
  Evaluator evaluator(formulas);
  for (std::uint64_t a = 0; a < 4; ++a) {
    Model model;
    model.words = {{"a", a}, {"b", 2}};
    EXPECT_EQ(evaluator(model),
              (std::vector<bool>{evaluate(formulas[0], model), evaluate(formulas[1], model)}));
  }
}

}  // namespace
}  // namespace fiberproof::verify
