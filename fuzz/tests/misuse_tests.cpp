// Deliberate misuse: which programs may contain it, and whether the oracles that judge it can fail.
#include "fuzz/oracle/oracle_text.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/tests/arrivals.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <map>
#include <string>

namespace fiberproof::fuzz {
namespace {

using Lines = TakenSteps::Lines;
using Kind = ExpectedTrap::Kind;
using oracle::BrokenWalk;
using oracle::Phrases;

// The reference.

TEST(misuse, an_impossible_stack_is_rejected_with_the_requested_bytes) {
  EXPECT_EQ(
      arrivals_of("new h0 f1 on s2\nnew h0 null on s2\nnew h0 f1 on s3\nnew h0 null on s3"),
      (Lines{"0 rejected: no stack of 18446744073709551615, too large", "0 rejected: null function",
             "0 rejected: no stack of 30, too small", "0 rejected: no stack of 30, too small"}));
  EXPECT_EQ(why_no_stack(stack_beyond(48))->first, std::uint64_t{1} << 48);  // in whole pages
  EXPECT_FALSE(why_no_stack({StackShape::Kind::supplied, 0, 16}));
  EXPECT_FALSE(why_no_stack({StackShape::Kind::supplied, 15, 17}));
  EXPECT_TRUE(why_no_stack({StackShape::Kind::supplied, 15, 16}));
  EXPECT_TRUE(why_no_stack({StackShape::Kind::supplied, 3, 0}));
  EXPECT_FALSE(why_no_stack({StackShape::Kind::mapped, 0, program_bounds::pooled_bytes}));
}

TEST(misuse, a_trap_after_a_rejected_stack_has_its_reason) {
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\nresume h0 0 to h0\nnew h1 f1 on s2\ntrap").back(),
            "0 trapped: no stack of 18446744073709551615, too large");
}

TEST(misuse, memory_without_room_is_rejected_before_a_trap_is_reraised) {
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h0\nresume h1 0 to h1\n"
                        "trap\nnew h1 f1 on s3\nnew h1 f1 on s2"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "2 starts ()", "1 trapped: body 2 failed",
                   "1 rejected: no stack of 30, too small", "1 rejected: body 2 failed"}));
}

TEST(misuse, a_walk_of_a_broken_chain_is_skipped_where_the_word_does_not_exist) {
  const Lines on_the_initial_stack = arrivals_of(
      "walk broken misaligned\nwalk broken astray\nwalk broken cycle\nwalk broken orphan\n"
      "walk broken context\nwalk broken start");
  EXPECT_EQ(on_the_initial_stack, (Lines{"0 continues", "0 continues", "0 continues", "skipped",
                                         "skipped", "0 continues"}));
  const Lines fresh = arrivals_of(
      "walk h0 broken context\nnew h0 f1 on s0\nwalk h0 broken misaligned\nwalk h0 broken astray\n"
      "walk h0 broken cycle\nwalk h0 broken orphan\nwalk h0 broken context\n"
      "walk h0 broken start");
  EXPECT_EQ(fresh, (Lines{"skipped", "0 has 1", "skipped", "skipped", "skipped", "skipped",
                          "0 continues", "skipped"}));
  const std::string suspend_one = "new h0 f1 on s0\nresume h0 0 to h0 suspends t0\n";
  EXPECT_EQ(arrivals_of(suspend_one + "walk broken orphan\nsuspend t0 0 room 0\n"
                                      "walk h0 broken cycle\nwalk h0 broken orphan"),
            (Lines{"0 has 1", "1 starts ()", "1 continues", "0 gets clause 0 of 1 ()",
                   "0 continues", "skipped"}));
  EXPECT_EQ(arrivals_of(suspend_one + "new h1 f1 on s0\nresume h1 0 to h1\nsuspend t0 0 room 0\n"
                                      "walk h0 broken orphan")
                .back(),
            "0 continues");
}

TEST(misuse, a_walk_with_a_word_at_its_limit_needs_known_limits) {
  EXPECT_EQ(arrivals_of("walk broken lowest\nwalk broken highest\nwalk broken above\n"
                        "walk broken inward\nwalk broken endless"),
            (Lines{"skipped", "skipped", "skipped", "skipped", "skipped"}));
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\nwalk h0 broken lowest\nwalk h0 broken above\n"
                        "walk h0 broken inward\nwalk h0 broken endless"),
            (Lines{"0 has 1", "0 continues", "0 continues", "skipped", "skipped"}));
  // The embedder's stack resumes after the first continuation, and that one after the second.
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h0\n"
                        "walk broken highest\nwalk broken endless\nwalk broken inward\n"
                        "resume h1 0 to h1\nwalk broken highest"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "skipped", "1 continues", "1 continues",
                   "2 starts ()", "2 continues"}));
}

TEST(misuse, resume_again_needs_a_continuation_whose_last_ancestor_has_a_parent) {
  const std::string running = "new h0 f1 on s0\nnew h1 f1 on s0\nresume h0 0 to h0 suspends t0\n";
  EXPECT_EQ(arrivals_of(running + "resume-again h0").back(), "1 continues");
  EXPECT_EQ(arrivals_of(running + "resume h1 0 to h2\nresume-again h0").back(), "2 continues");
  EXPECT_EQ(arrivals_of(running + "resume-again h1").back(), "skipped");  // waits to be resumed
  EXPECT_EQ(arrivals_of(running + "resume-again h7").back(), "skipped");
  EXPECT_EQ(arrivals_of(running + "suspend t0 0 room 0\nresume-again h0").back(), "skipped");
  EXPECT_EQ(arrivals_of(running + "return\nresume-again h0").back(), "skipped");
  EXPECT_EQ(arrivals_of(running + "resume h1 0 to h2\ntrap\nresume-again h0").back(), "skipped");
  // Suspended as part of a chain, and resumed with it: it names the same last ancestor still.
  EXPECT_EQ(arrivals_of(running + "resume h1 0 to h2\nsuspend t0 0 room 0\nresume h0 0 to h3\n"
                                  "resume-again h1")
                .back(),
            "2 continues");
}

TEST(misuse, trespass_needs_a_stack_with_guard_pages_that_is_known_to_be_there) {
  EXPECT_EQ(
      arrivals_of("trespass h0\nnew h0 f1 on s0\ntrespass h0\nbind h0 0 to h1\ntrespass h0\n"
                  "new h2 f1 on s1\ntrespass h2"),
      (Lines{"skipped", "0 has 1", "0 continues", "0 has 1", "0 continues", "0 has 2", "skipped"}));
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\ndrop h0\ntrespass h0").back(), "0 continues");
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\ndrop h0\nnew h1 f1 on s0\ntrespass h0").back(),
            "skipped");
}

// The oracles.

TEST(misuse, c6_requires_a_walk_to_stop_at_the_wrong_word) {
  const BrokenWalk right{BrokenWalk::Reason::misaligned, 0x1000, 0x2008, 0x2ff0};
  EXPECT_FALSE(oracle::c6_broken(right, right, 0x2ff0));
  EXPECT_TRUE(oracle::c6_broken(right, {}, 0x2ff0));  // it has not stopped
  EXPECT_TRUE(oracle::c6_broken(right, right, 0x3ff0));
  BrokenWalk wrong = right;
  wrong.reason = BrokenWalk::Reason::off_its_stack;
  EXPECT_TRUE(oracle::c6_broken(right, wrong, 0x2ff0));
  for (std::uint64_t BrokenWalk::* const fact :
       {&BrokenWalk::stack, &BrokenWalk::found, &BrokenWalk::after}) {
    wrong = right;
    wrong.*fact += 16;
    const Verdict verdict = oracle::c6_broken(right, wrong, 0x2ff0);
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->id, SpecId::C6);
  }
}

TEST(misuse, c7_bounds_the_stacks_that_a_pool_keeps) {
  EXPECT_FALSE(oracle::c7_kept(10, 0));
  EXPECT_FALSE(oracle::c7_kept(10, 11));
  EXPECT_EQ(oracle::c7_kept(10, 12)->id, SpecId::C7);
}

TEST(misuse, a_text_must_contain_each_phrase_as_whole_words) {
  const Phrases phrases{"12 values", "buffer of 3"};
  EXPECT_FALSE(oracle::text_says(SpecId::C5, phrases, "12 values for a buffer of 3"));
  EXPECT_FALSE(oracle::text_says(SpecId::C5, phrases, "a buffer of 3, 12 values"));
  for (const char* const wrong :
       {"", "12 values", "112 values for a buffer of 3", "12 values for a buffer of 30",
        "3 values for a buffer of 12", "a buffer of 3 for 12"}) {
    const Verdict verdict = oracle::text_says(SpecId::C5, phrases, wrong);
    ASSERT_TRUE(verdict.has_value()) << wrong;
    EXPECT_EQ(verdict->id, SpecId::C5);
  }
}

/// Each text is right for its own trap, and for none of the others.
TEST(misuse, the_texts_of_traps_are_told_apart) {
  struct Told {
    ExpectedTrap trap;
    const char* text;
  };
  const oracle::TextFacts facts{100, 107, 5, 6};
  const Told all[] = {
      {{Kind::null_function}, "cont_new of a null function"},
      {{Kind::stack_too_small, 2144, 2112}, "2112 usable bytes, where they need 2144"},
      {{Kind::stack_too_small, 2112, 2144}, "2144 usable bytes, where they need 2112"},
      {{Kind::null_handle}, "a null handle"},
      {{Kind::consumed_handle},
       "a consumed handle to continuation 107: its revision is 5, the continuation's is 6"},
      {{Kind::too_many_values, 3, 1, 2}, "3 values for a buffer of 2 with 1 in use"},
      {{Kind::too_many_values, 3, 2, 1}, "3 values for a buffer of 1 with 2 in use"},
      {{Kind::unhandled_suspend, 1}, "no suspend handler for tag t1"},
      {{Kind::unhandled_suspend, 0}, "no suspend handler for tag t0"},
      {{Kind::unhandled_switch, 1}, "no switch handler for tag t1"},
      {{Kind::body_failed, 7}, "the body of continuation 107 failed"},
      {{Kind::no_stack, 30, 1}, "no stack of 30 bytes: too small for any layout"},
      {{Kind::no_stack, 30, 0}, "no stack of 30 bytes: more than an address space holds"},
  };
  for (const Told& expected : all) {
    for (const Told& told : all) {
      const Verdict verdict =
          oracle::text_says(SpecId::C2, oracle::phrases_of(expected.trap, facts), told.text);
      EXPECT_EQ(verdict.has_value(), &told != &expected) << told.text;
    }
  }
}

TEST(misuse, the_text_of_a_broken_walk_names_stack_frame_and_word) {
  using Reason = BrokenWalk::Reason;
  const auto says = [](const BrokenWalk& broken, std::string_view stack, std::string_view text) {
    return !oracle::text_says(SpecId::C6, oracle::phrases_of(broken, stack), text);
  };
  const BrokenWalk right{Reason::misaligned, 1, 0x1008, 0xff0};
  constexpr std::string_view text =
      "the frame-pointer chain breaks on continuation 7, after the frame at 0xff0: 0x1008 is not "
      "aligned";
  EXPECT_TRUE(says(right, "continuation 7", text));
  EXPECT_FALSE(says(right, "continuation 8", text));
  EXPECT_FALSE(says(right, "the initial stack", text));
  EXPECT_FALSE(says({Reason::misaligned, 1, 0x1018, 0xff0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::misaligned, 1, 0x1008, 0xfe0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::misaligned, 1, 0x1008, 0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::off_its_stack, 1, 0x1008, 0xff0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::not_above, 1, 0x1008, 0xff0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::no_parent, 1, 0, 0xff0}, "continuation 7", text));
  EXPECT_FALSE(says({Reason::too_many_stacks, 1, 0, 0xff0}, "continuation 7", text));
  EXPECT_TRUE(says({Reason::too_many_stacks, 1, 0, 0xff0}, "continuation 7",
                   "the frame-pointer chain breaks on continuation 7, after the frame at 0xff0: "
                   "there are more stacks than the store has"));
}

// The run.

void run_steps(std::string_view steps) {
  Program program;
  ASSERT_TRUE(parse(machine_program_with(steps), program).has_value());
  run(program, &report_and_abort);
}

/// How often the oracles of `id` are asked more than for `steps` without the last line.
std::uint64_t asked_by(SpecId id, std::string_view steps) {
  const auto asked = [id](std::string_view taken) {
    const std::uint64_t before = oracle_counts()[static_cast<std::size_t>(id)];
    run_steps(taken);
    return oracle_counts()[static_cast<std::size_t>(id)] - before;
  };
  return asked(steps) - asked(steps.substr(0, steps.find_last_of('\n')));
}

TEST(misuse, a_broken_chain_is_walked_twice_and_its_text_checked) {
  EXPECT_EQ(asked_by(SpecId::C6, "walk\nwalk broken cycle"), 4u);
  EXPECT_EQ(asked_by(SpecId::C6, "walk\nwalk broken start"), 4u);
  EXPECT_EQ(asked_by(SpecId::C6, "new h0 f1 on s0\nwalk h0 broken context"), 2u);
  // Also by how many stacks there are until it gives up.
  EXPECT_EQ(asked_by(SpecId::C6, "new h0 f1 on s0\nresume h0 0 to h0\nwalk broken endless"), 6u);
}

TEST(misuse, a_chain_with_a_word_at_its_limit_is_walked_to_its_end) {
  const std::string waits = "new h0 f1 on s0\n";
  const std::uint64_t as_any_other = asked_by(SpecId::C6, waits + "walk h0");
  EXPECT_EQ(as_any_other, 4u);  // its one frame, the instruction and its kind, and the end
  EXPECT_EQ(asked_by(SpecId::C6, waits + "walk h0 broken lowest"), as_any_other);
  EXPECT_EQ(asked_by(SpecId::C6, waits + "walk h0 broken highest"), as_any_other);
}

TEST(misuse, some_runs_end_their_store_with_continuations_in_it) {
  const auto asked = [](unsigned values) {
    const std::uint64_t before = oracle_counts()[static_cast<std::size_t>(SpecId::C7)];
    run_steps("new h0 f0 on s0\nbind h0 " + std::to_string(values % 3) + " to h0\n" + "bind h0 " +
              std::to_string(values) + " to h1");
    return oracle_counts()[static_cast<std::size_t>(SpecId::C7)] - before;
  };
  asked(0);  // The store that the others share makes its records in the first run.
  std::map<std::uint64_t, unsigned> runs;
  for (unsigned values = 0; values < 640; ++values) {
    ++runs[asked(values)];
  }
  // A store's end is asked of each page, and what is abandoned of two counts and each chain.
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_GT(runs.begin()->second, 0u);
  EXPECT_LT(runs.begin()->second, 40u);
}

TEST(misuse, the_text_of_each_kind_of_trap_is_checked_once_in_a_run) {
  EXPECT_EQ(asked_by(SpecId::C1, "walk\nwalk h0"), 2u);
  EXPECT_EQ(asked_by(SpecId::C1, "walk h0\nwalk h1"), 2u);  // those of a step are all judged
  const std::uint64_t first = asked_by(SpecId::L5, "walk\nnew h0 f1 on s2");
  EXPECT_EQ(asked_by(SpecId::L5, "new h0 f1 on s2\nnew h0 f1 on s3"), first - 1);
}

TEST(misuse, a_check_of_core_stops_resume_again) {
  EXPECT_EXIT(run_steps("new h0 f1 on s0\nresume h0 0 to h0\nresume-again h0"),
              testing::KilledBySignal(SIGILL),
              "about to end the process: [^\n]*\n"
              "fiberproof: C3 violated: ");
}

}  // namespace
}  // namespace fiberproof::fuzz
