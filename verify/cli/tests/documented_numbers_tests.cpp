// Numbers in README and other documents equal those that the command prints. A sentence that states
// the number in other words fails until it is listed here again.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

namespace fiberproof::verify {
namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(FIBERPROOF_SOURCE "/") + path).rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

// The command's results as JSON.
nlohmann::json results_of(std::vector<std::string> arguments) {
  const ScratchFolder folder;
  const std::string path = folder.path("results.json");
  arguments.insert(arguments.begin(), {FIBERPROOF_COMMAND, "--json", path});
  EXPECT_EQ(outcome_of(arguments).exit_code, 0) << testing::PrintToString(arguments);
  return nlohmann::json::parse(ScratchFolder::contents(path), nullptr, false);
}

// Every occurrence in the file, with line ends as spaces; there must be one.
void expect_said(const std::string& path, const std::string& pattern, const std::string& number) {
  std::string text = text_of(path);
  std::ranges::replace(text, '\n', ' ');
  const std::regex expression(pattern);
  std::sregex_iterator found(text.begin(), text.end(), expression);
  ASSERT_NE(found, std::sregex_iterator()) << path << " does not say: " << pattern;
  for (; found != std::sregex_iterator(); ++found) EXPECT_EQ((*found)[1], number) << path;
}

void expect_said(const std::string& path, const std::string& pattern, std::size_t number) {
  expect_said(path, pattern, std::to_string(number));
}

// Whether the theorem is about code that this project does not have.
bool is_of_other_code(const std::string& theorem) {
  return std::ranges::any_of(embedded_contracts(), [&theorem](const EmbeddedText& entry) {
    const auto contract = parse_contract(entry.text, std::string(entry.path));
    return contract && contract->owner != CodeOwner::anybody &&
           theorem.starts_with(contract->name + "/");
  });
}

std::size_t count_if_true(const nlohmann::json& entries, const char* field) {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries, [field](const auto& entry) { return entry[field].template get<bool>(); }));
}

TEST(documented_numbers, defects_are_as_many_as_the_patches_name) {
  const auto defects = results_of({"list", "defects"})["list"]["defects"];
  const std::size_t by_proof = count_if_true(defects, "by_proof");
  const std::size_t by_target = count_if_true(defects, "by_target");
  expect_said("README.md", "(\\d+) bugs as patches to core", defects.size());
  const auto of_the_field =
      static_cast<std::size_t>(std::ranges::count_if(defects, [](const auto& defect) {
        return defect["name"].template get<std::string>() < "S41";
      }));
  expect_said("README.md", "(\\d+) of the field and", of_the_field);
  expect_said("README.md", "of the field and (\\d+) of our own", defects.size() - of_the_field);
  const std::string table = text_of("core/defects/README.md");
  const std::regex unhunted("\\| S\\d\\d-.*not hunted yet.*\\|\n");
  expect_said(
      "README.md", "(\\d+) of our own have not been hunted yet",
      static_cast<std::size_t>(std::distance(
          std::sregex_iterator(table.begin(), table.end(), unhunted), std::sregex_iterator())));
  expect_said("README.md", "(\\d+) must be refuted by a theorem", by_proof);
  expect_said("README.md", "must be refuted by a theorem and (\\d+) found", by_target);
  expect_said("README.md", "No theorem covers the other (\\d+)", defects.size() - by_proof);
  expect_said("core/defects/README.md", "Of the (\\d+), \\d+ must be", defects.size());
  expect_said("core/defects/README.md", "(\\d+) must be refuted by a theorem", by_proof);
  expect_said("core/defects/README.md", "by a theorem and (\\d+) found by a target", by_target);
  expect_said(".ci/run", "`fiberproof hunt` is of all (\\d+)", defects.size());
}

TEST(documented_numbers, the_table_of_defects_has_every_patch_and_what_it_names) {
  const std::string text = text_of("core/defects/README.md");
  std::map<std::string, std::pair<bool, bool>> rows;
  const std::regex row("\\| (S\\d\\d-[^ ]+) \\| (yes|no|stops) \\| (yes|no) \\|");
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) {
    rows[(*at)[1]] = {(*at)[2] == "yes", (*at)[3] == "yes"};
  }
  const auto defects = results_of({"list", "defects"})["list"]["defects"];
  EXPECT_EQ(rows.size(), defects.size());
  for (const auto& defect : defects) {
    const auto name = defect["name"].get<std::string>();
    ASSERT_TRUE(rows.contains(name)) << name;
    EXPECT_EQ(rows[name].first, defect["by_proof"].get<bool>()) << name;
    EXPECT_EQ(rows[name].second, defect["by_target"].get<bool>()) << name;
  }
}

TEST(documented_numbers, mutants_are_as_many_as_the_sources_give) {
  const auto files = results_of({"list", "mutants"})["list"]["mutants"];
  std::size_t all = 0;
  for (const auto& file : files) all += file["mutants"].get<std::size_t>();
  expect_said("verify/mutation/cpp/README.md", "Each of the (\\d+) mutants", all);
  expect_said(".ci/run", "`fiberproof mutate` is of all (\\d+)", all);
}

TEST(documented_numbers, readme_rows_match_proofs_txt) {
  const auto proofs = results_of({"list", "proofs"})["list"]["proofs"];
  const std::string text = text_of("README.md");
  const std::regex row(
      "\n([A-Z]\\d+) +(-|(\\d+) proved, [^ ]+ ms) +(\\d+) proved(, (\\d+) refuted)?, ");
  std::size_t rows = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at, ++rows) {
    std::map<std::string, std::size_t> counts;
    for (const auto& theorem : proofs) {
      const auto name = theorem["name"].get<std::string>();
      if (name.find("/" + (*at)[1].str() + ".") == name.npos || is_of_other_code(name)) continue;
      const bool is_of_model = name.find("/model/") != name.npos || name.starts_with("layout") ||
                               name.starts_with("machine/");
      ++counts[is_of_model ? "model" : theorem["expected"].get<std::string>()];
    }
    EXPECT_EQ((*at)[3].str(), counts["model"] == 0 ? "" : std::to_string(counts["model"]));
    EXPECT_EQ((*at)[4], std::to_string(counts["proved"])) << (*at)[1];
    EXPECT_EQ((*at)[6].str(), counts["refuted"] == 0 ? "" : std::to_string(counts["refuted"]));
  }
  EXPECT_GE(rows, 3u);
}

TEST(documented_numbers, the_trampoline_of_the_readme_is_the_one_that_is_proved) {
  const auto results = results_of({"prove", "continuation_start/"});
  const auto& code = results["code"];
  const auto routine = std::ranges::find_if(
      code, [](const auto& entry) { return entry["routine"] == "fiberproof_continuation_start"; });
  ASSERT_NE(routine, code.end());
  const std::string numbers = "fiberproof_continuation_start +";
  expect_said("README.md", numbers + "(\\d+) ",
              (*routine)["instructions"].template get<std::size_t>());
  expect_said("README.md", numbers + "\\d+ +(\\d+) ",
              (*routine)["bytes"].template get<std::size_t>());
  expect_said("README.md", numbers + "\\d+ +\\d+ +([0-9a-f]{16})",
              (*routine)["hash"].template get<std::string>());
  expect_said("README.md", "proved (\\d+) of \\d+ theorems of continuation_start",
              results["theorems"].size());
}

TEST(documented_numbers, the_help_in_the_readme_names_every_subcommand) {
  const std::string text = text_of("README.md");
  const std::vector<std::string> help = outcome_of({FIBERPROOF_COMMAND, "help"}).lines;
  auto at = std::ranges::find(help, "Subcommands:");
  ASSERT_NE(at, help.end());
  std::size_t subcommands = 0;
  for (++at; at != help.end() && at->starts_with("  "); ++at) {
    std::istringstream words(*at);
    std::string name;
    words >> name;
    if (at->starts_with("    ")) continue;  // a wrapped description
    ++subcommands;
    EXPECT_NE(text.find("\nfiberproof " + name), text.npos) << name;
  }
  EXPECT_EQ(subcommands, 14u);
}

}  // namespace
}  // namespace fiberproof::verify
