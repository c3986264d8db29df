// T7 with libunwind inside the process: from the innermost body it walks to main, through every
// trampoline and over each stack; also if a continuation, or the whole chain, was suspended and
// then resumed by another frame than the first time.
#include "core/tests/unwind/nest.hpp"
#include "core/tests/unwind/walked_frames.hpp"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <span>

namespace fiberproof::unwind {
namespace {

std::string procedure_name(unw_cursor_t& cursor) {
  std::array<char, 256> name{};
  unw_word_t offset = 0;
  unw_get_proc_name(&cursor, name.data(), name.size(), &offset);  // cuts long names, which is fine
  return name.data();
}

// The frames outside this function, up to main, or up to where libunwind gives up.
[[gnu::noinline]] std::vector<WalkedFrame> walk() {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  std::vector<WalkedFrame> frames;
  while (unw_step(&cursor) > 0 && (frames.empty() || frames.back().procedure != "main")) {
    unw_word_t rsp = 0;
    unw_get_reg(&cursor, UNW_REG_SP, &rsp);
    frames.push_back({procedure_name(cursor), rsp});
  }
  return frames;
}

// The same, of resume addresses, to the end, which is beyond main.
[[gnu::noinline]] std::size_t walk_addresses(std::span<void*> addresses) {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  std::size_t count = 0;
  while (count < addresses.size() && unw_step(&cursor) > 0) {
    unw_word_t rip = 0;
    unw_get_reg(&cursor, UNW_REG_IP, &rip);
    addresses[count++] = reinterpret_cast<void*>(rip);
  }
  return count;
}

enum class Moved { not_at_all, innermost, whole_chain };

void expect_main_is_reached_through(std::size_t depth, Trampoline trampoline, Moved moved) {
  std::vector<WalkedFrame> frames;
  Nest nest(depth, trampoline, [&](Nest& running) {
    if (moved == Moved::innermost) running.suspend_innermost();
    if (moved == Moved::whole_chain) running.suspend_all();
    frames = walk();
    return true;
  });
  EXPECT_TRUE(nest.run());
  expect_main_is_reached(frames, nest.bounds(), trampoline_name(trampoline));
  EXPECT_EQ(std::ranges::count(frames, "fiberproof_unwind_second_resumer", &WalkedFrame::procedure),
            moved == Moved::not_at_all ? 0 : 1);
}

void expect_main_is_reached_through(std::size_t depth, Moved moved) {
  for (const Trampoline trampoline : {Trampoline::trap, Trampoline::v44}) {
    SCOPED_TRACE(trampoline_name(trampoline));
    expect_main_is_reached_through(depth, trampoline, moved);
  }
}

TEST(unwind, libunwind_reaches_main_through_3_continuations) {
  expect_main_is_reached_through(3, Moved::not_at_all);
}

TEST(unwind, libunwind_reaches_main_through_100_continuations) {
  expect_main_is_reached_through(100, Moved::not_at_all);
}

TEST(unwind, libunwind_reaches_main_through_the_frame_that_resumed_the_innermost) {
  expect_main_is_reached_through(3, Moved::innermost);
  expect_main_is_reached_through(100, Moved::innermost);
}

TEST(unwind, libunwind_reaches_main_through_the_frame_that_resumed_the_chain) {
  expect_main_is_reached_through(3, Moved::whole_chain);
  expect_main_is_reached_through(100, Moved::whole_chain);
}

struct Peers {
  Store store;
  Tag tag{"peer"};
  Handle next;
  std::vector<WalkedFrame> frames;
};

bool switch_away(const FuncRef& self, void*, Value*, std::uint32_t) {
  Peers& peers = *static_cast<Peers*>(self.vmctx);
  return switch_to(peers.store, peers.next, peers.tag).has_value();
}

bool walk_here(const FuncRef& self, void*, Value*, std::uint32_t) {
  static_cast<Peers*>(self.vmctx)->frames = walk();
  return true;
}

TEST(unwind, libunwind_reaches_main_from_a_continuation_that_its_peer_switched_to) {
  Peers peers;
  const Entry entry(peers.store);
  const Function first(switch_away, &peers, 0, 0);
  const Function second(walk_here, &peers, 1, 0);  // takes the handle of the first
  const Tag* const tags[] = {&peers.tag};
  const Handle running = cont_new(peers.store, &first).value();
  peers.next = cont_new(peers.store, &second).value();
  const StackBounds bounds = peers.next.record->stack->bounds();
  EXPECT_TRUE(resume(peers.store, running, {}, Handlers::switches(tags)).has_value());
  expect_main_is_reached(peers.frames, {bounds}, trampoline_name(Trampoline::trap));
}

// unw_backtrace takes short cuts where the rules look like ones that it knows. It took one through
// the trampolines when their CFA was "the word at RBP - 8" and nothing more, as in functions where
// GCC realigns the stack, and reported the word below the parent's RSP for the parent's RIP.
TEST(unwind, libunwinds_fast_walk_sees_the_same_frames) {
  std::array<void*, 2000> hurried{};
  std::array<void*, 2000> careful{};
  int hurried_count = 0;
  std::size_t careful_count = 0;
  Nest nest(100, Trampoline::trap, [&](Nest&) {
    hurried_count = unw_backtrace(hurried.data(), static_cast<int>(hurried.size()));
    careful_count = walk_addresses(careful);
    return true;
  });
  EXPECT_TRUE(nest.run());
  ASSERT_EQ(static_cast<std::size_t>(hurried_count), careful_count);
  for (std::size_t index = 1; index < careful_count; ++index) {  // 0 is where the two calls are
    ASSERT_EQ(hurried[index], careful[index]) << "frame " << index;
  }
}

}  // namespace
}  // namespace fiberproof::unwind
