// The outline of a run: its parts, the frames in them, and the steps that it leaves out.
#include "fuzz/wasm/outline.hpp"

#include "fuzz/wasm/tests/program_of.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz::wasm {
namespace {

struct OutlineOf {
  explicit OutlineOf(std::string_view steps, bool has_host = false) : program(program_of(steps)) {
    wasm::trace(program, reference, run);
    all = outline(run, has_host);
  }
  std::vector<End> ends() const {
    std::vector<End> list;
    for (const OutlinedPart& part : all.parts) {
      list.push_back(part.end);
    }
    return list;
  }

  Program program;
  Reference reference;
  Trace run;
  Outline all;
};

using Ends = std::vector<End>;

TEST(outline, a_trap_in_a_continuation_of_the_initial_stack_ends_a_part) {
  const OutlineOf of("new h0 f1 on s0\nresume h0 0 to h1\ntrap\nnew h2 f1 on s0");
  EXPECT_EQ(of.ends(), (Ends{End::unreachable, End::returns}));
  EXPECT_EQ(of.all.parts[1].items.size(), 1u);
}

TEST(outline, a_trap_farther_down_ends_the_run) {
  const OutlineOf of(
      "new h0 f1 on s0\nresume h0 0 to h1\nnew h2 f1 on s0\nresume h2 0 to h1\ntrap\n"
      "new h3 f1 on s0");
  EXPECT_EQ(of.ends(), (Ends{End::unreachable}));
  ASSERT_EQ(of.all.left_out.size(), 1u);
  EXPECT_TRUE(of.all.left_out[0].starts_with("after a trap")) << of.all.left_out[0];
}

TEST(outline, a_refusal_on_the_initial_stack_ends_a_part) {
  EXPECT_EQ(OutlineOf("new h0 null on s0\nnew h0 f1 on s0").ends(),
            (Ends{End::null_function, End::returns}));
  EXPECT_EQ(OutlineOf("resume h5 0 to h1\nnew h0 f1 on s0").ends(),
            (Ends{End::null_handle, End::returns}));
}

TEST(outline, a_refusal_in_a_continuation_is_a_trap_where_it_is_the_last_step) {
  EXPECT_EQ(OutlineOf("new h0 f1 on s0\nresume h0 0 to h1\nresume h0 0 to h1").ends(),
            (Ends{End::consumed_handle}));
  const OutlineOf before("new h0 f1 on s0\nresume h0 0 to h1\nresume h0 0 to h1\ncollect");
  EXPECT_EQ(before.ends(), (Ends{End::returns}));
  EXPECT_EQ(before.all.left_out.size(), 1u);
}

TEST(outline, a_handle_that_was_dropped_is_null) {
  EXPECT_EQ(OutlineOf("new h0 f1 on s0\ndrop h0\nresume h0 0 to h1").ends(),
            (Ends{End::null_handle}));
}

TEST(outline, an_exception_that_nothing_catches_ends_a_part) {
  EXPECT_EQ(OutlineOf("new h0 f1 on s0\nresume h0 0 to h1\nthrow\ncollect").ends(),
            (Ends{End::uncaught_exception, End::returns}));
}

TEST(outline, a_try_has_what_it_catches_and_its_handler) {
  const OutlineOf of("try\nnew h0 f1 on s0\nresume h0 0 to h1\nthrow\ncollect\nback\ncollect");
  ASSERT_EQ(of.all.parts.size(), 1u);
  const std::vector<Item>& items = of.all.parts[0].items;
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, Item::Kind::try_);
  EXPECT_EQ(items[0].children.size(), 2u);
  EXPECT_EQ(items[0].handler.size(), 1u);
  EXPECT_NE(items[0].caught, no_event);
}

TEST(outline, a_body_returns_from_within_its_frames) {
  const OutlineOf of("new h0 f1 on s0\nresume h0 0 to h1\ncall 2\ncollect\nreturn");
  const std::vector<Item>& body = of.all.stacks[1];
  ASSERT_EQ(body.size(), 2u);
  EXPECT_EQ(body[0].kind, Item::Kind::call);
  EXPECT_EQ(body[0].children.size(), 1u);
  EXPECT_EQ(body[1].kind, Item::Kind::operation);
}

TEST(outline, an_entry_has_its_own_items) {
  const OutlineOf of("enter\ncollect\nleave\ncollect", true);
  EXPECT_EQ(of.all.entries, (std::vector<StackIndex>{1}));
  EXPECT_EQ(of.all.stacks[1].size(), 1u);
  EXPECT_EQ(of.all.parts[0].items.size(), 2u);
}

TEST(outline, walks_and_misuse_are_left_out) {
  const OutlineOf of("new h0 f1 on s0\nwalk\nwalk h0\nresume h0 0 to h1\noverrun");
  ASSERT_EQ(of.all.left_out.size(), 2u);
  EXPECT_TRUE(of.all.left_out[0].starts_with("walk")) << of.all.left_out[0];
  EXPECT_TRUE(of.all.left_out[1].starts_with("misuse")) << of.all.left_out[1];
}

}  // namespace
}  // namespace fiberproof::fuzz::wasm
