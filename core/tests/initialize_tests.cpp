// initialize: its refusals, and its checks of what it relies on. The words that it writes are
// proved (verify/contracts/initialize.contract) and fuzzed (target `layout`).
#include "core/initialize.hpp"

#include "core/layout.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace fiberproof {
namespace {

void start_nothing() {}

class initialize_refusal : public testing::Test {
 protected:
  static std::expected<void, StackTooSmall> lay_out(StackBounds bounds, std::uint32_t parameters,
                                                    std::uint32_t returns) {
    ArgsObject args{};
    return initialize(bounds, {start_nothing, nullptr, nullptr, parameters, returns}, args);
  }
};

TEST_F(initialize_refusal, begins_exactly_at_the_boundary) {
  const auto stack = Stack::map(8192);
  const auto fits = static_cast<std::uint32_t>((8192 - 0x40 - headroom_bytes) / 16);
  EXPECT_TRUE(lay_out(stack->bounds(), fits, 0).has_value());
  EXPECT_TRUE(lay_out(stack->bounds(), 0, fits).has_value());
  EXPECT_FALSE(lay_out(stack->bounds(), fits + 1, 0).has_value());
  EXPECT_FALSE(lay_out(stack->bounds(), 0, fits + 1).has_value());
}

// Guards Wasmtime pull request 13662's class: 508 values fill two pages to the last byte.
TEST_F(initialize_refusal, covers_every_start_that_could_not_run) {
  const auto stack = Stack::map(8192);
  const auto refused = lay_out(stack->bounds(), 508, 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().required_bytes, 0x40u + 508u * 16 + headroom_bytes);
  EXPECT_EQ(refused.error().usable_bytes, 8192u);
}

TEST_F(initialize_refusal, counts_in_64_bits) {
  const auto stack = Stack::map(8192);
  for (const std::uint32_t count :
       {1u << 28, (1u << 28) + 1, std::numeric_limits<std::uint32_t>::max()}) {
    const auto refused = lay_out(stack->bounds(), count, 0);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().required_bytes, 0x40u + std::uint64_t{count} * 16 + headroom_bytes);
  }
}

TEST_F(initialize_refusal, of_a_misaligned_top_is_a_check) {
  const auto stack = Stack::map(8192);
  StackBounds bounds = stack->bounds();
  bounds.top -= 8;
  EXPECT_DEATH(static_cast<void>(lay_out(bounds, 0, 0)), "L7 violated");
}

TEST(initialize, checks_that_the_args_object_is_empty) {
  const auto stack = Stack::map(8192);
  ArgsObject args{1, 1, nullptr};
  EXPECT_DEATH(
      static_cast<void>(initialize(stack->bounds(), {start_nothing, nullptr, nullptr, 0, 0}, args)),
      "L3 violated");
}

}  // namespace
}  // namespace fiberproof
