// A second opinion on the frame-pointer walk (C6): libgcc's unwinder, which goes by call frame
// information alone and knows nothing of frame pointers, records or chains. On the active chain
// both must give the same frames. For a suspended chain it is asked on the chain, just before.
#pragma once

#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/layout.hpp"
#include "core/walk.hpp"

#include <unwind.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <ostream>
#include <vector>

namespace fiberproof {

struct Link {
  std::uint64_t frame_pointer;
  std::uint64_t instruction;
  friend bool operator==(const Link&, const Link&) = default;
  friend void PrintTo(const Link& link, std::ostream* out) {
    *out << std::hex << "{RBP " << link.frame_pointer << ", " << link.instruction << "}";
  }
};

inline std::vector<Link> links_of(const std::vector<Frame>& frames) {
  std::vector<Link> links;
  for (const Frame& frame : frames) links.push_back({frame.frame_pointer, frame.instruction});
  return links;
}

/// The frames that the unwinder finds, from the caller out to the frame with this RBP.
[[gnu::noinline]] inline std::vector<Link> unwound(std::uint64_t outermost) {
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

inline std::uint64_t frame_here(const void* frame_address) {
  return reinterpret_cast<std::uint64_t>(frame_address);
}

struct Walked {
  std::vector<Frame> frames;
  std::expected<void, WalkError> ended;
};

inline auto visitor_of(Walked& walked) {
  return [&walked](const Frame& frame) {
    walked.frames.push_back(frame);
    return true;
  };
}

inline Walked walk_suspended(const Store& store, Handle handle) {
  Walked walked;
  walked.ended = walk_suspended(store, handle, visitor_of(walked));
  return walked;
}

/// Both opinions begin with the frame of one function, in which they differ by the call.
inline void expect_same(const Walked& walked, const std::vector<Link>& expected) {
  ASSERT_TRUE(walked.ended.has_value()) << describe(walked.ended.error());
  std::vector<Link> links = links_of(walked.frames);
  ASSERT_FALSE(links.empty());
  EXPECT_EQ(links.front().frame_pointer, expected.front().frame_pointer);
  links.front() = expected.front();
  EXPECT_EQ(links, expected);
}

/// Walks the active chain from here, and returns the frames.
[[gnu::noinline]] inline std::vector<Frame> expect_active_walk_is_right(const Store& store,
                                                                        std::uint64_t entry_frame) {
  Walked walked;
  walked.ended = walk_active(store, visitor_of(walked));
  expect_same(walked, unwound(entry_frame));
  EXPECT_TRUE(!walked.frames.empty() && walked.frames.back().stack->initial);
  return walked.frames;
}

/// The ids of the stacks, without repetition, 0 for the initial one.
inline std::vector<std::uint64_t> stack_ids(const std::vector<Frame>& frames) {
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
inline void run_nested(Store& store, std::size_t depth, const std::function<void()>& innermost,
                       const Handlers& handlers = {}) {
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, innermost); });
  const auto outcome = resume(store, *cont_new(store, &body), {}, handlers);
  EXPECT_TRUE(outcome.has_value());
}

inline const Tag wait_tag("wait");
inline const Tag switch_tag("switch");
const Tag* const wait_tags[] = {&wait_tag};
const Tag* const both_tags[] = {&wait_tag, &switch_tag};
inline const Handlers on_wait = Handlers::suspends(wait_tags);
inline const Handlers on_both{both_tags, 1};

/// Suspends the chain after noting what the unwinder finds here.
[[gnu::noinline]] inline void note_and_suspend(Store& store, std::vector<Link>& noted,
                                               std::uint64_t entry_frame) {
  noted = unwound(entry_frame);
  EXPECT_TRUE(suspend(store, wait_tag).has_value());
}

inline std::uint64_t trampoline_frame(const Continuation& continuation) {
  return continuation.stack->bounds().top - frame_pointer_bytes_below_top;
}

/// `noted` goes out to the initial stack; the walk ends at the cut. With sanitizers the switch is a
/// function of its own, with a frame that the suspending function did not see.
inline void expect_suspended_walk_is_right(const Store& store, Handle handle,
                                           std::vector<Link> noted,
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

}  // namespace fiberproof
