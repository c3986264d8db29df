// Results as JSON: written by every subcommand, completely or not at all, even if the run fails.
#include "verify/cli/tests/command_test.hpp"

#include <sys/stat.h>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

class command_results : public CommandTest {};

TEST_F(command_results, every_subcommand_writes_json_before_and_behind_its_name) {
  const std::vector<std::vector<std::string>> commands{
      {"replay", counterexample},
      {"explain", counterexample},
      {"list", "specs"},
      {"list", "mutants"},
      {"contract", "new"},
      {"prove", "layout"},
      {"minimize", counterexample, "-o", path("shorter")},
      {"fuzz", "no_such_target"},
      {"hunt", "no_such_defect"},
      {"mutate", "no_such_file"},
      {"mutants", path("missing")},
      {"contract", "check", path("missing")},
      {"replay", path("missing")},
      {"explain", path("missing")},
      {"minimize", path("missing")}};
  for (const auto& command : commands) {
    for (const bool before : {true, false}) {
      const std::string json = path("results.json");
      filesystem::remove(json);
      filesystem::remove(path("shorter"));
      std::vector<std::string> arguments = command;
      arguments.insert(before ? arguments.begin() : arguments.end(), {"--json", json});
      const Outcome outcome = run(arguments);
      const nlohmann::json results = json_in(json);
      ASSERT_TRUE(results.is_object()) << testing::PrintToString(arguments);
      EXPECT_EQ(results["command"], command[0]);
      EXPECT_EQ(results["results_version"], 1);
      EXPECT_EQ(results["exit_status"], outcome.exit_code) << testing::PrintToString(arguments);
      EXPECT_EQ(results["errors"].empty(), outcome.exit_code == 0) << results["errors"];
    }
  }
}

TEST_F(command_results, json_has_expectation_verdict_and_claim) {
  const std::string json = path("results.json");
  ASSERT_EQ(run({"prove", "continuation_start_v44/T5", "--json", json}).exit_code, 0);
  const nlohmann::json results = json_in(json);
  EXPECT_EQ(results["status"], "ok");
  const auto& theorems = results["theorems"];
  const auto refuted = std::ranges::find_if(
      theorems, [](const auto& theorem) { return theorem["verdict"] == "refuted"; });
  ASSERT_NE(refuted, theorems.end());
  EXPECT_EQ((*refuted)["expected"], "refuted");
  EXPECT_FALSE((*refuted)["claim"].template get<std::string>().empty());
  EXPECT_FALSE((*refuted)["reason"].template get<std::string>().empty());
}

TEST_F(command_results, json_is_written_for_a_wrong_command_line) {
  const std::string json = path("results.json");
  const std::vector<std::vector<std::string>> wrong{{"--json", json, "prvoe"},
                                                    {"prove", "--frobnicate", "--json", json},
                                                    {"prove", "--timeout", "5s", "--json=" + json},
                                                    {"--time", "3", "prove", "--json", json}};
  for (const auto& arguments : wrong) {
    filesystem::remove(json);
    EXPECT_EQ(run(arguments).exit_code, 2);
    const nlohmann::json results = json_in(json);
    ASSERT_TRUE(results.is_object()) << testing::PrintToString(arguments);
    EXPECT_EQ(results["status"], "could_not_run");
    EXPECT_EQ(results["errors"].size(), 1u);
  }
}

TEST_F(command_results, json_to_a_dash_is_all_of_standard_output) {
  const std::string out = path("out");
  for (const char* const line : {"$F prove layout --json -", "$F --json - list specs",
                                 "$F replay missing --json -", "$F prvoe --json -"}) {
    shell(fmt::format("cd {}; {} > out 2> err", folder_.path(), line));
    EXPECT_TRUE(json_in(out).is_object()) << line << ": " << ScratchFolder::contents(out);
    EXPECT_FALSE(ScratchFolder::contents(path("err")).empty()) << line;
  }
  EXPECT_FALSE(filesystem::exists(path("-")));
}

TEST_F(command_results, replace_a_file_completely_or_not_at_all) {
  const std::string json = file("results.json", "before");
  ::chmod(json.c_str(), 0640);
  filesystem::create_symlink(json, path("link"));
  EXPECT_EQ(run({"list", "specs", "--json", path("link")}).exit_code, 0);
  EXPECT_TRUE(filesystem::is_symlink(path("link")));
  EXPECT_TRUE(json_in(json).is_object());
  struct stat status{};
  ASSERT_EQ(::stat(json.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
  // A full disk: an existing file stays.
  const Outcome full = shell(
      fmt::format("echo before > {0}; ulimit -f 0; trap '' XFSZ; $F list specs --json {0} | cat; "
                  "exit ${{PIPESTATUS[0]}}",
                  json));
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_TRUE(full.says("fiberproof: --json")) << testing::PrintToString(full.lines);
  EXPECT_EQ(std::distance(filesystem::directory_iterator(folder_.path()), {}), 2)
      << "a temporary file";
}

TEST_F(command_results, unwritable_files_are_found_before_any_work) {
  const std::string nowhere = path("no/such/file");
  const std::string a_file = file("file", "");
  const std::vector<std::vector<std::string>> commands{
      {"prove", "layout", "--json", nowhere},
      {"prove", "layout", "--json", folder_.path()},
      {"prove", "layout", "--json", ""},
      {"prove", "layout", "--smt2", a_file + "/scripts"},
      {"prove", "layout", "--counterexamples", "/proc/no_such_folder"},
      {"hunt", "S14", "--table", nowhere},
      {"hunt", "S14", "--folder", a_file + "/hunt"},
      {"mutate", "initialize.cpp", "--folder", a_file + "/mutate"},
      {"minimize", counterexample, "-o", nowhere},
      {"minimize", counterexample, "-o", a_file}};
  for (const auto& command : commands) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(command);
    EXPECT_EQ(outcome.lines.size(), 1u) << testing::PrintToString(outcome.lines);
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << testing::PrintToString(outcome.lines);
  }
}

TEST_F(command_results, keep_what_was_decided_before_the_pipe_closed) {
  const Outcome outcome =
      shell(fmt::format("$F prove layout initialize --json {} | head -n 1", path("results.json")));
  EXPECT_TRUE(outcome.says("fiberproof: standard output: Broken pipe"));
  const nlohmann::json results = json_in(path("results.json"));
  ASSERT_TRUE(results.is_object());
  EXPECT_EQ(results["exit_status"], 2);
  EXPECT_FALSE(results["theorems"].empty());
}

}  // namespace
}  // namespace fiberproof::verify
