// The rules of SPEC.md and the ids that sources cite are the same set, and includes point only as
// the README's map draws them.
#include "fuzz/oracle/spec_id.hpp"
#include "verify/cli/embedded.hpp"
#include "verify/cli/rules.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/proofs/proof_set.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

std::set<std::string> rule_ids() {
  std::set<std::string> ids;
  for (const Rule& rule : rules_of(embedded_spec().text)) ids.insert(rule.id);
  return ids;
}

std::string text_of(const filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<filesystem::path> sources_below(const std::string& folder) {
  std::vector<filesystem::path> files;
  for (const auto& entry :
       filesystem::recursive_directory_iterator(filesystem::path(FIBERPROOF_SOURCE) / folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".cpp" || extension == ".hpp")) {
      files.push_back(entry.path());
    }
  }
  return files;
}

TEST(rules, every_clause_of_every_contract_cites_a_rule) {
  const auto ids = rule_ids();
  for (const auto& [path, text] : embedded_contracts()) {
    const auto contract = parse_contract(text, std::string(path));
    ASSERT_TRUE(contract.has_value()) << message(contract.error());
    for (const Clause& clause : contract->exits) EXPECT_TRUE(ids.contains(clause.spec_id)) << path;
    for (const auto& write : contract->modifies) EXPECT_TRUE(ids.contains(write.spec_id)) << path;
    for (const auto& call : contract->calls) {
      for (const Clause& clause : call.clauses) EXPECT_TRUE(ids.contains(clause.spec_id)) << path;
    }
  }
}

TEST(rules, every_theorem_of_every_set_cites_a_rule_or_none) {
  const auto ids = rule_ids();
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  ASSERT_TRUE(expected.has_value()) << expected.error();
  for (const ProofSet& set : proof_sets()) {
    std::size_t theorems = 0;
    for (const auto& [name, verdict, reason] : *expected) {
      if (!name.starts_with(std::string(set.name) + "/")) continue;
      ++theorems;
      const std::string label = name.substr(name.rfind('/') + 1);
      const std::size_t dot = label.find('.');
      EXPECT_TRUE(dot == std::string::npos || ids.contains(label.substr(0, dot))) << name;
    }
    EXPECT_GT(theorems, 0u) << set.name << " has no line in proofs.txt";
  }
}

TEST(rules, every_oracle_checks_a_rule) {
  const auto ids = rule_ids();
  for (const auto id : fuzz::spec_id_names) EXPECT_TRUE(ids.contains(std::string(id))) << id;
}

TEST(rules, every_check_in_core_cites_a_rule) {
  const auto ids = rule_ids();
  const std::regex check(R"(FIBER_CHECK\((\w+),)");
  std::size_t checks = 0;
  for (const auto& file : sources_below("core")) {
    if (file.filename() == "check.hpp") continue;
    const std::string text = text_of(file);
    for (std::sregex_iterator at(text.begin(), text.end(), check), end; at != end; ++at, ++checks) {
      EXPECT_TRUE(ids.contains((*at)[1].str())) << file << ": " << (*at)[0];
    }
  }
  EXPECT_GT(checks, 5u);
}

TEST(rules, every_rule_is_proved_or_its_absence_is_stated) {
  std::set<std::string> covered;
  for (const auto& [path, text] : embedded_contracts()) {
    const auto contract = parse_contract(text, std::string(path));
    for (const Clause& clause : contract->exits) covered.insert(clause.spec_id);
    for (const auto& write : contract->modifies) covered.insert(write.spec_id);
    for (const auto& run : contract->runs) {
      for (const Clause& clause : run.arrivals) covered.insert(clause.spec_id);
    }
    for (const auto& call : contract->calls) {
      for (const Clause& clause : call.clauses) covered.insert(clause.spec_id);
    }
  }
  // A set's theorems are named likewise, SET/ID.label, and are where the run must find them.
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  ASSERT_TRUE(expected.has_value()) << expected.error();
  for (const ProofSet& set : proof_sets()) {
    for (const auto& [name, verdict, reason] : *expected) {
      if (!name.starts_with(std::string(set.name) + "/")) continue;
      const std::string label = name.substr(name.rfind('/') + 1);
      if (label.find('.') != std::string::npos) covered.insert(label.substr(0, label.find('.')));
    }
  }
  const std::string soundness =
      text_of(filesystem::path(FIBERPROOF_SOURCE) / "verify/SOUNDNESS.md");
  const std::string scope = soundness.substr(soundness.find("## Scope"));
  for (const std::string& id : rule_ids()) {
    EXPECT_TRUE(covered.contains(id) || scope.find(id) != std::string::npos)
        << id << " has no theorem, and SOUNDNESS.md does not say so under Scope";
  }
}

// What each layer may include of the project, by the beginning of the path.
struct Layer {
  std::string folder;
  std::vector<std::string> may_include;
};

TEST(rules, includes_point_only_as_drawn) {
  const std::vector<Layer> layers{
      {"core", {"core/"}},
      {"fuzz", {"fuzz/", "core/"}},
      {"verify/process", {"verify/process/"}},
      {"verify/smt", {"verify/smt/", "verify/process/"}},
      {"verify/object", {"verify/object/"}},
      {"verify/x86",
       {"verify/x86/", "verify/object/", "verify/smt/", "fuzz/generate/random.hpp",
        "fuzz/oracle/hex.hpp"}},
      {"verify/unwind", {"verify/unwind/", "verify/x86/", "verify/object/", "verify/smt/"}},
      {"verify/silicon",
       {"verify/silicon/", "verify/x86/", "verify/object/", "verify/process/",
        "verify/smt/word.hpp", "verify/obligation/switch_sites.hpp", "fuzz/generate/random.hpp",
        "fuzz/oracle/hex.hpp"}},
      {"verify/obligation", {"verify/obligation/", "verify/x86/", "verify/object/", "verify/smt/"}},
      {"verify/model", {"verify/model/", "verify/obligation/", "verify/smt/"}},
      {"verify/proofs",
       {"verify/proofs/", "verify/obligation/", "verify/unwind/", "verify/x86/", "verify/object/",
        "verify/smt/", "verify/model/"}},
      {"verify/certificate", {"verify/certificate/", "verify/smt/", "verify/process/"}},
      {"verify/refinement", {"verify/refinement/", "verify/model/", "fuzz/", "core/"}},
      {"verify/target", {"verify/target/", "verify/process/", "fuzz/replay/crash_kind.hpp"}},
      {"verify/mutation",
       {"verify/mutation/", "verify/cli/", "verify/target/", "verify/process/",
        "verify/obligation/", "verify/x86/", "verify/object/", "verify/smt/", "fuzz/"}},
      {"verify/cli", {"verify/", "fuzz/"}},
  };
  const std::filesystem::path verify = std::filesystem::path(FIBERPROOF_SOURCE) / "verify";
  for (const auto& entry : std::filesystem::directory_iterator(verify)) {
    const std::string folder = "verify/" + entry.path().filename().string();
    const bool has_layer = std::ranges::find(layers, folder, &Layer::folder) != layers.end();
    const bool has_sources = entry.is_directory() && !sources_below(folder).empty();
    EXPECT_TRUE(has_layer || !has_sources) << folder;
  }
  const std::regex include(R"re(#include "([^"]+)")re");
  for (const auto& [folder, may_include] : layers) {
    for (const auto& file : sources_below(folder)) {
      const std::string text = text_of(file);
      for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at) {
        const std::string path = (*at)[1];
        EXPECT_TRUE(std::ranges::any_of(
            may_include, [&path](const std::string& allowed) { return path.starts_with(allowed); }))
            << file << " includes " << path;
      }
      if (folder != "verify/smt") {
        EXPECT_EQ(text.find("z3++.h>"), std::string::npos) << file << " knows Z3";
      }
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
