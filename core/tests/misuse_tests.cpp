// Misuse: the caller must not do this, and a check ends the process at once.
#include "core/tests/checked.hpp"

#include <gtest/gtest.h>
#include <exception>
#include <memory>
#include <span>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const Body nothing(0, 0, [](std::span<Value>) {});

TEST(entry, is_required_by_every_operation) {
  Store store;
  Handle fresh;
  {
    const Entry entry(store);
    fresh = checked::cont_new(store, nothing);
  }
  EXPECT_DEATH(static_cast<void>(cont_new(store, &nothing)), "C2 violated");
  EXPECT_DEATH(static_cast<void>(cont_new(store, nullptr)), "C2 violated");
  EXPECT_DEATH(static_cast<void>(cont_bind(store, fresh, {})), "C2 violated");
  EXPECT_DEATH(static_cast<void>(abandon(store, fresh)), "C2 violated");
  EXPECT_DEATH(static_cast<void>(resume(store, fresh)), "C2 violated");
  EXPECT_DEATH(static_cast<void>(resume(store, Handle{})), "C2 violated");
  EXPECT_DEATH(static_cast<void>(resume_throw(store, fresh, std::make_exception_ptr(1))),
               "C2 violated");
  EXPECT_DEATH(static_cast<void>(suspend(store, yield.tag)), "C2 violated");
  EXPECT_DEATH(static_cast<void>(switch_to(store, fresh, peer.tag)), "C2 violated");
}

TEST(entry, must_close_before_the_outer_one) {
  Store store;
  Store other;
  EXPECT_DEATH(
      {
        auto outer = std::make_unique<Entry>(store);
        const Entry inner(store);
        outer.reset();
      },
      "C2 violated");
  EXPECT_DEATH(
      {
        auto outer = std::make_unique<Entry>(store);
        const Entry inner(other);
        outer.reset();
      },
      "C2 violated");
}

TEST(entry, must_not_close_while_its_chain_runs) {
  Store store;
  auto entry = std::make_unique<Entry>(store);
  Body body(0, 0, [&](std::span<Value>) { EXPECT_DEATH(entry.reset(), "C2 violated"); });
  checked::resume_to_end(store, checked::cont_new(store, body));
}

TEST(entry, must_close_before_the_body_that_opened_it_ends) {
  Store store;
  const Entry entry(store);
  std::unique_ptr<Entry> left_open;
  Body body(0, 0, [&](std::span<Value>) { left_open = std::make_unique<Entry>(store); });
  EXPECT_DEATH(static_cast<void>(resume(store, checked::cont_new(store, body))), "C2 violated");
}

TEST(entry, of_another_store_must_close_before_its_body_suspends) {
  Store store;
  Store other;
  Body body(0, 0, [&](std::span<Value>) {
    const Entry inner(other);
    static_cast<void>(suspend(store, yield.tag));
  });
  EXPECT_DEATH(
      {
        const Entry entry(store);
        checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
      },
      "C2 violated");
}

TEST(store, must_not_end_while_it_is_entered) {
  EXPECT_DEATH(
      {
        auto store = std::make_unique<Store>();
        const Entry entry(*store);
        store.reset();
      },
      "C2 violated");
}

}  // namespace
}  // namespace fiberproof
