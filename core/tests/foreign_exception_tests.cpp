// Exceptions of other languages (F3): each passes from stack to stack as the same object, until a
// stack catches it.
#include "core/tests/nested_bodies.hpp"

#include <unwind.h>

#include <gtest/gtest.h>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace fiberproof {
namespace {

struct Foreign {
  _Unwind_Exception header{};
  static inline int living = 0;

  Foreign() {
    std::memcpy(&header.exception_class, "FIBRTEST", sizeof header.exception_class);
    header.exception_cleanup = [](_Unwind_Reason_Code, _Unwind_Exception* exception) {
      delete reinterpret_cast<Foreign*>(exception);
    };
    ++living;
  }
  ~Foreign() { --living; }
};

[[noreturn]] void raise_foreign() {
  auto* const exception = new Foreign;
  _Unwind_RaiseException(&exception->header);
  std::terminate();
}

TEST(foreign_exception, passes_every_stack_to_its_handler) {
  for (const std::size_t depth : {1u, 3u, 50u}) {
    Store store;
    const Entry entry(store);
    std::vector<std::string> notes;
    bool caught = false;
    try {
      run_nested(store, depth, notes, [] { raise_foreign(); });
    } catch (...) {
      caught = true;
      EXPECT_EQ(std::current_exception(), nullptr) << "not a C++ exception";
      EXPECT_EQ(Foreign::living, 1) << "the same object, still there";
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(notes.size(), depth + 1);
    EXPECT_EQ(Foreign::living, 0);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    run_nested(store, 1, notes, [] {});
    EXPECT_EQ(notes.back(), "1") << "the store still works";
  }
}

TEST(foreign_exception, caught_on_an_outer_stack_lets_it_continue) {
  Store store;
  const Entry entry(store);
  Body raises(0, 0, [](std::span<Value>) { raise_foreign(); });
  Body catches(0, 1, [&](std::span<Value> values) {
    try {
      static_cast<void>(resume(store, *cont_new(store, &raises)));
    } catch (...) {
      values[0] = {7, 0};
    }
  });
  const auto outcome = resume(store, *cont_new(store, &catches));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->values[0].low, 7u);
  EXPECT_EQ(Foreign::living, 0);
}

[[noreturn]] void raise_foreign_uncaught() {
  std::set_terminate([] { std::_Exit(5); });
  Store store;
  const Entry entry(store);
  Body raises(0, 0, [](std::span<Value>) { raise_foreign(); });
  [&]() noexcept { static_cast<void>(resume(store, *cont_new(store, &raises))); }();
  std::_Exit(3);
}

TEST(foreign_exception, uncaught_terminates) {
  EXPECT_EXIT(raise_foreign_uncaught(), testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace fiberproof
