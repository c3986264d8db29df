// `fuzz` on systems that refuse something: status 2 with the reason, and no finding.
#include "verify/cli/tests/fuzz_session.hpp"

#include <sys/syscall.h>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

TEST_F(fuzz_session, without_ptrace_is_not_the_targets_fault) {
  SessionOptions refused = fuzz_layout();
  refused.prepare = [] {
    if (!refuse_system_call(SYS_ptrace)) ::_exit(125);
  };
  expect_could_not_run(refused, "LeakSanitizer cannot run here");
}

TEST_F(fuzz_session, without_ptrace_the_users_options_are_kept) {
  SessionOptions refused = fuzz_layout();
  refused.prepare = [] {
    if (!refuse_system_call(SYS_ptrace)) ::_exit(125);
  };
  for (const char* const variable :
       {"ASAN_OPTIONS=detect_leaks=0", "LSAN_OPTIONS=detect_leaks=0"}) {
    refused.environment.emplace_back(variable);
    const SessionEnd end = run_session(refused);
    EXPECT_EQ(end.status, 0) << end.output;
    refused.environment.pop_back();
  }
}

TEST_F(fuzz_session, with_a_wrong_sanitizer_option_says_which) {
  SessionOptions wrong = fuzz_layout();
  wrong.environment.emplace_back("ASAN_OPTIONS=detect_leaks=maybe");
  expect_could_not_run(wrong, "'maybe'; correct the sanitizer options");
}

TEST_F(fuzz_session, with_few_addresses_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_AS, rlim_t{4} << 30);
  expect_could_not_run(limited, "ulimit -v unlimited");
}

TEST_F(fuzz_session, with_few_open_files_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_NOFILE, 20);
  expect_could_not_run(limited, "ulimit -n 64");
}

TEST_F(fuzz_session, with_small_files_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_FSIZE, 100'000);
  expect_could_not_run(limited, "ulimit -f unlimited");
}

TEST_F(fuzz_session, with_small_stacks_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_STACK, 256 * 1024);
  expect_could_not_run(limited, "ulimit -s 8192");
}

TEST_F(fuzz_session, with_low_soft_limits_raises_them) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = [] {
    for (const auto& [resource, most] :
         {std::pair{RLIMIT_NOFILE, rlim_t{16}}, std::pair{RLIMIT_STACK, rlim_t{256 * 1024}}}) {
      rlimit both{};
      ::getrlimit(resource, &both);
      both.rlim_cur = most;
      ::setrlimit(resource, &both);
    }
  };
  const SessionEnd end = run_session(limited);
  EXPECT_EQ(end.status, 0) << end.output;
}

TEST_F(fuzz_session, a_core_limit_changes_nothing) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_CORE, 0);
  EXPECT_EQ(run_session(limited).status, 0);
}

TEST_F(fuzz_session, a_refused_personality_changes_nothing) {
  SessionOptions refused = fuzz_layout();
  refused.prepare = [] {
    if (!refuse_system_call(SYS_personality)) ::_exit(125);
  };
  EXPECT_EQ(run_session(refused).status, 0);
}

// Run as another user, since root has no limit of processes.
TEST_F(fuzz_session, without_room_for_another_thread_is_not_the_targets_fault) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes another user, and so root";
  SessionOptions limited = fuzz_layout();
  limited.prepare = [] {
    const rlimit none{1, 1};
    ::setrlimit(RLIMIT_NPROC, &none);
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(125);
  };
  const SessionEnd end = run_session(limited);
  EXPECT_NE(end.status, 0) << end.output;
  EXPECT_NE(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("Resource temporarily unavailable"), std::string::npos) << end.output;
  expect_nothing_left();
}

TEST_F(fuzz_session, without_room_on_the_disk_is_not_the_targets_fault) {
  if (!can_have_own_mounts()) GTEST_SKIP() << "takes mounts of its own, and so root";
  SessionOptions full = fuzz_layout();
  const std::string folder = home_.temporary();
  full.prepare = [folder] {
    if (!has_own_mounts() ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=64k,mode=777") != 0) {
      ::_exit(125);
    }
  };
  expect_could_not_run(full, "no room on the disk");
}

TEST_F(fuzz_session, without_proc_is_not_the_targets_fault) {
  if (!can_have_own_mounts()) GTEST_SKIP() << "takes mounts of its own, and so root";
  SessionOptions bare = fuzz_layout();
  bare.prepare = [] {
    if (!has_own_mounts() || ::mount("none", "/proc", "tmpfs", 0, nullptr) != 0) ::_exit(125);
  };
  expect_could_not_run(bare, "/proc cannot be read");
}

TEST_F(fuzz_session, an_unwritable_folder_is_reported_before_anything_runs) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes another user, and so root";
  SessionOptions other = fuzz_layout();
  filesystem::permissions(home_.work(),
                          filesystem::perms::others_read | filesystem::perms::others_exec);
  other.prepare = [] {
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(125);
  };
  expect_could_not_run(other, "name another folder with --artifacts DIR");
}

TEST_F(fuzz_session, wrong_folders_are_reported_before_anything_runs) {
  const std::string file = home_.write("file", "mine");
  SessionOptions wrong = options({"fuzz", "layout", "--time", "1", "--corpus", file});
  expect_could_not_run(wrong, file + " is not a folder; name another folder with --corpus");
  wrong = options({"fuzz", "layout", "--time", "1", "--artifacts", file});
  expect_could_not_run(wrong, file + " is not a folder; name another folder with --artifacts");
  wrong = options({"fuzz", "layout", "--time", "1", "--corpus", file + "/below"});
  expect_could_not_run(wrong, file + " is not a folder");
  wrong = options({"fuzz", "layout", "--time", "1", "--seeds", file});
  expect_could_not_run(wrong, "give --seeds a folder with the seeds");
  wrong = options({"fuzz", "layout", "--time", "1", "--seeds", home_.work()});
  expect_could_not_run(wrong, "no seeds for layout in ");
  wrong = fuzz_layout();
  wrong.environment.push_back("TMPDIR=" + home_.path("nowhere"));
  expect_could_not_run(wrong, "set TMPDIR to a folder that can be written");
  EXPECT_EQ(ScratchHome::contents(file), "mine");
}

TEST_F(fuzz_session, a_target_that_is_missing_is_named) {
  const std::string command = move_with_script("");
  filesystem::remove(home_.bin() + "/layout_fuzzer");
  expect_could_not_run(fuzz_moved(command), home_.bin() + "/layout_fuzzer: the target cannot be");
}

TEST_F(fuzz_session, a_kill_from_elsewhere_is_not_a_finding) {
  const std::string command = move_with_script("kill -9 $$\n");
  expect_could_not_run(fuzz_moved(command), "was killed (SIGKILL)");
}

// A system that paused for a while makes an input time out; the next run takes no time.
TEST_F(fuzz_session, a_timeout_that_does_not_recur_is_not_a_finding) {
  const std::string command = move_with_script(
      "case \"$*\" in *-runs=2*) exit 0;; esac\n"
      "for word; do case $word in -artifact_prefix=*) prefix=${word#*=};; esac; done\n"
      "echo x > \"${prefix}timeout-1\"\n"
      "echo \"#64\tpulse  cov: 3 ft: 3 corp: 1/1b exec/s: 9 rss: 3Mb\"\n"
      "echo \"==1== ERROR: libFuzzer: timeout after 26 seconds\"\n"
      "echo \"SUMMARY: libFuzzer: timeout\"\n"
      "echo \"Test unit written to ${prefix}timeout-1\"\nexit 70\n");
  expect_could_not_run(fuzz_moved(command), "the same input does not reproduce it");
}

TEST_F(fuzz_session, a_timeout_that_does_not_recur_is_told_and_the_target_runs_once_more) {
  const std::string command = move_with_script(fmt::format(
      "case \"$*\" in *-max_total_time=*) ;; *) exec {0} \"$@\";; esac\n"
      "[ ! -e {1} ] || exec {0} \"$@\"\n"
      "echo > {1}\n"
      "for word; do case $word in -artifact_prefix=*) prefix=${{word#*=}};; esac; done\n"
      "echo x > \"${{prefix}}timeout-1\"\n"
      "echo \"#64\tpulse  cov: 3 ft: 3 corp: 1/1b exec/s: 9 rss: 3Mb\"\n"
      "echo \"==1== ERROR: libFuzzer: timeout after 26 seconds\"\n"
      "echo \"SUMMARY: libFuzzer: timeout\"\n"
      "echo \"Test unit written to ${{prefix}}timeout-1\"\nexit 70\n",
      FIBERPROOF_LAYOUT_FUZZER, home_.path("was_run")));
  const SessionEnd end = run_session(fuzz_moved(command));
  EXPECT_EQ(end.status, 0) << end.output;
  EXPECT_TRUE(end.output.contains("as when the computer stands still: once more")) << end.output;
}

TEST_F(fuzz_session, a_target_that_executes_nothing_fails) {
  expect_could_not_run(fuzz_moved(move_with_script("exit 0\n")), "does not print");
}

}  // namespace
}  // namespace fiberproof::verify
