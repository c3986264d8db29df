#include "verify/mutation/refutations.hpp"

#include "verify/embedded/embedded.hpp"
#include "verify/mutation/changed_tree.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace fiberproof::verify {
namespace {

constexpr std::string_view set_of_the_model = "machine/";

// The contracts that this project has no code of.
std::set<std::string> names_of_others() {
  std::set<std::string> names;
  for (const auto& [path, text] : embedded_contracts()) {
    const auto contract = parse_contract(text, std::string(path));
    if (contract && contract->owner != CodeOwner::anybody) names.insert(contract->name + '/');
  }
  return names;
}

// As the command takes it: with the slash.
std::string contract_of(const ExpectedTheorem& theorem) {
  return theorem.name.substr(0, theorem.name.find('/') + 1);
}

// The contracts and sets that are about a program.
std::set<std::string> names_of(const std::vector<ExpectedTheorem>& expected) {
  const std::set<std::string> of_others = names_of_others();
  std::set<std::string> names;
  for (const ExpectedTheorem& theorem : expected) {
    const std::string name = contract_of(theorem);
    if (name != set_of_the_model && !of_others.contains(name)) names.insert(name);
  }
  return names;
}

struct Answer {
  std::string complaint;  // its last one
  int exit_code = 0;
  std::vector<nlohmann::json> theorems;
};

// The reason is the same wherever the copy is built.
void leave_out(std::string_view beginning, std::string& text) {
  if (text.starts_with(beginning)) text.erase(0, beginning.size());
}

// One run of the command: `names` are contracts and sets.
class Asking {
 public:
  Asking(const std::string& command, const std::string& program, const std::string& folder)
      : command_(command), program_(program), folder_(folder) {}

  std::expected<Answer, std::string> operator()(const std::set<std::string>& names) const {
    const std::string file = folder_ + "/proofs.json";
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    std::vector<std::string> arguments{command_, "--json", file, "prove"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    arguments.insert(arguments.end(),
                     {"--object", program_, "--counterexamples", folder_ + "/counterexamples"});
    Answer answer;
    const ProcessEnd end = run_process(arguments, {}, [&answer](const std::string& line) {
      if (line.starts_with("fiberproof: ") || line.find("because") != line.npos) {
        answer.complaint = line;
      }
    });
    if (end.interrupted) return std::unexpected(std::string(interrupted));
    if (!end.started) return std::unexpected(fmt::format("{}: {}", command_, end.why_not_started));
    answer.exit_code = end.exit_code;
    leave_out("fiberproof: ", answer.complaint);
    leave_out(program_ + ": ", answer.complaint);
    std::ifstream stream(file);
    const auto json = nlohmann::json::parse(stream, nullptr, false);
    if (!json.is_discarded() && json.contains("theorems")) {
      for (const auto& theorem : json.at("theorems")) answer.theorems.push_back(theorem);
    }
    return answer;
  }

 private:
  const std::string& command_;
  const std::string& program_;
  const std::string& folder_;
};

bool has_verdict(const nlohmann::json& theorem, Verdict verdict) {
  return theorem.at("verdict").get<std::string>() == name_of(verdict);
}

// The verdicts of all runs, by theorem.
class Verdicts {
 public:
  explicit Verdicts(const std::vector<ExpectedTheorem>& expected) : expected_(expected) {}

  void add(const std::string& contract, const Answer& answer) {
    for (const nlohmann::json& theorem : answer.theorems) {
      decided_.insert_or_assign(theorem.at("name").get<std::string>(), theorem);
    }
    reasons_[contract] = answer.complaint.empty() ? fmt::format("exit status {}", answer.exit_code)
                                                  : answer.complaint;
  }

  // Contracts of `names` that have given no verdict at all, although some are expected.
  std::set<std::string> silent(const std::set<std::string>& names) const {
    std::set<std::string> silent;
    for (const std::string& name : names) {
      const auto first = decided_.lower_bound(name);
      if (first == decided_.end() || !first->first.starts_with(name)) silent.insert(name);
    }
    return silent;
  }

  Refutations refutations(const std::set<std::string>& names) const {
    Refutations refutations;
    for (const auto& [name, theorem] : decided_) {
      const auto entry = std::ranges::find(expected_, name, &ExpectedTheorem::name);
      const bool is_new = entry == expected_.end() || entry->verdict != Verdict::refuted;
      if (has_verdict(theorem, Verdict::refuted) && is_new) {
        refutations.theorems.push_back({name, theorem.at("milliseconds").get<double>()});
      }
    }
    refutations.stopped = stopped(names);
    return refutations;
  }

 private:
  // A refuted theorem about the paths of a contract ends them before the other theorems.
  bool is_behind_a_refutation(const nlohmann::json& theorem, const std::string& contract) const {
    return theorem.value("not_reached", false) &&
           std::ranges::any_of(decided_, [&contract](const auto& entry) {
             return entry.first.starts_with(contract) &&
                    has_verdict(entry.second, Verdict::refuted);
           });
  }

  // Empty where each theorem that is expected of `names` was decided.
  std::string stopped(const std::set<std::string>& names) const {
    std::size_t count = 0;
    std::string first;
    for (const ExpectedTheorem& theorem : expected_) {
      const std::string contract = contract_of(theorem);
      if (!names.contains(contract)) continue;
      const auto entry = decided_.find(theorem.name);
      const bool is_asked = entry != decided_.end();
      if (is_asked && !has_verdict(entry->second, Verdict::unknown)) continue;
      if (is_asked && is_behind_a_refutation(entry->second, contract)) continue;
      if (++count != 1) continue;
      first = theorem.name + ": " +
              (is_asked ? entry->second.value("reason", "unknown") : reason_of(contract));
    }
    if (count == 0) return {};
    return fmt::format("{} {} without a verdict, {}", count, count == 1 ? "theorem" : "theorems",
                       first);
  }

  std::string reason_of(const std::string& contract) const {
    const auto own = reasons_.find(contract);
    const auto entry = own == reasons_.end() ? reasons_.find("") : own;
    return entry == reasons_.end() ? "not asked" : entry->second;
  }

  const std::vector<ExpectedTheorem>& expected_;
  std::map<std::string, nlohmann::json> decided_;
  std::map<std::string, std::string> reasons_;  // of a contract that was asked alone, or of all
};

}  // namespace

std::expected<Refutations, std::string> refutations_of(const std::string& command,
                                                       const std::vector<ExpectedTheorem>& expected,
                                                       const std::string& program,
                                                       const std::string& folder) {
  const Asking ask(command, program, folder);
  const std::set<std::string> names = names_of(expected);
  Verdicts verdicts(expected);
  auto all = ask(names);
  if (!all) return std::unexpected(all.error());
  verdicts.add("", *all);
  // The command ends at the first contract whose code cannot be read: those behind it are asked
  // alone, and so is that one, for its own reason.
  for (const std::string& name : verdicts.silent(names)) {
    auto alone = ask({name});
    if (!alone) return std::unexpected(alone.error());
    verdicts.add(name, *alone);
  }
  return verdicts.refutations(names);
}

}  // namespace fiberproof::verify
