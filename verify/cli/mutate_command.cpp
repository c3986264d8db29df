#include "verify/cli/mutate_command.hpp"

#include "verify/hunt/defect_tree.hpp"
#include "verify/source_mutants/survivors.hpp"

#include <fmt/format.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace fiberproof::verify {
namespace {

constexpr const char* list_path = "verify/source_mutants/survivors.txt";

ExitStatus could_not_run(const std::string& why) {
  fmt::print(stderr, "fiberproof: {}\n", why);
  return ExitStatus::could_not_run;
}

// Of the first that noticed.
std::string detail_of(const Findings& findings) {
  if (!findings.could_not_run.empty()) return "";
  if (!findings.refuted.empty()) return " (" + findings.refuted.front().name + ")";
  if (!findings.proofs_stopped.empty()) return " (" + findings.proofs_stopped + ")";
  for (const TargetTrials& target : findings.targets) {
    if (target.found() == 0) continue;
    const Trial& trial = target.trials.front();
    return fmt::format(" ({}: {})", target.target, trial.kind.substr(0, 120));
  }
  return "";
}

class Reporter {
 public:
  explicit Reporter(std::size_t mutants) : mutants_(mutants) {}

  void operator()(const SourceMutation& mutation, const Findings& findings) {
    const Killer killer = killer_of(findings);
    ++by_killer_[killer];
    if (killer == Killer::none) {
      survived_.insert(mutation.mutant.key);
      patches_ += fmt::format("\n{}\n{}", mutation.mutant.key, mutation.patch);
    } else {
      killed_.insert(mutation.mutant.key);
    }
    fmt::print("{}/{} {}: {}{}; {:.0f} s\n", ++done_, mutants_, findings.defect,
               killer == Killer::none ? "SURVIVES" : fmt::format("killed by {}", name_of(killer)),
               detail_of(findings), findings.seconds);
    std::fflush(stdout);
  }

  void print_summary(std::size_t made, std::size_t checks_left_out) {
    const std::size_t survivors = survived_.size();
    const std::size_t compiled = mutants_ - by_killer_[Killer::compiler];
    fmt::print("{}\n{} of {} mutants tried; {} FIBER_CHECK left out\n", patches_, mutants_, made,
               checks_left_out);
    fmt::print(
        "{} did not compile; killed by proofs {}, corpus {}, time {}, fuzzing {}; "
        "{} survive: {:.1f} % of those that compile are killed\n",
        by_killer_[Killer::compiler], by_killer_[Killer::proofs], by_killer_[Killer::corpus],
        by_killer_[Killer::time], by_killer_[Killer::fuzzing], survivors,
        compiled == 0
            ? 0.0
            : 100.0 * static_cast<double>(compiled - survivors) / static_cast<double>(compiled));
  }

  const std::set<std::string>& killed() const { return killed_; }
  const std::set<std::string>& survived() const { return survived_; }

 private:
  std::size_t mutants_;
  std::size_t done_ = 0;
  std::map<Killer, std::size_t> by_killer_;
  std::set<std::string> killed_;
  std::set<std::string> survived_;
  std::string patches_;
};

ExitStatus write(const std::string& path, const std::vector<Findings>& findings) {
  if (path.empty()) return ExitStatus::ok;
  nlohmann::json json = nlohmann::json::array();
  for (const Findings& entry : findings) json.push_back(to_json(entry));
  std::ofstream file(path);
  file << json.dump(2) << '\n';
  file.close();
  return file ? ExitStatus::ok : could_not_run(path + ": cannot be written");
}

}  // namespace

ExitStatus mutate(const MutateCommand& command) {
  MutationOptions options = command.options;
  const auto files = mutated_files(command.files);
  if (!files) return could_not_run(files.error());
  const auto listed =
      parse_surviving_mutants(contents_of(options.source + "/" + list_path), list_path);
  if (!listed) return could_not_run(listed.error());
  const SourceMutations mutations = mutations_of(*files, options.source, options.sample);
  if (mutations.chosen.empty()) return could_not_run(options.source + ": there is no mutant");
  if (command.only_print) {
    for (const SourceMutation& mutation : mutations.chosen) {
      fmt::print("{}\n{}\n", mutation.mutant.name(), mutation.patch);
    }
    return ExitStatus::ok;
  }
  std::error_code refused;
  std::filesystem::create_directories(options.folder, refused);
  if (refused) return could_not_run(fmt::format("{}: {}", options.folder, refused.message()));
  options.folder = std::filesystem::absolute(options.folder).lexically_normal();

  Reporter report(mutations.chosen.size());
  const auto findings = try_mutations(options, mutations.chosen, std::ref(report));
  if (!findings) {
    const bool is_interrupted = findings.error() == interrupted;
    return could_not_run(
        findings.error() +
        (is_interrupted ? "; what is done is kept, and the same command goes on" : ""));
  }
  report.print_summary(mutations.made.size(), mutations.checks_left_out);
  std::set<std::string> paths;
  for (const MutatedFile& file : *files) paths.insert(file.path);
  const auto lines = differences(*listed, paths, {mutations.made.begin(), mutations.made.end()},
                                 report.killed(), report.survived());
  for (const std::string& line : lines) fmt::print("{}: {}\n", list_path, line);
  return worse(lines.empty() ? ExitStatus::ok : ExitStatus::failed, write(command.json, *findings));
}

}  // namespace fiberproof::verify
