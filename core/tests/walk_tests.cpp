// The frame-pointer walk (C6) against a second opinion: libgcc's unwinder, which goes by call frame
// information alone and knows nothing of frame pointers, records or chains. On the active chain
// both must give the same frames. Of a suspended chain the opinion is taken on it, just before.
#include "core/walk.hpp"

#include "core/body.hpp"
#include "core/continuation.hpp"

#include <unwind.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <ostream>
#include <variant>
#include <vector>

namespace fiberproof {
namespace {

struct Link {
  std::uint64_t frame_pointer;
  std::uint64_t instruction;
  friend bool operator==(const Link&, const Link&) = default;
  friend void PrintTo(const Link& link, std::ostream* out) {
    *out << std::hex << "{RBP " << link.frame_pointer << ", " << link.instruction << "}";
  }
};

std::vector<Link> links_of(const std::vector<Frame>& frames) {
  std::vector<Link> links;
  for (const Frame& frame : frames) links.push_back({frame.frame_pointer, frame.instruction});
  return links;
}

/// What the unwinder finds, from the caller on out to the frame with this RBP.
[[gnu::noinline]] std::vector<Link> unwound(std::uint64_t outermost) {
  constexpr int rbp = 6;  // psABI, figure 3.36
  std::vector<Link> links;
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void* result) {
        static_cast<std::vector<Link>*>(result)->push_back(
            {_Unwind_GetGR(context, rbp), _Unwind_GetIP(context)});
        return _URC_NO_REASON;
      },
      &links);
  links.erase(links.begin());  // this function
  const auto found = std::ranges::find(links, outermost, &Link::frame_pointer);
  EXPECT_NE(found, links.end());
  if (found != links.end()) links.erase(found + 1, links.end());
  return links;
}

std::uint64_t frame_here(const void* frame_address) {
  return reinterpret_cast<std::uint64_t>(frame_address);
}

struct Walked {
  std::vector<Frame> frames;
  std::expected<void, WalkError> ended;
};

auto visitor_of(Walked& walked) {
  return [&walked](const Frame& frame) {
    walked.frames.push_back(frame);
    return true;
  };
}

Walked walk_suspended(const Store& store, Handle handle) {
  Walked walked;
  walked.ended = walk_suspended(store, handle, visitor_of(walked));
  return walked;
}

/// Both opinions begin with the frame of one function, in which they differ by the call.
void expect_same(const Walked& walked, const std::vector<Link>& expected) {
  ASSERT_TRUE(walked.ended.has_value()) << describe(walked.ended.error());
  std::vector<Link> links = links_of(walked.frames);
  ASSERT_FALSE(links.empty());
  EXPECT_EQ(links.front().frame_pointer, expected.front().frame_pointer);
  links.front() = expected.front();
  EXPECT_EQ(links, expected);
}

/// Walks the active chain from here, and returns the frames.
[[gnu::noinline]] std::vector<Frame> expect_active_walk_is_right(const Store& store,
                                                                 std::uint64_t entry_frame) {
  Walked walked;
  walked.ended = walk_active(store, visitor_of(walked));
  expect_same(walked, unwound(entry_frame));
  EXPECT_TRUE(!walked.frames.empty() && walked.frames.back().stack->initial);
  return walked.frames;
}

/// The ids of the stacks, without repetition, 0 for the initial one.
std::vector<std::uint64_t> stack_ids(const std::vector<Frame>& frames) {
  std::vector<std::uint64_t> ids;
  for (const Frame& frame : frames) {
    const std::uint64_t id =
        frame.stack->initial ? 0 : static_cast<const Continuation*>(frame.stack)->id;
    if (ids.empty() || ids.back() != id) ids.push_back(id);
  }
  return ids;
}

/// Runs `innermost` inside `depth` continuations, each of which resumes the next one in a few
/// calls.
void run_nested(Store& store, std::size_t depth, const std::function<void()>& innermost,
                const Handlers& handlers = {}) {
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, innermost); });
  const auto outcome = resume(store, *cont_new(store, &body), {}, handlers);
  EXPECT_TRUE(outcome.has_value());
}

void expect_walk_from(std::size_t depth) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  std::vector<Frame> frames;
  run_nested(store, depth, [&] { frames = expect_active_walk_is_right(store, entry_frame); });
  std::vector<std::uint64_t> expected;
  for (std::size_t id = depth + 1; id-- > 0;) expected.push_back(id);
  EXPECT_EQ(stack_ids(frames), expected);
}

TEST(walk, lists_the_frames_of_the_active_chain_on_the_initial_stack_alone) {
  expect_walk_from(0);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_1_continuation) {
  expect_walk_from(1);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_3_continuations) {
  expect_walk_from(3);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_100_continuations) {
  expect_walk_from(100);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_1000_continuations) {
  expect_walk_from(1000);
}

TEST(walk, lists_the_frames_of_a_continuation_on_a_stack_of_the_callers) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  std::vector<std::byte> memory(64 * 1024);
  Stack stack = Stack::supply(memory).value();
  Body body(20, 1, [&](std::span<Value>) { expect_active_walk_is_right(store, entry_frame); });
  const std::vector<Value> arguments(20);
  EXPECT_TRUE(resume(store, *cont_new(store, &body, stack), arguments).has_value());
}

// Functions that note their own frames.
using NotedFrames = std::vector<std::uint64_t>;

[[gnu::noinline]] void call_down(std::size_t calls, NotedFrames& noted,
                                 const std::function<void()>& last) {
  noted.push_back(frame_here(__builtin_frame_address(0)));
  if (calls == 1) {
    last();
  } else {
    call_down(calls - 1, noted, last);
  }
  asm volatile("");  // a frame for each call
}

TEST(walk, has_every_frame_that_functions_noted_of_themselves_in_their_order) {
  Store store;
  const Entry entry(store);
  NotedFrames noted{frame_here(__builtin_frame_address(0))};
  std::vector<std::uint64_t> found;
  const auto walk_here = [&] {
    EXPECT_TRUE(walk_active(store, [&](const Frame& frame) {
                  if (std::ranges::count(noted, frame.frame_pointer) != 0) {
                    found.push_back(frame.frame_pointer);
                  }
                  return true;
                }).has_value());
  };
  call_down(2, noted, [&] {
    run_nested(store, 2, [&] {
      call_down(3, noted, [&] { run_nested(store, 1, [&] { call_down(4, noted, walk_here); }); });
    });
  });
  std::ranges::reverse(found);
  EXPECT_EQ(noted.size(), 1u + 2u + 3u + 4u);
  EXPECT_EQ(found, noted);
}

TEST(walk, says_of_each_instruction_whether_it_follows_a_call_or_a_switch) {
  Store store;
  const Entry entry(store);
  std::vector<Frame> frames;
  run_nested(store, 2, [&] {
    Walked walked;
    walked.ended = walk_active(store, visitor_of(walked));
    frames = walked.frames;
  });
  ASSERT_FALSE(frames.empty());
  const StackRecord* inner = frames.front().stack;
  for (const Frame& frame : frames) {
    // The first frame of a stack that waits in a switch; all others wait for a call to return.
    const bool waits_in_switch = std::exchange(inner, frame.stack) != frame.stack;
    EXPECT_EQ(frame.kind, waits_in_switch ? Frame::Kind::after_switch : Frame::Kind::after_call);
    EXPECT_EQ(frame.symbol_address(), frame.instruction - 1);
  }
}

TEST(walk, goes_on_as_long_as_the_visitor_wants) {
  Store store;
  const Entry entry(store);
  int visits = 0;
  run_nested(store, 3, [&] {
    EXPECT_TRUE(walk_active(store, [&](const Frame&) { return ++visits < 2; }).has_value());
    EXPECT_TRUE(walk_thread([&](const Frame&) { return ++visits < 4; }).has_value());
  });
  EXPECT_EQ(visits, 4);
}

// Suspended chains.

const Tag wait_tag("wait");
const Tag switch_tag("switch");
const Tag* const wait_tags[] = {&wait_tag};
const Tag* const both_tags[] = {&wait_tag, &switch_tag};
const Handlers on_wait = Handlers::suspends(wait_tags);
const Handlers on_both{both_tags, 1};

/// Suspends the chain after noting what the unwinder finds here.
[[gnu::noinline]] void note_and_suspend(Store& store, std::vector<Link>& noted,
                                        std::uint64_t entry_frame) {
  noted = unwound(entry_frame);
  EXPECT_TRUE(suspend(store, wait_tag).has_value());
}

std::uint64_t trampoline_frame(const Continuation& continuation) {
  return continuation.stack->bounds().top - frame_pointer_bytes_below_top;
}

/// `noted` goes out to the initial stack; the walk ends at the cut. With sanitizers the switch is a
/// function of its own, with a frame that the suspending function did not see.
void expect_suspended_walk_is_right(const Store& store, Handle handle, std::vector<Link> noted,
                                    const std::vector<std::uint64_t>& ids) {
  const Continuation& last = *handle.record->last_ancestor;
  const auto cut = std::ranges::find(noted, trampoline_frame(last), &Link::frame_pointer);
  ASSERT_NE(cut, noted.end());
  noted.erase(cut + 1, noted.end());

  Walked walked = walk_suspended(store, handle);
  EXPECT_EQ(stack_ids(walked.frames), ids);
  ASSERT_FALSE(walked.frames.empty());
  EXPECT_EQ(walked.frames.front().kind, Frame::Kind::after_switch);
  const auto suspending =
      std::ranges::find(walked.frames, noted.front().frame_pointer, &Frame::frame_pointer);
  EXPECT_LE(suspending - walked.frames.begin(), 2);
  walked.frames.erase(walked.frames.begin(), suspending);
  expect_same(walked, noted);
}

/// A chain of `depth` continuations, with the frames that its innermost function has just before it
/// suspends the chain, for the first time or again.
struct SuspendedChain {
  SuspendedChain(Store& owner, std::uint64_t frame, std::size_t depth)
      : store(owner), entry_frame(frame), body(0, 0, [this, depth](std::span<Value>) {
          run_nested(store, depth - 1, [this] { run(); });
        }) {
    handle = *cont_new(store, &body);
  }

  void run() {
    note_and_suspend(store, noted, entry_frame);
    when_resumed();
    note_and_suspend(store, noted, entry_frame);
  }

  /// Resumes the chain and expects it to come back suspended.
  void go_on(const Handlers& handlers = on_wait) {
    const auto outcome = resume(store, handle, {}, handlers);
    ASSERT_TRUE(outcome.has_value());
    handle = outcome->handle;
  }

  void end() {
    const auto outcome = resume(store, handle);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
  }

  Store& store;
  std::uint64_t entry_frame;
  std::function<void()> when_resumed = [] {};
  Body<std::function<void(std::span<Value>)>> body;
  Handle handle;
  std::vector<Link> noted;
};

TEST(walk, lists_the_frames_of_one_suspended_continuation) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 1);
  chain.go_on();
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {1});
  chain.go_on();
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {1});
  chain.end();
}

// Guards Wasmtime issue 14239: the walk began at the context of the innermost stack, which says
// where its parent goes on, and expected the initial stack at the end of a chain that has none.
TEST(walk, of_several_suspended_stacks_begins_at_the_innermost_and_ends_at_the_cut) {
  for (const std::size_t depth : {2u, 3u, 10u}) {
    Store store;
    const Entry entry(store);
    SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), depth);
    chain.go_on();
    std::vector<std::uint64_t> ids;
    for (std::size_t id = depth; id > 0; --id) ids.push_back(id);
    expect_suspended_walk_is_right(store, chain.handle, chain.noted, ids);
    chain.go_on();
    expect_suspended_walk_is_right(store, chain.handle, chain.noted, ids);
    chain.end();
  }
}

TEST(walk, follows_a_chain_to_the_parent_that_resumed_it_last) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  SuspendedChain chain(store, entry_frame, 3);
  chain.go_on();

  // The second parent is two continuations deep, and gets the chain back, too.
  std::vector<std::uint64_t> ids;
  chain.when_resumed = [&] { ids = stack_ids(expect_active_walk_is_right(store, entry_frame)); };
  run_nested(store, 2, [&] { chain.go_on(); });
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{3, 2, 1, 5, 4, 0}));
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {3, 2, 1});
  chain.end();
}

TEST(walk, is_right_on_both_sides_of_a_switch_to_another_chain) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  const auto room_for_handle = [&](std::vector<Link>& noted, Handle& peer) {
    Value room[1];
    noted = unwound(entry_frame);
    const auto given = suspend(store, wait_tag, {}, room);
    ASSERT_TRUE(given.has_value());
    peer = to_handle((*given)[0]);
  };
  std::vector<Link> target_noted;
  std::vector<Link> switcher_noted;
  Handle switcher;
  Handle target;

  Body target_body(0, 0, [&](std::span<Value>) {
    run_nested(store, 1, [&] {
      room_for_handle(target_noted, switcher);
      const auto frames = expect_active_walk_is_right(store, entry_frame);
      EXPECT_EQ(stack_ids(frames), (std::vector<std::uint64_t>{2, 1, 0}));
      expect_suspended_walk_is_right(store, switcher, switcher_noted, {5, 4, 3});
    });
  });
  target = resume(store, *cont_new(store, &target_body), {}, on_wait)->handle;
  expect_suspended_walk_is_right(store, target, target_noted, {2, 1});

  Body switcher_body(0, 0, [&](std::span<Value>) {
    run_nested(store, 2, [&] {
      switcher_noted = unwound(entry_frame);
      EXPECT_TRUE(switch_to(store, target, switch_tag).has_value());
    });
  });
  const auto outcome = resume(store, *cont_new(store, &switcher_body), {}, on_both);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
  expect_suspended_walk_is_right(store, switcher, switcher_noted, {5, 4, 3});
  EXPECT_TRUE(resume(store, switcher).has_value());
}

TEST(walk, of_a_fresh_continuation_has_the_trampoline_alone) {
  Store store;
  const Entry entry(store);
  Body body(3, 1, [](std::span<Value>) {});
  const Handle handle = *cont_new(store, &body);
  const Walked walked = walk_suspended(store, handle);
  ASSERT_TRUE(walked.ended.has_value());
  ASSERT_EQ(walked.frames.size(), 1u);
  const Frame& frame = walked.frames.front();
  EXPECT_EQ(frame.kind, Frame::Kind::exact);
  EXPECT_EQ(frame.symbol_address(),
            reinterpret_cast<std::uint64_t>(start_routine(store.options.revision)));
  EXPECT_EQ(frame.frame_pointer, trampoline_frame(*handle.record));
  EXPECT_EQ(frame.stack, handle.record);
  EXPECT_TRUE(resume(store, handle, std::vector<Value>(3)).has_value());
}

// What cannot be walked.

TEST(walk, of_a_null_handle_is_refused) {
  const Store store;
  const Walked walked = walk_suspended(store, {});
  ASSERT_FALSE(walked.ended.has_value());
  EXPECT_TRUE(std::holds_alternative<NullHandle>(walked.ended.error()));
  EXPECT_EQ(describe(walked.ended.error()), "a null handle");
}

TEST(walk, of_a_consumed_handle_is_refused_and_names_both_revisions) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  const Handle fresh = chain.handle;
  chain.go_on();
  const Walked walked = walk_suspended(store, fresh);
  ASSERT_FALSE(walked.ended.has_value());
  EXPECT_TRUE(walked.frames.empty());
  const auto& refused = std::get<ConsumedHandle>(walked.ended.error());
  EXPECT_EQ(refused.continuation, 1u);
  EXPECT_EQ(refused.handle_revision, fresh.revision);
  EXPECT_EQ(refused.current_revision, fresh.record->revision);
  chain.go_on();
  chain.end();
}

TEST(walk, does_not_consume_the_handle) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  EXPECT_EQ(links_of(walk_suspended(store, chain.handle).frames),
            links_of(walk_suspended(store, chain.handle).frames));
  chain.go_on();
  chain.end();
}

TEST(walk, without_an_entry_is_refused) {
  const Store store;
  const auto visit = [](const Frame&) { return true; };
  const auto active = walk_active(store, visit);
  const auto thread = walk_thread(visit);
  ASSERT_FALSE(active.has_value());
  ASSERT_FALSE(thread.has_value());
  EXPECT_TRUE(std::holds_alternative<NotEntered>(active.error()));
  EXPECT_TRUE(std::holds_alternative<NotEntered>(thread.error()));
}

// Entries inside of entries.

/// An entry of `store`, made here, with `depth` continuations inside it.
[[gnu::noinline]] void enter_and_nest(Store& store, std::size_t depth,
                                      const std::function<void(std::uint64_t)>& innermost) {
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  run_nested(store, depth, [&] { innermost(entry_frame); });
}

/// Expects the whole thread from here, and the chain of each of the two entries.
[[gnu::noinline]] void expect_walks_through_two_entries(const Store& outer, const Store& inner,
                                                        std::uint64_t outer_frame,
                                                        std::uint64_t inner_frame) {
  const std::vector<Link> all = unwound(outer_frame);
  Walked thread;
  thread.ended = walk_thread(visitor_of(thread));
  expect_same(thread, all);

  Walked innermost;
  innermost.ended = walk_active(inner, visitor_of(innermost));
  expect_same(innermost, unwound(inner_frame));

  // The chain of the outer entry begins with the function that made the inner one.
  if (&outer != &inner) {
    Walked outermost;
    outermost.ended = walk_active(outer, visitor_of(outermost));
    const auto first = std::ranges::find(all, inner_frame, &Link::frame_pointer);
    expect_same(outermost, {first, all.end()});
  }
}

TEST(walk, of_an_entry_in_a_body_ends_at_it_and_that_of_the_thread_goes_on) {
  Store store;
  Store other;
  enter_and_nest(store, 2, [&](std::uint64_t outer_frame) {
    for (Store* const inner : {&store, &other}) {
      enter_and_nest(*inner, 3, [&](std::uint64_t inner_frame) {
        expect_walks_through_two_entries(store, *inner, outer_frame, inner_frame);
      });
    }
  });
}

TEST(walk, goes_through_an_entry_of_another_store_on_the_initial_stack) {
  Store store;
  Store other;
  enter_and_nest(store, 0, [&](std::uint64_t outer_frame) {
    enter_and_nest(other, 3, [&](std::uint64_t inner_frame) {
      expect_walks_through_two_entries(store, other, outer_frame, inner_frame);
    });
  });
}

// The outer entry has resumed nothing.
TEST(walk, goes_through_an_entry_of_the_same_store_on_the_initial_stack) {
  Store store;
  enter_and_nest(store, 0, [&](std::uint64_t outer_frame) {
    enter_and_nest(store, 3, [&](std::uint64_t inner_frame) {
      expect_walks_through_two_entries(store, store, outer_frame, inner_frame);
    });
  });
}

TEST(walk, of_the_thread_visits_the_frame_that_made_two_entries_once) {
  Store store;
  Store other;
  const Entry entry(store);
  const Entry inner(other);
  const std::uint64_t frame = frame_here(__builtin_frame_address(0));
  run_nested(other, 1, [&] { expect_walks_through_two_entries(store, other, frame, frame); });
}

// Broken chains.

FIBERPROOF_UNINSTRUMENTED std::uint64_t exchange_word(std::uint64_t address, std::uint64_t value) {
  auto* const word = reinterpret_cast<volatile std::uint64_t*>(address);
  const std::uint64_t before = *word;
  *word = value;
  return before;
}

/// Expects the walk of `handle` to break as `expected` says while the word at `address` is `value`.
void expect_break(const Store& store, Handle handle, std::uint64_t address, std::uint64_t value,
                  const BrokenChain& expected, std::size_t frames_before) {
  const std::uint64_t right_word = exchange_word(address, value);
  const Walked walked = walk_suspended(store, handle);
  exchange_word(address, right_word);
  ASSERT_FALSE(walked.ended.has_value());
  const auto& broken = std::get<BrokenChain>(walked.ended.error());
  EXPECT_EQ(broken.reason, expected.reason) << describe(broken);
  EXPECT_EQ(broken.stack, expected.stack);
  EXPECT_EQ(broken.found, expected.found);
  EXPECT_EQ(broken.after, expected.after);
  EXPECT_EQ(walked.frames.size(), frames_before);
}

TEST(walk, reports_a_saved_frame_pointer_that_leads_astray_and_where) {
  using enum BrokenChain::Reason;
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  const std::vector<Frame> frames = walk_suspended(store, chain.handle).frames;
  ASSERT_GT(frames.size(), 5u);
  const StackRecord* const innermost = frames.front().stack;
  const std::uint64_t after = frames[3].frame_pointer;
  const auto expect = [&](BrokenChain::Reason reason, std::uint64_t found) {
    expect_break(store, chain.handle, after, found, {reason, innermost, found, after}, 4);
  };
  ASSERT_EQ(frames[4].stack, innermost);
  expect(misaligned, frames[4].frame_pointer + 8);
  expect(not_above, after);
  expect(not_above, frames[2].frame_pointer);
  expect(off_its_stack, frames.back().frame_pointer);
  expect(off_its_stack, 0);
  // Between the entry trampoline's frame and the frames that it called there can be none.
  expect(off_its_stack, trampoline_frame(*chain.handle.record) - 16);
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {2, 1});
  chain.go_on();
  chain.end();
}

TEST(walk, reports_a_control_context_that_leads_astray_and_where) {
  using enum BrokenChain::Reason;
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  const std::vector<Frame> frames = walk_suspended(store, chain.handle).frames;
  ASSERT_FALSE(frames.empty());
  const Continuation& inner = *chain.handle.record;
  const Continuation& last = *inner.last_ancestor;
  const auto inner_context = reinterpret_cast<std::uint64_t>(inner.control_context);
  const auto last_context = reinterpret_cast<std::uint64_t>(last.control_context);
  const std::uint64_t crossing = trampoline_frame(inner);
  const auto inner_frames = static_cast<std::size_t>(
      std::ranges::count(frames, static_cast<const StackRecord*>(&inner), &Frame::stack));

  // The parent of the innermost stack seems to wait on the innermost stack.
  expect_break(store, chain.handle, inner_context + offsetof(ControlContext, rsp),
               inner.stack->bounds().limit(),
               {off_its_stack, &last, inner.stack->bounds().limit(), crossing}, inner_frames);
  // The chain seems to go on in the stack of the last ancestor.
  const std::uint64_t wrong = frames.back().frame_pointer;
  expect_break(store, chain.handle, last_context + offsetof(ControlContext, rbp), wrong,
               {off_its_stack, &inner, wrong, 0}, 0);
  chain.go_on();
  chain.end();
}

TEST(walk, reports_a_continuation_without_a_parent_in_the_active_chain) {
  Store store;
  const Entry entry(store);
  run_nested(store, 2, [&] {
    auto& inner = static_cast<Continuation&>(*store.active);
    StackRecord* const outer = std::exchange(inner.parent, nullptr);
    const auto ended = walk_active(store, [](const Frame&) { return true; });
    inner.parent = outer;
    ASSERT_FALSE(ended.has_value());
    const auto& broken = std::get<BrokenChain>(ended.error());
    EXPECT_EQ(broken.reason, BrokenChain::Reason::no_parent);
    EXPECT_EQ(broken.stack, &inner);
    EXPECT_EQ(broken.after, trampoline_frame(inner));
  });
}

TEST(walk, reports_a_chain_of_parents_that_has_no_end) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  Continuation& inner = *chain.handle.record;
  Continuation& last = *inner.last_ancestor;

  // With another last ancestor, and the innermost stack as the parent of the last one, each word is
  // that of a frame; but there is no cut.
  Body body(0, 0, [](std::span<Value>) {});
  const Handle other = *cont_new(store, &body);
  copy_context(*last.control_context, *other.record->control_context);
  inner.last_ancestor = other.record;
  last.parent = &inner;
  const Walked walked = walk_suspended(store, chain.handle);
  inner.last_ancestor = &last;
  last.parent = nullptr;

  ASSERT_FALSE(walked.ended.has_value());
  const auto& broken = std::get<BrokenChain>(walked.ended.error());
  EXPECT_EQ(broken.reason, BrokenChain::Reason::too_many_stacks);
  chain.go_on();
  chain.end();
  EXPECT_TRUE(abandon(store, other).has_value());
}

TEST(walk, describes_a_broken_chain_with_its_stack_and_its_frame) {
  Continuation seventh;
  seventh.id = 7;
  using enum BrokenChain::Reason;
  EXPECT_EQ(describe(BrokenChain{misaligned, &seventh, 0x1008, 0xff0}),
            "the frame-pointer chain breaks on continuation 7, after the frame at 0xff0: "
            "0x1008 is not aligned");
  StackRecord initial;
  initial.initial = true;
  EXPECT_EQ(describe(BrokenChain{off_its_stack, &initial, 0x1000, 0}),
            "the frame-pointer chain breaks on the initial stack, at its first frame: "
            "0x1000 is not on that stack");
}

}  // namespace
}  // namespace fiberproof
