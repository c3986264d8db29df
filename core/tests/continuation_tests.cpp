// Continuations on real stacks: they run, nest, suspend, end in each way, and fit their headroom.
#include "core/continuation.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace fiberproof {
namespace {

using Effect = ControlEffect::Discriminant;

class continuation : public testing::Test {
 protected:
  Store store_;
  Stack stack_ = *Stack::map(64 * 1024);
  Continuation made_;

  ControlEffect run(FuncRef::ArrayCall* body, Revision revision = Revision::trap) {
    func_ref_ = {body, this};
    EXPECT_TRUE(cont_new(made_, stack_, store_, func_ref_, 2, 1, revision).has_value());
    if (made_.args.capacity > 0) made_.args.data[0] = {20, 22};
    return *resume(made_);
  }

 private:
  FuncRef func_ref_{};
};

bool add(const FuncRef&, void*, Value* values, std::uint32_t) {
  values[0] = {values[0].low + values[0].high, 7};
  return true;
}

TEST_F(continuation, returns_its_values) {
  EXPECT_EQ(run(add).discriminant, Effect::return_);
  EXPECT_EQ(made_.state, State::returned);
  ASSERT_EQ(made_.values().size(), 1u);
  EXPECT_EQ(made_.values()[0], (Value{42, 7}));
}

bool fail(const FuncRef&, void*, Value*, std::uint32_t) {
  return false;
}

TEST_F(continuation, that_traps_is_told_from_one_that_returns) {
  EXPECT_EQ(run(fail).discriminant, Effect::trap);
  EXPECT_EQ(made_.state, State::trapped);
  EXPECT_TRUE(made_.values().empty());
}

// Guards Wasmtime issue 13028, which revision v44 has on purpose.
TEST_F(continuation, of_revision_v44_reports_a_trap_as_a_return) {
  EXPECT_EQ(run(fail, Revision::v44).discriminant, Effect::return_);
  EXPECT_EQ(made_.values().size(), 1u);
}

bool raise(const FuncRef&, void*, Value*, std::uint32_t) {
  throw std::runtime_error("from a fiber");
}

TEST_F(continuation, keeps_an_exception_for_the_resumer) {
  EXPECT_EQ(run(raise).discriminant, Effect::trap);
  ASSERT_NE(store_.raised, nullptr);
  try {
    std::rethrow_exception(store_.raised);
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "from a fiber");
  }
}

bool suspend_twice(const FuncRef& self, void*, Value*, std::uint32_t) {
  Continuation& running = *static_cast<Continuation*>(self.vmctx);
  suspend(running, 7);
  suspend(running, 0xffff'ffff);
  return true;
}

TEST_F(continuation, suspends_to_whoever_resumes_it_and_goes_on_there) {
  const FuncRef func_ref{suspend_twice, &made_};
  ASSERT_TRUE(cont_new(made_, stack_, store_, func_ref, 0, 0).has_value());
  EXPECT_EQ(*resume(made_), (ControlEffect{Effect::suspend, 7}));
  EXPECT_EQ(made_.state, State::suspended);
  EXPECT_EQ(*resume(made_), (ControlEffect{Effect::suspend, 0xffff'ffff}));
  EXPECT_EQ(*resume(made_), (ControlEffect{Effect::return_}));
}

TEST_F(continuation, that_has_ended_cannot_be_resumed) {
  run(add);
  const auto again = resume(made_);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().state, State::returned);
}

TEST_F(continuation, that_could_not_be_laid_out_cannot_be_resumed) {
  const FuncRef func_ref{add, nullptr};
  EXPECT_FALSE(cont_new(made_, stack_, store_, func_ref, 1u << 28, 0).has_value());
  EXPECT_FALSE(resume(made_).has_value());
}

bool suspend_itself_while_suspended(const FuncRef& self, void*, Value*, std::uint32_t) {
  Continuation& running = *static_cast<Continuation*>(self.vmctx);
  running.state = State::suspended;
  suspend(running, 1);
  return true;
}

TEST_F(continuation, that_is_not_running_cannot_suspend) {
  const FuncRef func_ref{suspend_itself_while_suspended, &made_};
  ASSERT_TRUE(cont_new(made_, stack_, store_, func_ref, 0, 0).has_value());
  EXPECT_DEATH(static_cast<void>(resume(made_)), "S5 violated");
}

struct Nest {
  StackPool pool;
  Store store;
  int depth = 0;
  int depth_max = 0;
};

bool nest(const FuncRef& self, void*, Value* values, std::uint32_t) {
  Nest& state = *static_cast<Nest*>(self.vmctx);
  if (++state.depth < state.depth_max) {
    auto stack = state.pool.acquire(16 * 1024);
    Continuation child;
    if (!stack || !cont_new(child, *stack, state.store, self, 1, 1)) return false;
    child.args.data[0] = {values[0].low + 1, 0};
    if (resume(child)->discriminant != Effect::return_) return false;
    values[0] = child.values()[0];
    state.pool.release(std::move(*stack));
  }
  return true;
}

TEST_F(continuation, nests_4096_deep) {
  Nest state;
  state.depth_max = 4096;
  const FuncRef func_ref{nest, &state};
  ASSERT_TRUE(cont_new(made_, stack_, store_, func_ref, 1, 1).has_value());
  made_.args.data[0] = {1, 0};
  EXPECT_EQ(*resume(made_), (ControlEffect{Effect::return_}));
  EXPECT_EQ(made_.values()[0].low, 4096u);
}

bool nothing(const FuncRef&, void*, Value*, std::uint32_t) {
  return true;
}

// What L8 promises: a start that is accepted can run, with as much to spare as it needs.
TEST_F(continuation, headroom_covers_the_first_frames_twice) {
  const StackBounds bounds = stack_.bounds();
  std::memset(reinterpret_cast<void*>(bounds.limit()), 0xa5, bounds.usable_bytes);
  run(nothing);
  const auto* const lowest = reinterpret_cast<const unsigned char*>(bounds.limit());
  const auto* const touched = std::find_if(lowest, lowest + bounds.usable_bytes,
                                           [](unsigned char byte) { return byte != 0xa5; });
  const std::uint64_t first_rsp = bounds.top - laid_out_bytes(made_.args.capacity);
  const std::uint64_t used = first_rsp - reinterpret_cast<std::uint64_t>(touched);
  RecordProperty("bytes_used", static_cast<int>(used));
  EXPECT_LE(used, headroom_bytes / 2);
}

}  // namespace
}  // namespace fiberproof
