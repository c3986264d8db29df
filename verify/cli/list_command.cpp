#include "verify/cli/list_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/embedded/rules.hpp"
#include "verify/mutation/cpp/mutation_run.hpp"
#include "verify/mutation/defects/defect.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/proofs/proof_set.hpp"

#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

ExitStatus could_not_run(const std::string& why) {
  complain(why);
  return ExitStatus::could_not_run;
}

ExitStatus list_proofs(nlohmann::json& entries) {
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  if (!expected) return could_not_run(expected.error());
  for (const auto& [name, verdict, reason] : *expected) {
    fmt::print("{:60} {}\n", name, name_of(verdict));
    entries.push_back({{"name", name}, {"expected", name_of(verdict)}});
  }
  return ExitStatus::ok;
}

// Contracts and sets, with the number of expected theorems of each.
ExitStatus list_contracts(nlohmann::json& entries) {
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  if (!expected) return could_not_run(expected.error());
  std::map<std::string, std::size_t> counts;
  for (const ExpectedTheorem& theorem : *expected) {
    ++counts[theorem.name.substr(0, theorem.name.find('/'))];
  }
  const auto add = [&](const std::string& name, std::string_view path, bool is_of_others) {
    fmt::print("{:28} {:3} {:8}  {}{}\n", name, counts[name],
               counts[name] == 1 ? "theorem" : "theorems", path,
               is_of_others ? ", of others' code alone" : "");
    entries.push_back({{"name", name},
                       {"theorems", counts[name]},
                       {"path", path},
                       {"of_others_alone", is_of_others}});
  };
  for (const auto& [path, text] : embedded_contracts()) {
    const auto contract = parse_contract(text, std::string(path));
    if (!contract) return could_not_run(message(contract.error()));
    add(contract->name, path, contract->owner != CodeOwner::anybody);
  }
  for (const ProofSet& set : proof_sets()) add(std::string(set.name), "verify/proofs", false);
  return ExitStatus::ok;
}

ExitStatus list_defects(nlohmann::json& entries) {
  if (const auto why = why_no_sources(FIBERPROOF_SOURCE)) return could_not_run(*why);
  const auto defects = read_defects(FIBERPROOF_SOURCE "/core/defects", {});
  if (!defects) return could_not_run(defects.error());
  std::size_t by_proof = 0;
  std::size_t by_target = 0;
  for (const Defect& defect : *defects) {
    const bool has_theorem = !defect.theorems.empty();
    const bool has_target = !defect.oracles.empty();
    by_proof += has_theorem ? 1 : 0;
    by_target += has_target ? 1 : 0;
    const bool has_test = !defect.failures.empty();
    fmt::print("{:60} {:5} {:6} {:4} {}\n", defect.name,
               has_theorem           ? "proof"
               : defect.stops_proofs ? "stops"
                                     : "-",
               has_target ? "target" : "-", has_test ? "test" : "-", defect.title);
    entries.push_back({{"name", defect.name},
                       {"title", defect.title},
                       {"by_proof", has_theorem},
                       {"by_target", has_target},
                       {"stops_proofs", defect.stops_proofs},
                       {"by_test", has_test}});
  }
  fmt::print("{} defects: {} must be refuted by a theorem, {} must be found by a target\n",
             defects->size(), by_proof, by_target);
  return ExitStatus::ok;
}

ExitStatus list_mutants(nlohmann::json& entries) {
  if (const auto why = why_no_sources(FIBERPROOF_SOURCE)) return could_not_run(*why);
  const auto files = mutated_files({});
  if (!files) return could_not_run(files.error());
  std::size_t sum = 0;
  for (const MutatedFile& file : *files) {
    const std::size_t count = mutations_of({file}, FIBERPROOF_SOURCE, 1).made.size();
    fmt::print("{:40} {:4} mutants\n", file.path, count);
    entries.push_back({{"file", file.path}, {"mutants", count}});
    sum += count;
  }
  fmt::print("{:40} {:4} mutants\n", "in all", sum);
  return ExitStatus::ok;
}

}  // namespace

std::vector<std::string> list_subjects() {
  return {"proofs", "contracts", "targets", "specs", "defects", "mutants"};
}

ExitStatus list(const std::string& subject, nlohmann::json& results) {
  nlohmann::json& entries = results["list"][subject] = nlohmann::json::array();
  if (subject == "proofs") return list_proofs(entries);
  if (subject == "contracts") return list_contracts(entries);
  if (subject == "defects") return list_defects(entries);
  if (subject == "mutants") return list_mutants(entries);
  if (subject == "targets") {
    for (const FuzzTarget& target : fuzz_targets()) {
      fmt::print("{}\n", target.name);
      entries.push_back({{"name", target.name}});
    }
  } else {
    for (const Rule& rule : rules_of(embedded_spec().text)) {
      fmt::print("{:4} {}\n", rule.id, rule.title);
      entries.push_back({{"id", rule.id}, {"title", rule.title}});
    }
  }
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
