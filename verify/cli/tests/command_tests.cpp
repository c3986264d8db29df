// The command as a user meets it: exit statuses, and one clear line for each bad input.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

class command : public testing::Test {
 protected:
  static Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return outcome_of(arguments);
  }

  // A file with these contents; every complaint about it contains its name.
  std::string file(const std::string& name, const std::string& contents) const {
    return folder_.write(name, contents);
  }

  // Exit status 2, and exactly one line, which names the error.
  static void expect_one_line(const std::vector<std::string>& arguments, const std::string& named) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    ASSERT_FALSE(outcome.lines.empty());
    EXPECT_TRUE(outcome.lines[0].starts_with("fiberproof: ")) << outcome.lines[0];
    EXPECT_NE(outcome.lines[0].find(named), std::string::npos) << outcome.lines[0];
  }

  ScratchFolder folder_;
};

constexpr const char* good_program =
    "fiberproof program 2\nexpect pass\nstack s0 pooled 65536\nfunction f0 params 1 returns 1\n"
    "tags 1\nsteps\n  start f0 on s0\n  return\nend\n";

TEST_F(command, proves_a_contract_and_says_so) {
  const Outcome outcome = run({"prove", "continuation_start/T4"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.lines.back().starts_with("7 theorems in ")) << outcome.lines.back();
  EXPECT_TRUE(outcome.lines.back().ends_with(" s: 7 proved")) << outcome.lines.back();
}

TEST_F(command, the_v44_counterexample_is_confirmed_natively) {
  const Outcome outcome = run({"prove", "continuation_start_v44/T5.payload_0_means_success"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(std::ranges::any_of(outcome.lines, [](const std::string& line) {
    return line.find("natively confirmed") != std::string::npos;
  }));
}

TEST_F(command, a_refuted_contract_fails) {
  const std::string contract = file("wrong.contract",
                                    "contract wrong\nghost store, load : word\n"
                                    "region store = [store, store + 24)\n"
                                    "region load = [load, load + 24)\n"
                                    "run it = sites fiberproof_switch_sites\n"
                                    "  rsi == load\n  rdx == store\n"
                                    "exit\n  S3 false: rdi == 1\n");
  EXPECT_EQ(run({"prove", "--contract", contract}).exit_code, 1);
}

TEST_F(command, a_counterexample_that_real_stacks_show_is_kept_and_overwrites_nothing) {
  const auto contract = [this](const std::string& comment) {
    return file("false.contract",
                "contract false\nghost x : word\nexit\n  L1 never: x != 0\ncounterexample\n"
                "  | fiberproof program 2\n  | # " +
                    comment +
                    "\n  | expect "
                    "trap-reported-as-return\n  | stack s0 pooled 65536\n"
                    "  | function f0 params 0 returns 0\n  | steps\n  |   start f0 on s0\n"
                    "  |   return\n  | end\n");
  };
  const filesystem::path kept = folder_.path("kept");
  const auto prove = [&](const std::string& comment) {
    return run({"prove", "--contract", contract(comment), "--counterexamples", kept}).exit_code;
  };
  const auto count = [&kept] {
    return std::distance(filesystem::directory_iterator(kept), filesystem::directory_iterator());
  };
  EXPECT_EQ(prove("one"), 1);
  EXPECT_TRUE(filesystem::exists(kept / "false.L1.never.program"));
  EXPECT_EQ(prove("one"), 1);
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(prove("another"), 1);
  EXPECT_TRUE(filesystem::exists(kept / "false.L1.never.2.program"));
  EXPECT_EQ(count(), 2);
}

TEST_F(command, a_query_that_times_out_fails_the_run) {
  // It takes a bit-blaster much longer than this to see that 2^62 - 57 is prime.
  const std::string contract = file("hard.contract",
                                    "contract hard\nghost x, y : word\n"
                                    "assume 1 < x and x < y and y < 0x100000000\n"
                                    "exit\n  L1 prime: x * y != 0x3fffffffffffffc7\n");
  EXPECT_EQ(run({"prove", "--contract", contract, "--timeout", "300"}).exit_code, 2);
}

TEST_F(command, cvc5_proves_the_switch_as_well) {
  EXPECT_EQ(run({"prove", "stack_switch", "--solver", "cvc5"}).exit_code, 0);
}

TEST_F(command, certifies_what_it_proves) {
  const Outcome outcome = run({"prove", "continuation_start", "--certify"});
  EXPECT_EQ(outcome.exit_code, 0) << "with the refutation of v44, which is expected";
  ASSERT_GE(outcome.lines.size(), 2u);
  const std::string& summary = outcome.lines[outcome.lines.size() - 2];
  std::size_t certified = 0;
  std::size_t proved = 0;
  ASSERT_EQ(
      std::sscanf(summary.c_str(), "certified %zu of %zu proved answers", &certified, &proved), 2)
      << summary;
  EXPECT_EQ(certified, proved);
  EXPECT_GT(proved, 50u);
  EXPECT_TRUE(summary.ends_with("; 0 not certified, 0 rejected")) << summary;
}

// Bounds are easy for Z3's integers, and products of unknown words are hard for bits.
TEST_F(command, an_uncertified_answer_is_named) {
  const std::string contract = file("hard.contract",
                                    "contract hard\nghost x, y, z : word\n"
                                    "exit\n  L1 distributes: (x + y) * z == x * z + y * z\n");
  const Outcome outcome = run({"prove", "--contract", contract, "--certify", "--timeout", "500"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(std::ranges::any_of(outcome.lines, [](const std::string& line) {
    return line == "fiberproof: hard/L1.distributes: not certified: the SAT solver: out of time";
  }));
  EXPECT_NE(outcome.lines[outcome.lines.size() - 2].find("; 1 not certified, 0 rejected"),
            std::string::npos);
}

TEST_F(command, a_missing_cadical_is_one_clear_line) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder_.path().c_str(), 1);
  expect_one_line({"prove", "layout", "--certify"}, "cadical cannot be started");
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(command, a_missing_cvc5_is_one_clear_line) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder_.path().c_str(), 1);
  expect_one_line({"prove", "layout", "--solver", "cvc5"}, "cvc5 cannot be started");
  ::setenv("PATH", path.c_str(), 1);
}

// Two factors cannot be found in so little time. The clause has an id of its own.
TEST_F(command, a_time_out_is_not_an_impossible_assumption) {
  const std::string contract =
      file("factors.contract",
           "contract factors\nghost x, y : u32\nassume 1 < x and 1 < y\n"
           "assume x * y == 0xffffffea00000055\nexit\n  ABI3 same: x == x\n");
  const Outcome outcome = run({"prove", "--contract", contract, "--timeout", "20"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("the solver did not answer in 20 ms: try a longer --timeout"));
  EXPECT_FALSE(outcome.says("no state satisfies"));
  EXPECT_TRUE(outcome.says("factors/ABI3.same"));
  EXPECT_TRUE(outcome.says("by execution"));
}

// A SAT solver without checkable proofs: they are rejected, and the answers with them.
TEST_F(command, a_cadical_without_proofs_certifies_nothing) {
  const std::string liar =
      file("cadical",
           "#!/bin/sh\nread header\nif [ \"$header\" = 'p cnf 0 0' ]; then exit 10; fi\n"
           "printf 'a\\000s UNSATISFIABLE\\n'\nexit 20\n");
  filesystem::permissions(liar, filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder_.path() + ":" + path).c_str(), 1);
  const Outcome outcome = run({"prove", "layout", "--certify"});
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(std::ranges::any_of(outcome.lines, [](const std::string& line) {
    return line.find("certificate rejected: step 1 of the proof does not follow") !=
           std::string::npos;
  }));
}

TEST_F(command, every_query_can_be_written_as_a_script) {
  EXPECT_EQ(run({"prove", "continuation_start/", "--smt2", folder_.path("scripts")}).exit_code, 0);
  std::size_t scripts = 0;
  for (const auto& entry : filesystem::directory_iterator(folder_.path("scripts"))) {
    scripts += entry.path().extension() == ".smt2" ? 1 : 0;
  }
  EXPECT_GT(scripts, 15u);
}

// Guards an old bug: a selection left out the theorems that give its clauses their meaning.
TEST_F(command, a_clause_on_contradictory_assumptions_could_not_run) {
  const std::string contract = file("vacuous.contract",
                                    "contract vacuous\nghost x : word\nassume x < 1 and x > 1\n"
                                    "exit\n  L1 nonsense: x == 7\n");
  EXPECT_EQ(run({"prove", "vacuous/L1", "--contract", contract}).exit_code, 2);
}

TEST_F(command, an_object_that_is_text_is_one_clear_line) {
  const std::string text = file("object.txt", "not an object file\n");
  expect_one_line({"prove", "--object", text}, text);
  expect_one_line({"prove", "--object", file("empty", "")}, "empty");
  expect_one_line({"prove", "--object", folder_.path("missing")}, "missing");
}

TEST_F(command, an_object_without_the_routines_is_one_clear_line) {
  expect_one_line({"prove", "--object", "/bin/true"}, "/bin/true");
}

TEST_F(command, a_missing_symbol_is_named) {
  expect_one_line({"prove", "continuation_start/", "--symbol",
                   "fiberproof_continuation_start=no_such_function"},
                  "no_such_function");
  expect_one_line({"prove", "--symbol", "nonsense"}, "ROLE=NAME");
}

TEST_F(command, a_renamed_symbol_is_found) {
  EXPECT_EQ(run({"prove", "continuation_start/T4", "--symbol",
                 "fiberproof_continuation_start=fiberproof_continuation_start_v44", "--symbol",
                 "fiberproof_fiber_start=fiberproof_fiber_start_v44"})
                .exit_code,
            0);
}

TEST_F(command, a_bad_contract_is_named_with_line_and_column) {
  const std::string bad = file("bad.contract", "contract bad\nassume 1 == $\n");
  expect_one_line({"prove", "--contract", bad}, bad + ":2:13: ");
}

TEST_F(command, unknown_words_are_one_clear_line) {
  expect_one_line({"--frobnicate"}, "frobnicate");
  expect_one_line({"frobnicate"}, "frobnicate");
  expect_one_line({"prove", "frobnicate"}, "frobnicate");
  expect_one_line({"prove", ""}, "not a theorem's name");
  expect_one_line({"fuzz", "frobnicate"}, "frobnicate");
  expect_one_line({"prove", "--solver", "frobnicate"}, "frobnicate");
  expect_one_line({"replay"}, "PATH");
  expect_one_line({"explain"}, "FILE");
  expect_one_line({"minimize"}, "FILE");
}

TEST_F(command, replays_a_program) {
  EXPECT_EQ(run({"replay", file("good.program", good_program)}).exit_code, 0);
}

TEST_F(command, a_program_that_is_not_as_recorded_fails) {
  std::string text = good_program;
  text.replace(text.find("pass"), 4, "trap-reported-as-return");
  EXPECT_EQ(run({"replay", file("wrong.program", text)}).exit_code, 1);
}

TEST_F(command, bad_program_files_are_one_clear_line_each) {
  const std::string good = good_program;
  expect_one_line({"replay", file("truncated.program", good.substr(0, good.size() - 20))},
                  "truncated.program");
  expect_one_line({"replay", file("empty.program", "")}, "empty.program");
  expect_one_line({"replay", file("garbage.program", std::string("\x7f\x00\xff\x01garbage", 11))},
                  "garbage.program");
  expect_one_line({"replay", file("large.program", good + std::string(1 << 20, '#'))},
                  "large.program");
  expect_one_line({"replay", folder_.path("missing.program")}, "missing.program");
}

constexpr const char* v44_counterexample =
    FIBERPROOF_CORPUS "/counterexamples/v44-trap-reported-as-return.program";

TEST_F(command, minimizes_a_program_to_one_that_ends_in_the_same_way) {
  const std::string out = folder_.path("shorter.program");
  const Outcome outcome = run({"minimize", v44_counterexample, "-o", out});
  EXPECT_EQ(outcome.exit_code, 0);
  ASSERT_EQ(outcome.lines.size(), 1u);
  EXPECT_TRUE(
      outcome.lines[0].starts_with(out + ": trap-reported-as-return, from 2 steps to 2 in "))
      << outcome.lines[0];
  EXPECT_EQ(run({"replay", out}).exit_code, 0);
}

TEST_F(command, minimizing_writes_beside_the_file_what_was_seen) {
  std::string text = good_program;
  text.insert(text.find("stack s0"), "trampoline v44\n");
  text.replace(text.find("  return\n"), 9, "  yield 7\n  yield 9 apart\n  trap\n");
  const std::string path = file("long.program", text);
  EXPECT_EQ(run({"replay", path}).exit_code, 1);
  EXPECT_EQ(run({"minimize", path}).exit_code, 0);
  const Outcome replayed = run({"replay", path + ".min.program"});
  EXPECT_EQ(replayed.exit_code, 0);
  EXPECT_NE(replayed.lines[0].find("trap-reported-as-return, 2 steps"), std::string::npos)
      << replayed.lines[0];
}

TEST_F(command, an_unminimizable_program_is_one_clear_line) {
  expect_one_line({"minimize", file("good.program", good_program)}, "good.program: passes");
  expect_one_line({"minimize", file("garbage.program", "garbage")}, "garbage.program:1:1: ");
  expect_one_line({"minimize", folder_.path("missing.program")}, "missing.program");
  expect_one_line({"minimize", v44_counterexample, "-o", file("taken", "mine")},
                  "taken: exists already");
  expect_one_line({"minimize", v44_counterexample, "-o", folder_.path("no/such/folder")},
                  "cannot be written");
}

TEST_F(command, explains_a_program) {
  const Outcome outcome = run({"explain", v44_counterexample});
  EXPECT_EQ(outcome.exit_code, 0);
  const auto says = [&outcome](const std::string& text) {
    return std::ranges::any_of(outcome.lines, [&text](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(says("step 2, started 1 at depth 1: trap"));
  EXPECT_TRUE(says("started 1 traps, which v44 reports as a return with 1 result"));
  EXPECT_TRUE(says("the stack of started 1 at step 2, 32768 usable bytes"));
}

TEST_F(command, an_unexplainable_file_is_one_clear_line) {
  expect_one_line({"explain", file("garbage.program", "garbage")}, "garbage.program:1:1: ");
  expect_one_line({"explain", folder_.path("missing.program")}, "missing.program");
}

TEST_F(command, lists_what_there_is) {
  EXPECT_GT(run({"list", "proofs"}).lines.size(), 100u);
  EXPECT_EQ(run({"list", "targets"}).lines,
            (std::vector<std::string>{"layout", "trampoline", "program", "walk", "ends", "object",
                                      "instruction"}));
  EXPECT_EQ(run({"list", "specs"}).lines.size(), 32u);
}

TEST_F(command, results_that_cannot_be_written_are_named) {
  const Outcome outcome =
      run({"--json", folder_.path("no/such/folder.json"), "prove", "continuation_start/T4"});
  EXPECT_EQ(outcome.exit_code, 2);
}

}  // namespace
}  // namespace fiberproof::verify
