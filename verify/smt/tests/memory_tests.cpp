// Regions: an address has one region or none, and a load sees the store that wrote there.
#include "verify/smt/memory.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

class memory : public testing::Test {
 protected:
  std::unique_ptr<Solver> solver_ = make_z3_solver(std::chrono::seconds(5));
  Term top_ = variable("top");
  Term n_ = variable("n");
  Regions regions_{{"stack", top_, word(0) - word(4096), word(4096)},
                   {"object", variable("object"), word(0), word(16)}};
  Memory memory_{&regions_, solver_.get(), "entry"};
  std::vector<Formula> path_{less(n_, word(100))};

  Location at(Term address) { return *locate(regions_, address); }
  std::uint64_t value(Term loaded) { return evaluate(loaded, Model{}); }
};

TEST_F(memory, an_address_without_a_base_is_in_no_region) {
  EXPECT_FALSE(locate(regions_, n_ + word(8)).has_value());
  EXPECT_FALSE(locate(regions_, top_ + variable("object")).has_value());
  EXPECT_FALSE(locate(regions_, top_ + top_).has_value());
  EXPECT_FALSE(locate(regions_, top_ + (top_ & word(15))).has_value());
}

TEST_F(memory, a_load_sees_the_latest_store_there) {
  memory_.store(at(top_ - word(8)), word(1), 8);
  memory_.store(at(top_ - word(8)), word(2), 8);
  memory_.store(at(top_ - word(16)), word(3), 8);
  EXPECT_EQ(value(*memory_.load(at(top_ - word(8)), 8, path_)), 2u);
}

TEST_F(memory, a_symbolic_distance_is_decided_under_the_path) {
  memory_.store(at(top_ - word(8)), word(1), 8);
  memory_.store(at(top_ - word(16) - shift_left(n_, 4)), word(2), 8);
  EXPECT_EQ(value(*memory_.load(at(top_ - word(8)), 8, path_)), 1u);
  EXPECT_FALSE(memory_.load(at(top_ - word(32)), 8, path_).has_value()) << "n may be 1";
}

TEST_F(memory, parts_of_stores_are_put_together) {
  memory_.store(at(top_ - word(16)), word(0x1122334455667788), 8);
  memory_.store(at(top_ - word(12)), word(0xaabbccdd), 4);
  EXPECT_EQ(value(*memory_.load(at(top_ - word(16)), 8, path_)), 0xaabbccdd55667788u);
  EXPECT_EQ(value(*memory_.load(at(top_ - word(15)), 1, path_)), 0x77u);
}

TEST_F(memory, unknown_contents_are_the_same_each_time_until_havoc) {
  const Term first = *memory_.load(at(variable("object") + word(8)), 8, path_);
  EXPECT_TRUE(same(first, *memory_.load(at(variable("object") + word(8)), 8, path_)));
  memory_.havoc("later");
  EXPECT_FALSE(same(first, *memory_.load(at(variable("object") + word(8)), 8, path_)));
}

TEST_F(memory, the_ends_of_a_region_are_exact) {
  const auto holds = [this](Term offset, unsigned bytes) {
    return solver_->prove({{}, is_inside(regions_[0], offset, bytes)}).verdict == Verdict::proved;
  };
  EXPECT_TRUE(holds(word(0) - word(8), 8));
  EXPECT_FALSE(holds(word(0) - word(7), 8));
  EXPECT_TRUE(holds(word(0) - word(4096), 8));
  EXPECT_FALSE(holds(word(0) - word(4097), 1));
  EXPECT_FALSE(holds(word(0), 1));
}

}  // namespace
}  // namespace fiberproof::verify
