// Who is to blame for the end of a target's process, judged by messages that sanitizers, libFuzzer
// and the system did print.
#include "verify/target/target_end.hpp"

#include <gtest/gtest.h>
#include <csignal>
#include <cstdlib>

namespace fiberproof::verify {
namespace {

ProcessEnd ended(int exit_code) {
  ProcessEnd end;
  end.started = true;
  end.exit_code = exit_code;
  return end;
}

using Lines = std::deque<std::string>;

const Lines leak_check_refused{
    "==24413==LeakSanitizer has encountered a fatal error.",
    "==24413==HINT: LeakSanitizer does not work under ptrace (strace, gdb, etc)"};

TEST(target_end, before_any_input_is_the_systems_fault) {
  EXPECT_FALSE(refusal_before_any_input(ended(0), {}));
  const auto said = [](int exit_code, const Lines& lines) {
    return refusal_before_any_input(ended(exit_code), lines).value_or("nothing");
  };
  EXPECT_TRUE(said(1, leak_check_refused).starts_with("LeakSanitizer cannot run here"));
  EXPECT_TRUE(said(134, {"==1==ReserveShadowMemoryRange failed while trying to map 0xdfff0001000 "
                         "bytes. Perhaps you're using ulimit -v or ulimit -d"})
                  .find("ulimit -v unlimited") != std::string::npos);
  EXPECT_TRUE(said(2, {"fiberproof: FIBERPROOF_CRASH_RECORDER: full/rec: cannot be made: No space "
                       "left on device"})
                  .starts_with("no room on the disk"));
  EXPECT_TRUE(said(1, {"ERROR: Invalid value for bool option: 'maybe'",
                       "AddressSanitizer: ERROR: Flag parsing failed."})
                  .find("'maybe'; correct the sanitizer options") != std::string::npos);
  EXPECT_TRUE(said(127, {"x: error while loading shared libraries: libstdc++.so.6: cannot open "
                         "shared object file: Error 24"})
                  .find("libstdc++.so.6") != std::string::npos);
  EXPECT_TRUE(said(128 + SIGXFSZ, {}).find("ulimit -f") != std::string::npos);
  EXPECT_EQ(said(3, {"something else"}),
            "ended with status 3 before it got any input: something else");
}

TEST(target_end, that_could_not_be_started_quotes_the_system) {
  ProcessEnd end;
  end.why_not_started = "Permission denied";
  EXPECT_EQ(refusal_before_any_input(end, {}), "cannot be started: Permission denied");
  EXPECT_EQ(judge_end(end, {}, false).blame, Blame::system);
}

TEST(target_end, with_an_oracles_or_sanitizers_report_is_the_targets_fault) {
  const auto blame = [](const Lines& lines) { return judge_end(ended(1), lines, true).blame; };
  EXPECT_EQ(blame({"fiberproof: C5 violated: a payload", "==1== ERROR: libFuzzer: deadly signal"}),
            Blame::target);
  EXPECT_EQ(blame({"SUMMARY: AddressSanitizer: heap-use-after-free a.cpp:1:2 in f"}),
            Blame::target);
  EXPECT_EQ(blame({"SUMMARY: UndefinedBehaviorSanitizer: undefined-behavior a.cpp:1:2"}),
            Blame::target);
  EXPECT_EQ(blame({"SUMMARY: AddressSanitizer: 430 byte(s) leaked in 7 allocation(s)."}),
            Blame::target);
  EXPECT_EQ(blame({"fiberproof: L1 violated: a stack", "Cannot allocate memory"}), Blame::target)
      << "an oracle outranks what else was said";
}

TEST(target_end, by_a_limit_or_a_foreign_signal_is_the_systems_fault) {
  const auto blame = [](int exit_code, const Lines& lines) {
    return judge_end(ended(exit_code), lines, false).blame;
  };
  EXPECT_EQ(blame(128 + SIGKILL, {}), Blame::system);
  EXPECT_EQ(blame(128 + SIGXFSZ, {}), Blame::system);
  EXPECT_EQ(blame(128 + SIGXCPU, {}), Blame::system);
  EXPECT_EQ(blame(128 + SIGPIPE, {}), Blame::system);
  EXPECT_EQ(blame(72, {"==1== libFuzzer: run interrupted; exiting"}), Blame::system);
  EXPECT_EQ(blame(134, {"terminate called after throwing an instance of 'std::system_error'",
                        "  what():  Resource temporarily unavailable"}),
            Blame::system);
  EXPECT_EQ(blame(1, {"AddressSanitizer: CHECK failed: sanitizer_common.cpp:53 \"((0 && \"unable "
                      "to mmap\")) != (0)\" (0x0, 0x0) (tid=7)"}),
            Blame::system);
  EXPECT_EQ(blame(1, {"==7== ERROR: libFuzzer: file size exceeded"}), Blame::system);
  EXPECT_EQ(blame(1, {"==1==ERROR: External symbolizer path is set to '/bin/true' which isn't a "
                      "known symbolizer."}),
            Blame::system);
}

TEST(target_end, by_leak_sanitizer_is_the_targets_fault_unless_the_system_refused_a_thread) {
  const TargetEnd end = judge_end(ended(1), leak_check_refused, true);
  EXPECT_EQ(end.blame, Blame::to_be_shown);
  EXPECT_TRUE(end.is_of_leak_check);
  EXPECT_TRUE(is_leak_check_refused({"==1==Could not attach to thread 7 (errno 1)."}));
  EXPECT_TRUE(is_leak_check_refused({"x", "==1==Failed spawning a tracer thread (errno 11)."}));
  EXPECT_FALSE(is_leak_check_refused(leak_check_refused));
}

TEST(target_end, without_memory_for_an_input_must_be_shown_again) {
  const Lines lines{
      "==1==ERROR: AddressSanitizer: out of memory: allocator is trying to allocate "
      "0x10000000000 bytes"};
  const TargetEnd end = judge_end(ended(1), lines, true);
  EXPECT_EQ(end.blame, Blame::to_be_shown);
  EXPECT_TRUE(end.is_of_memory);
  EXPECT_EQ(judge_end(ended(1), lines, false).blame, Blame::system);
}

TEST(target_end, without_a_report_must_be_shown_again) {
  EXPECT_EQ(judge_end(ended(70), {"SUMMARY: libFuzzer: timeout"}, true).blame, Blame::to_be_shown);
  EXPECT_EQ(judge_end(ended(71), {"SUMMARY: libFuzzer: out-of-memory"}, true).blame,
            Blame::to_be_shown);
  EXPECT_EQ(judge_end(ended(128 + SIGSEGV), {}, false).blame, Blame::to_be_shown);
  EXPECT_EQ(judge_end(ended(0), {}, true).blame, Blame::to_be_shown) << "by a user's exitcode=0";
  EXPECT_EQ(judge_end(ended(0), {}, false).blame, Blame::none);
}

TEST(target_end, the_users_options_come_last_and_so_win) {
  ::unsetenv("ASAN_OPTIONS");
  const std::string ours = sanitizer_environment().front();
  EXPECT_TRUE(ours.starts_with("ASAN_OPTIONS=detect_stack_use_after_return=1:")) << ours;
  ::setenv("ASAN_OPTIONS", "detect_leaks=0:quarantine_size_mb=1", 1);
  EXPECT_EQ(sanitizer_environment().front(), ours + ":detect_leaks=0:quarantine_size_mb=1");
  ::unsetenv("ASAN_OPTIONS");
}

}  // namespace
}  // namespace fiberproof::verify
