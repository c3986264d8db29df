// Which types the handles of a run have.
#include "fuzz/wasm/plan.hpp"

#include "fuzz/wasm/tests/program_of.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace fiberproof::fuzz::wasm {
namespace {

class PlanOf {
 public:
  explicit PlanOf(std::string_view steps, std::string_view declarations = "")
      : program(program_of(steps, declarations)) {
    wasm::trace(program, reference, run);
    plan = std::make_unique<Plan>(program, run);
  }
  const std::vector<Element>& params(StackIndex stack, std::uint32_t uses) const {
    return plan->nodes()[plan->node_of({stack, uses})].params;
  }

  Program program;
  Reference reference;
  Trace run;
  std::unique_ptr<Plan> plan;
};

TEST(plan, a_bind_leaves_the_rest_of_the_list) {
  const PlanOf of("new h0 f0 on s0\nbind h0 1 to h0\nresume h0 1 to h1", "values i31-as-any i32");
  ASSERT_EQ(of.params(1, 0).size(), 2u);
  EXPECT_EQ(of.params(1, 0)[0].type, ValueType::i31_as_any);
  EXPECT_EQ(of.params(1, 0)[1].type, ValueType::i32);
  ASSERT_EQ(of.params(1, 1).size(), 1u);
  EXPECT_EQ(of.params(1, 1)[0].type, ValueType::i32);
}

TEST(plan, what_was_bound_takes_what_comes_and_no_more) {
  const PlanOf of("new h0 f0 on s0\nbind h0 0 to h0\nresume h0 2 to h1", "values i31-as-any");
  EXPECT_EQ(of.params(1, 0)[0].type, ValueType::i31_as_any);
  EXPECT_EQ(of.params(1, 1)[0].type, ValueType::i31);
}

TEST(plan, a_suspended_handle_takes_what_it_is_resumed_with) {
  const PlanOf of(
      "new h0 f1 on s0\nresume h0 0 to h0 suspends t0\nsuspend t0 0 room 5\n"
      "bind h0 1 to h0\nresume h0 2 to h0");
  EXPECT_EQ(of.params(1, 1).size(), 3u);
  EXPECT_EQ(of.params(1, 2).size(), 2u);
}

TEST(plan, a_switch_hands_over_a_handle) {
  const PlanOf of(
      "new h0 f1 on s0\nnew h1 f0 on s0\nresume h0 0 to h2 switches t0\n"
      "switch h1 t0 1 room 1 to h3\nswitch h3 t0 0 room 1 to h4");
  // The second continuation gets a handle of the first, which gets one of the second.
  ASSERT_EQ(of.params(2, 0).size(), 2u);
  ASSERT_TRUE(of.params(2, 0)[1].is_handle());
  EXPECT_EQ(of.params(2, 0)[1].node, of.plan->node_of({1, 1}));
  EXPECT_TRUE(of.params(1, 1)[0].is_handle());
  EXPECT_EQ(of.plan->results_of(1), of.plan->results_of(2));
}

TEST(plan, a_chain_of_switches_has_types_that_refer_to_themselves) {
  const PlanOf of(
      "new h0 f1 on s0\nnew h1 f0 on s0\nresume h0 0 to h2 switches t0\n"
      "switch h1 t0 1 room 1 to h1\nswitch h1 t0 0 room 1 to h1\nrepeat 1 200");
  ASSERT_GT(of.run.events.size(), 200u);
  ASSERT_TRUE(of.run.events[200].is_taken());
  EXPECT_LT(of.plan->types(), 8u) << "not one for each of 200 switches";
}

TEST(plan, handles_are_passed_where_the_next_step_names_them) {
  constexpr std::string_view steps =
      "new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h2\nresume h1 0 to h3";
  EXPECT_EQ(PlanOf(steps).params(1, 0).size(), 0u);
  const PlanOf passed(steps, "handles passed");
  ASSERT_EQ(passed.params(1, 0).size(), 1u);
  EXPECT_EQ(passed.params(1, 0)[0].node, passed.plan->node_of({2, 0}));
}

TEST(plan, types_differ_where_the_types_that_they_refer_to_differ) {
  const PlanOf of(
      "new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h2\nresume h1 0 to h3\nreturn\nreturn\n"
      "new h4 f1 on s0\nnew h5 f0 on s0\nresume h4 0 to h6\nresume h5 2 to h7",
      "handles passed");
  ASSERT_EQ(of.params(1, 0).size(), 1u);
  ASSERT_EQ(of.params(3, 0).size(), 1u);
  ASSERT_TRUE(of.params(1, 0)[0].is_handle() && of.params(3, 0)[0].is_handle());
  // One takes a handle without values, the other a handle of two.
  EXPECT_NE(of.plan->type_of(of.plan->node_of({1, 0})), of.plan->type_of(of.plan->node_of({3, 0})));
}

}  // namespace
}  // namespace fiberproof::fuzz::wasm
