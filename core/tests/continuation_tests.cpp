// Continuations on real stacks: they run, suspend, end in each way, and fit their headroom.
#include "core/continuation.hpp"

#include "core/body.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace fiberproof {
namespace {

TEST(continuation, returns_its_values) {
  Store store;
  const Entry entry(store);
  Body add(1, 1, [](std::span<Value> values) {
    values[0] = {values[0].low + values[0].high, 7};
  });
  const Value argument{20, 22};
  const auto outcome = resume(store, *cont_new(store, &add), {&argument, 1});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
  ASSERT_EQ(outcome->values.size(), 1u);
  EXPECT_EQ(outcome->values[0], (Value{42, 7}));
}

}  // namespace
}  // namespace fiberproof
