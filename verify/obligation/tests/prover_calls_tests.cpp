// Calls in the prover: a callee is executed, unless the contract describes it.
#include "verify/obligation/tests/prover_fixture.hpp"

namespace fiberproof::verify {
namespace {

TEST_F(prover, executes_a_callee_without_a_contract) {
  const std::string body = entering("fixture_call") + exits_with_maximum;
  EXPECT_EQ(theorem(body, "every_path_leaves").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body, "L1.maximum").verdict, Verdict::proved);
  EXPECT_EQ(theorem(entering("fixture_tail_call") + exits_with_maximum, "L1.maximum").verdict,
            Verdict::proved);
}

TEST_F(prover, does_not_execute_a_callee_with_a_contract) {
  const std::string body = entering("fixture_call") +
                           "call it_calls = function fixture_branch\n"
                           "  L2 aligned_like_frame: rsp == frame\n" +
                           exits_with_maximum;
  EXPECT_EQ(theorem(body, "every_path_leaves").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body, "L1.maximum").verdict, Verdict::refuted);
}

TEST_F(prover, a_jump_to_a_callee_returns_to_the_address_on_the_stack) {
  const auto verdict = [this](const std::string& rsp, const std::string& name) {
    return theorem(
               entering("fixture_tail_call") +
                   "call it_calls = function fixture_branch\n  L2 rsp_at_the_call: rsp == " + rsp +
                   "\n  keeps [frame, frame + 8)\n  returns rax == 7\nexit\n"
                   "  L1 as_it_returns: rsp == frame + 8 and rip == old [frame] and rax == 7\n",
               name)
        .verdict;
  };
  for (const char* name : {"L2.rsp_at_the_call", "L1.as_it_returns", "every_path_leaves",
                           "every_call_is_made", "every_access_is_in_its_region"}) {
    EXPECT_EQ(verdict("frame + 8", name), Verdict::proved) << name;
  }
  EXPECT_EQ(verdict("frame", "L2.rsp_at_the_call"), Verdict::refuted);
}

TEST_F(prover, a_call_that_cannot_be_executed_is_unknown_for_a_reason) {
  const auto reason = [this](const std::string& routine) {
    const Theorem& leaves = theorem(entering(routine) + exits, "every_path_leaves");
    EXPECT_EQ(leaves.verdict, Verdict::unknown) << routine;
    return leaves.reason;
  };
  EXPECT_EQ(reason("fixture_call_another_file").substr(0, 16), "a call of abort,");
  EXPECT_NE(reason("fixture_recursion").find("nested calls"), std::string::npos);
  EXPECT_NE(reason("fixture_call_in_two_steps").find("nested calls"), std::string::npos);
  EXPECT_NE(reason("fixture_call_of_vectors").find("movaps"), std::string::npos);
  EXPECT_NE(reason("fixture_callee_returns_elsewhere").find("does not return"), std::string::npos);
}

TEST_F(prover, a_call_into_the_middle_of_a_function_is_unknown) {
  const Theorem& leaves = theorem(entering("fixture_call_nothing") + exits, "every_path_leaves");
  EXPECT_EQ(leaves.verdict, Verdict::unknown);
  EXPECT_NE(leaves.reason.find("the middle of fixture_call"), std::string::npos) << leaves.reason;
}

TEST_F(prover, a_call_through_memory_certainly_reaches_the_callee_or_is_unknown) {
  const std::string call =
      "call callee = indirect TARGET\n  L2 a: rsp == frame\n  keeps [rsp, "
      "frame + 8)\nexit\n  L1 b: rip == old [frame]\n";
  const auto through = [&](const std::string& target, const std::string& name) {
    std::string body = entering("fixture_call_through") + "  rdi == object\n" + call;
    body.replace(body.find("TARGET"), 6, target);
    return theorem(body, name).verdict;
  };
  EXPECT_EQ(through("old [object]", "every_path_leaves"), Verdict::proved);
  EXPECT_EQ(through("old [object]", "L1.b"), Verdict::proved);
  EXPECT_EQ(through("old [object + 8]", "every_path_leaves"), Verdict::unknown);
}

TEST_F(prover, a_run_may_begin_behind_the_only_call_of_a_function) {
  const auto behind = [](const std::string& routine, const std::string& callee) {
    return "run it = function " + routine + " after " + callee +
           "\n  rsp == frame\n  rdi == object\nexit\n  L1 stored: [object + 8] == old rsi and "
           "rip == old rdx and rsp == frame\n";
  };
  const std::string body = behind("fixture_call_then_store", "fixture_branch");
  EXPECT_EQ(theorem(body, "L1.stored").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body, "every_path_leaves").verdict, Verdict::proved);
  for (const std::string& wrong : {behind("fixture_call_then_store", "fixture_return"),
                                   behind("fixture_call_twice", "fixture_branch")}) {
    const auto result = run(wrong);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().find("exactly once"), std::string::npos) << result.error();
  }
}

std::string system_call(const std::string& assumption, const std::string& more) {
  return "ghost thread : word\n" + assumption + entering("fixture_system_call") +
         "  rdi == object\n  rsi == 14\n  fs_base == thread\n" + more;
}

TEST_F(prover, a_system_call_changes_what_the_contract_does_not_keep) {
  const auto verdict = [this](const std::string& declared, const std::string& claim) {
    return theorem(system_call("", declared + "exit\n  L1 a: " + claim + "\n"), "L1.a").verdict;
  };
  const std::string kept =
      "call mask = syscall 14\n  L2 object: rdi == object and rax == 14\n"
      "  keeps [frame, frame + 8), [object, object + 8)\n  returns rax == 0\n";
  for (const char* const claim :
       {"rbx == 0", "rip == old [frame]", "[object] == old [object]", "rdi == object",
        "rdx == old rdx and r10 == old r10", "mxcsr_control == old mxcsr_control", "df == old df",
        "mask.rax == 0", "rsp == frame + 8"}) {
    EXPECT_EQ(verdict(kept, claim), Verdict::proved) << claim;
  }
  for (const char* const claim : {"rbx == 1", "[object + 8] == old [object + 8]", "rcx == old rcx",
                                  "r11 == r12", "fs_base == thread"}) {
    EXPECT_EQ(verdict(kept, claim), Verdict::refuted) << claim;
  }
  EXPECT_EQ(theorem(system_call("", kept + exits), "L2.object").verdict, Verdict::proved);
  EXPECT_EQ(theorem(system_call("", kept + exits), "every_call_is_made").verdict, Verdict::proved);
  EXPECT_EQ(
      theorem(system_call("", "call leave = syscall 14\n  never_returns\n" + std::string(exits)),
              "every_path_leaves")
          .verdict,
      Verdict::proved);
}

TEST_F(prover, a_system_call_of_another_number_is_unknown_for_a_reason) {
  for (const char* const declared : {"", "call mask = syscall 13\n"}) {
    const Theorem& leaves =
        theorem(system_call("", std::string(declared) + exits), "every_path_leaves");
    EXPECT_EQ(leaves.verdict, Verdict::unknown);
    EXPECT_NE(leaves.reason.find("a system call at "), std::string::npos) << leaves.reason;
  }
}

TEST_F(prover, the_threads_memory_is_a_region_at_the_base_of_fs) {
  const std::string thread =
      "ghost thread : word\nregion thread = [thread, thread + 0x30) read_only\n";
  const std::string body =
      thread + entering("fixture_by_fs") + "  fs_base == thread\nexit\n  L1 a: rax == 0\n";
  for (const char* const name : {"L1.a", "every_path_leaves", "every_access_is_in_its_region"}) {
    EXPECT_EQ(theorem(body, name).verdict, Verdict::proved) << name;
  }
  // Not described, and too small.
  const Theorem& access =
      theorem(entering("fixture_by_fs") + exits, "every_access_is_in_its_region");
  EXPECT_EQ(access.verdict, Verdict::unknown);
  EXPECT_NE(access.reason.find("by FS, whose base the contract does not describe"),
            std::string::npos)
      << access.reason;
  EXPECT_EQ(theorem("ghost thread : word\nregion thread = [thread, thread + 0x28)\n" +
                        entering("fixture_by_fs") + "  fs_base == thread\n" + exits,
                    "every_access_is_in_its_region")
                .verdict,
            Verdict::refuted);
}

TEST_F(prover, a_jump_through_a_table_is_followed_where_its_target_is_certain) {
  const auto body = [](const char* choice) {
    return entering("fixture_jump_table") + "  rdi == " + choice +
           "\nexit\n  L1 a: rax == 10 and rip == old [frame]\n  L1 b: it.begin < it.end\n";
  };
  EXPECT_EQ(theorem(body("0"), "L1.a").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body("0"), "L1.b").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body("1"), "L1.a").verdict, Verdict::refuted);
  const auto chosen = [](const char* last, const char* result) {
    return std::string("ghost n : word\nassume n <= ") + last + "\n" +
           entering("fixture_jump_table") + "  rdi == n\nexit\n  L1 a: rax == " + result +
           " and rip == old [frame]\n";
  };
  EXPECT_EQ(theorem(chosen("1", "10 + 10 * n"), "L1.a").verdict, Verdict::proved);
  EXPECT_EQ(theorem(chosen("1", "10 + 9 * n"), "L1.a").verdict, Verdict::refuted);
  EXPECT_NE(theorem(chosen("3", "10 + 10 * n"), "L1.a").verdict, Verdict::proved)
      << "behind the table is something else";
}

TEST_F(prover, follows_an_address_that_a_callee_guarantees) {
  const auto body = [](const std::string& promises) {
    return "ghost other : word\nregion other = [other, other + 8)\nassume [object] == 5\n" +
           entering("fixture_call_then_load_twice") +
           "  rbx == object\ncall callee = function fixture_branch\n" + promises +
           "exit\n  L1 followed: rax == [other]\n";
  };
  const std::string promise = "  returns [object] == other\n";
  EXPECT_EQ(theorem(body(promise), "L1.followed").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body(promise), "assumptions_can_be_met").verdict, Verdict::proved);
  EXPECT_EQ(theorem(body("  returns 0 == 0\n"), "every_access_is_in_its_region").verdict,
            Verdict::refuted);
  const std::string contradiction =
      "  keeps [object, object + 8)\n  returns [object] == 6\n  returns [object] == other\n";
  EXPECT_EQ(theorem(body(contradiction), "assumptions_can_be_met").verdict, Verdict::unknown);
}

}  // namespace
}  // namespace fiberproof::verify
