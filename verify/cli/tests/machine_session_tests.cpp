// `fuzz` on machines that refuse something, moved away from its sources, and with findings: what it
// says, what it leaves, and that it blames a target only for what the target did.
#include "verify/cli/tests/scratch_home.hpp"
#include "verify/cli/tests/session.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <sstream>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

constexpr uid_t nobody = 65534;

class machine : public testing::Test {
 protected:
  SessionOptions options(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return {std::move(arguments), home_.work(), {"TMPDIR=" + home_.temporary()}, 0, {}};
  }
  SessionOptions fuzz_layout() const { return options({"fuzz", "layout", "--time", "1"}); }

  // Status 2, one line on it that has `said`, and not a trace of a finding.
  void expect_could_not_run(const SessionOptions& options, const std::string& said) const {
    const SessionEnd end = run_session(options);
    EXPECT_EQ(end.status, 2) << end.output;
    EXPECT_NE(end.output.find(said), std::string::npos) << end.output;
    EXPECT_EQ(end.output.find("found after"), std::string::npos) << end.output;
    EXPECT_EQ(end.output.find("replay with"), std::string::npos) << end.output;
    std::istringstream lines(end.output);
    std::size_t complaints = 0;
    for (std::string line; std::getline(lines, line);) {
      complaints += line.starts_with("fiberproof: ") ? 1 : 0;
    }
    EXPECT_EQ(complaints, 1u) << end.output;
    expect_nothing_left();
  }
  void expect_nothing_left() const {
    EXPECT_EQ(ScratchHome::all_in(home_.work()), std::vector<std::string>{});
    EXPECT_EQ(ScratchHome::all_in(home_.temporary()), std::vector<std::string>{});
  }

  static std::function<void()> limit(__rlimit_resource resource, rlim_t most) {
    return [resource, most] {
      const rlimit both{most, most};
      ::setrlimit(resource, &both);
    };
  }

  // The command and `program` as its target `layout`, in a folder of their own.
  std::string move_with(const std::string& program) const {
    filesystem::create_directories(home_.bin());
    filesystem::copy_file(FIBERPROOF_COMMAND, home_.bin() + "/fiberproof");
    filesystem::copy_file(program, home_.bin() + "/layout_fuzzer");
    return home_.bin() + "/fiberproof";
  }
  // With a shell script as the target, which is told by "-help=1" that there is no input.
  std::string move_with_script(const std::string& script) const {
    home_.write_program("script", "#!/bin/sh\n[ \"$1\" = -help=1 ] && exit 0\n" + script);
    return move_with(home_.path("script"));
  }
  SessionOptions fuzz_moved(const std::string& command) const {
    SessionOptions moved = options({"fuzz", "layout", "--time", "1", "--no-seeds"});
    moved.arguments[0] = command;
    return moved;
  }

  ScratchHome home_;
};

TEST_F(machine, without_ptrace_is_not_the_targets_fault) {
  SessionOptions refused = fuzz_layout();
  refused.prepare = [] {
    if (!refuse_system_call(SYS_ptrace)) ::_exit(125);
  };
  expect_could_not_run(refused, "LeakSanitizer cannot run here");
}

TEST_F(machine, without_ptrace_the_users_options_are_kept) {
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

TEST_F(machine, with_a_wrong_sanitizer_option_says_which) {
  SessionOptions wrong = fuzz_layout();
  wrong.environment.emplace_back("ASAN_OPTIONS=detect_leaks=maybe");
  expect_could_not_run(wrong, "'maybe'; correct the sanitizer options");
}

TEST_F(machine, with_few_addresses_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_AS, rlim_t{4} << 30);
  expect_could_not_run(limited, "ulimit -v unlimited");
}

TEST_F(machine, with_few_open_files_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_NOFILE, 20);
  expect_could_not_run(limited, "ulimit -n 64");
}

TEST_F(machine, with_small_files_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_FSIZE, 100'000);
  expect_could_not_run(limited, "ulimit -f unlimited");
}

TEST_F(machine, with_small_stacks_is_not_the_targets_fault) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_STACK, 256 * 1024);
  expect_could_not_run(limited, "ulimit -s 8192");
}

TEST_F(machine, with_low_soft_limits_raises_them) {
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

TEST_F(machine, without_a_core_limit_or_with_one_is_the_same) {
  SessionOptions limited = fuzz_layout();
  limited.prepare = limit(RLIMIT_CORE, 0);
  EXPECT_EQ(run_session(limited).status, 0);
}

TEST_F(machine, that_refuses_personality_is_the_same) {
  SessionOptions refused = fuzz_layout();
  refused.prepare = [] {
    if (!refuse_system_call(SYS_personality)) ::_exit(125);
  };
  EXPECT_EQ(run_session(refused).status, 0);
}

// Root has no limit of processes, so as somebody else.
TEST_F(machine, without_room_for_another_thread_is_not_the_targets_fault) {
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

// In a view of the file system of its own; false where that takes rights that there are not.
bool has_own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool can_have_own_mounts() {
  auto child = ChildProcess::copy([] { ::_exit(has_own_mounts() ? 0 : 1); });
  return child && child->wait() == 0;
}

TEST_F(machine, without_room_on_the_disk_is_not_the_targets_fault) {
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

TEST_F(machine, without_proc_is_not_the_targets_fault) {
  if (!can_have_own_mounts()) GTEST_SKIP() << "takes mounts of its own, and so root";
  SessionOptions bare = fuzz_layout();
  bare.prepare = [] {
    if (!has_own_mounts() || ::mount("none", "/proc", "tmpfs", 0, nullptr) != 0) ::_exit(125);
  };
  expect_could_not_run(bare, "/proc cannot be read");
}

TEST_F(machine, with_a_folder_that_cannot_be_written_is_told_before_anything_runs) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes another user, and so root";
  SessionOptions other = fuzz_layout();
  filesystem::permissions(home_.work(),
                          filesystem::perms::others_read | filesystem::perms::others_exec);
  other.prepare = [] {
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(125);
  };
  expect_could_not_run(other, "name another folder with --artifacts DIR");
}

TEST_F(machine, with_wrong_folders_is_told_before_anything_runs) {
  const std::string file = home_.write("file", "mine");
  SessionOptions wrong = options({"fuzz", "layout", "--time", "1", "--corpus", file});
  expect_could_not_run(wrong, file + " is not a folder; name another folder with --corpus");
  wrong = options({"fuzz", "layout", "--time", "1", "--artifacts", file});
  expect_could_not_run(wrong, file + " is not a folder; name another folder with --artifacts");
  wrong = options({"fuzz", "layout", "--time", "1", "--corpus", file + "/below"});
  expect_could_not_run(wrong, file + " is not a folder");
  wrong = options({"fuzz", "layout", "--time", "1", "--seeds", file});
  expect_could_not_run(wrong, "--seeds names one with the seeds");
  wrong = options({"fuzz", "layout", "--time", "1", "--seeds", home_.work()});
  expect_could_not_run(wrong, "no seeds for layout in ");
  wrong = fuzz_layout();
  wrong.environment.push_back("TMPDIR=" + home_.path("nowhere"));
  expect_could_not_run(wrong, "set TMPDIR to a folder that can be written");
  EXPECT_EQ(ScratchHome::contents(file), "mine");
}

TEST_F(machine, a_target_that_is_missing_is_named) {
  const std::string command = move_with_script("");
  filesystem::remove(home_.bin() + "/layout_fuzzer");
  expect_could_not_run(fuzz_moved(command), home_.bin() + "/layout_fuzzer: the target cannot be");
}

TEST_F(machine, what_ends_a_target_from_elsewhere_is_no_finding) {
  const std::string command = move_with_script("kill -9 $$\n");
  expect_could_not_run(fuzz_moved(command), "was killed (SIGKILL)");
}

// What a machine that stood still for a while makes of an input, which takes no time the next time.
TEST_F(machine, a_timeout_that_is_not_shown_again_is_no_finding) {
  const std::string command = move_with_script(
      "case \"$*\" in *-runs=2*) exit 0;; esac\n"
      "for word; do case $word in -artifact_prefix=*) prefix=${word#*=};; esac; done\n"
      "echo x > \"${prefix}timeout-1\"\n"
      "echo \"#64\tpulse  cov: 3 ft: 3 corp: 1/1b exec/s: 9 rss: 3Mb\"\n"
      "echo \"==1== ERROR: libFuzzer: timeout after 26 seconds\"\n"
      "echo \"SUMMARY: libFuzzer: timeout\"\n"
      "echo \"Test unit written to ${prefix}timeout-1\"\nexit 70\n");
  expect_could_not_run(fuzz_moved(command), "the same input does not show it again");
}

TEST_F(machine, a_target_that_executes_nothing_is_no_good_run) {
  expect_could_not_run(fuzz_moved(move_with_script("exit 0\n")), "does not tell");
}

// The sources hidden, as where a build was moved to another machine.
class moved : public machine {
 protected:
  void SetUp() override {
    if (!can_have_own_mounts()) GTEST_SKIP() << "takes mounts of its own, and so root";
    command_ = move_with(FIBERPROOF_LAYOUT_FUZZER);
  }
  SessionOptions without_sources(std::vector<std::string> arguments) const {
    SessionOptions hidden = options(std::move(arguments));
    hidden.arguments[0] = command_;
    hidden.prepare = [] {
      if (!has_own_mounts() || ::mount("none", FIBERPROOF_CORPUS, "tmpfs", 0, nullptr) != 0) {
        ::_exit(125);
      }
    };
    return hidden;
  }

  std::string command_;
};

TEST_F(moved, build_without_seeds_says_where_it_looked_and_what_to_do) {
  expect_could_not_run(without_sources({"fuzz", "layout", "--time", "1"}),
                       "no seeds for layout: looked for " + home_.bin() + "/corpus/seeds/layout, ");
}

TEST_F(moved, build_goes_without_seeds_where_that_is_asked) {
  const SessionEnd end =
      run_session(without_sources({"fuzz", "layout", "--time", "1", "--no-seeds"}));
  EXPECT_EQ(end.status, 0) << end.output;
}

TEST_F(moved, build_finds_seeds_beside_it_and_where_it_is_told) {
  const std::string seed = "fiberproof program 1\n";
  home_.write("bin/corpus/seeds/layout/one", seed);
  EXPECT_EQ(run_session(without_sources({"fuzz", "layout", "--time", "1"})).status, 0);
  filesystem::remove_all(home_.bin() + "/corpus");
  home_.write("share/fiberproof/corpus/seeds/layout/one", seed);
  EXPECT_EQ(run_session(without_sources({"fuzz", "layout", "--time", "1"})).status, 0);
  filesystem::remove_all(home_.path("share"));
  for (const char* const folder : {"mine", "mine/layout", "mine/seeds/layout"}) {
    home_.write(std::string(folder) + "/one", seed);
    const SessionEnd end = run_session(
        without_sources({"fuzz", "layout", "--time", "1", "--seeds", home_.path("mine")}));
    EXPECT_EQ(end.status, 0) << end.output;
    filesystem::remove_all(home_.path("mine"));
  }
}

TEST_F(moved, build_says_all_that_is_missing_before_the_main_job_begins) {
  const SessionEnd end = run_session(without_sources({"--time", "1"}));
  EXPECT_EQ(end.status, 2);
  for (const char* const missing :
       {"no seeds for layout", "trampoline_fuzzer: the target cannot be"}) {
    EXPECT_NE(end.output.find(missing), std::string::npos) << missing << '\n' << end.output;
  }
  EXPECT_EQ(end.output.find("== proofs"), std::string::npos) << end.output;
}

// All of the sources hidden, the build among them.
class without_sources_at_all : public moved {
 protected:
  SessionOptions bare(std::vector<std::string> arguments) const {
    SessionOptions hidden = without_sources(std::move(arguments));
    hidden.prepare = [] {
      if (!has_own_mounts() || ::mount("none", FIBERPROOF_SOURCE, "tmpfs", 0, nullptr) != 0) {
        ::_exit(125);
      }
    };
    return hidden;
  }
};

TEST_F(without_sources_at_all, what_needs_them_says_so) {
  const std::vector<std::vector<std::string>> commands{
      {"mutate"}, {"mutate", "--print"}, {"hunt"}, {"list", "mutants"}, {"list", "defects"}};
  for (const auto& command : commands) {
    expect_could_not_run(bare(command), "the project's sources, which this command was built from");
  }
}

TEST_F(without_sources_at_all, refutations_are_kept_below_the_folder_one_stands_in) {
  const SessionEnd help = run_session(bare({"prove", "--help"}));
  EXPECT_NE(help.output.find("FOLDER=fiberproof-counterexamples\n"), std::string::npos)
      << help.output;
  EXPECT_EQ(help.output.find(FIBERPROOF_CORPUS), std::string::npos) << help.output;
  EXPECT_EQ(run_session(bare({"prove", "layout"})).status, 0);
  expect_nothing_left();
}

// The canary in the place of a target: a bug that is there to be found.
class finding : public machine {
 protected:
  void SetUp() override {
    command_ = move_with(FIBERPROOF_CANARY);
    filesystem::rename(home_.bin() + "/layout_fuzzer", home_.bin() + "/program_fuzzer");
  }
  SessionOptions fuzz(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"fuzz", "program", "--time", "900", "--no-seeds"};
    words.insert(words.end(), more.begin(), more.end());
    SessionOptions found = options(words);
    found.arguments[0] = command_;
    return found;
  }
  // What is kept: inputs and Programs, few and small.
  void expect_kept(const std::string& folder, std::size_t most) const {
    const auto files = ScratchHome::all_in(home_.work());
    EXPECT_GE(files.size(), 2u);
    EXPECT_LE(files.size(), most);
    for (const std::string& file : files) {
      EXPECT_TRUE(file.starts_with(folder)) << file;
      EXPECT_LT(filesystem::file_size(file), 64u * 1024) << file;
    }
    EXPECT_EQ(ScratchHome::all_in(home_.temporary()), std::vector<std::string>{});
  }

  std::string command_;
};

std::string line_behind(const std::string& output, const std::string& mark) {
  const std::size_t at = output.find(mark);
  if (at == output.npos) return {};
  const std::size_t begin = at + mark.size();
  return output.substr(begin, output.find('\n', begin) - begin);
}

TEST_F(finding, is_kept_in_one_folder_with_a_line_that_replays_it_anywhere) {
  const SessionEnd end = run_session(fuzz());
  EXPECT_EQ(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("found 1"), std::string::npos) << end.output;
  EXPECT_NE(end.output.find(" violated"), std::string::npos) << end.output;
  expect_kept(home_.work() + "/fiberproof-artifacts/", 2);
  const std::string line = line_behind(end.output, "replay with: ");
  ASSERT_FALSE(line.empty()) << end.output;
  const SessionEnd replay = run_session({{"/bin/sh", "-c", line}, "/", {}, 0, {}});
  EXPECT_NE(replay.status, 0);
  EXPECT_NE(replay.output.find(" violated"), std::string::npos) << replay.output;
}

TEST_F(finding, may_be_kept_in_a_folder_with_any_name) {
  const SessionEnd end = run_session(fuzz({"--artifacts", "what we found/it's"}));
  EXPECT_EQ(end.status, 1) << end.output;
  expect_kept(home_.work() + "/what we found/it's/", 2);
  const std::string line = line_behind(end.output, "replay with: ");
  const SessionEnd replay = run_session({{"/bin/sh", "-c", line}, "/", {}, 0, {}});
  EXPECT_NE(replay.output.find(" violated"), std::string::npos) << line << '\n' << replay.output;
}

TEST_F(finding, of_one_process_ends_all_of_them) {
  const SessionEnd end = run_session(fuzz({"--jobs", "3"}));
  EXPECT_EQ(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("replay with: "), std::string::npos) << end.output;
  expect_kept(home_.work() + "/fiberproof-artifacts/", 6);
  EXPECT_TRUE(processes_with(home_.bin() + "/program_fuzzer").empty());
}

TEST_F(finding, of_two_runs_in_one_folder_does_not_disturb_the_other) {
  const SessionOptions both = fuzz();
  Session first(both);
  Session second(both);
  EXPECT_EQ(first.wait(), 1) << first.output();
  EXPECT_EQ(second.wait(), 1) << second.output();
  for (const Session* const session : {&first, &second}) {
    const std::string kept = line_behind(session->output(), "the input is kept as ");
    EXPECT_TRUE(filesystem::exists(home_.work() + "/" + kept)) << session->output();
  }
  expect_kept(home_.work() + "/fiberproof-artifacts/", 4);
}

TEST_F(finding, overwrites_nothing_that_is_there) {
  const SessionEnd first = run_session(fuzz());
  const std::string kept = home_.work() + "/" + line_behind(first.output, "is kept as ");
  ASSERT_TRUE(filesystem::exists(kept)) << first.output;
  std::ofstream(kept + ".program") << "mine\n";
  // The same input again, from the artefact as the only seed.
  filesystem::create_directories(home_.path("seeds"));
  filesystem::copy_file(kept, home_.path("seeds/one"));
  SessionOptions again =
      options({"fuzz", "program", "--time", "900", "--seeds", home_.path("seeds")});
  again.arguments[0] = command_;
  EXPECT_EQ(run_session(again).status, 1);
  EXPECT_EQ(ScratchHome::contents(kept + ".program"), "mine\n");
}

}  // namespace
}  // namespace fiberproof::verify
