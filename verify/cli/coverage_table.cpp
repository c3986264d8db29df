#include "verify/cli/coverage_table.hpp"

#include "verify/cli/proof_json.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

struct Tally {
  std::size_t proved = 0;
  std::size_t refuted = 0;
  std::size_t unknown = 0;
  std::size_t asked = 0;  // obligations that a solver answered
  std::chrono::nanoseconds time{};
};

Tally tally(const ProofReport& proofs, const std::string& rule, Subject subject) {
  Tally sum;
  for (const ContractResult& result : proofs.results) {
    for (const Theorem& theorem : result.theorems) {
      if (theorem.spec_id != rule || theorem.subject != subject) continue;
      sum.proved += theorem.verdict == Verdict::proved ? 1 : 0;
      sum.refuted += theorem.verdict == Verdict::refuted ? 1 : 0;
      sum.unknown += theorem.verdict == Verdict::unknown ? 1 : 0;
      sum.asked += theorem.asked;
      sum.time += theorem.time;
    }
  }
  return sum;
}

std::string cell(const Tally& sum) {
  std::string text;
  const auto add = [&text](std::size_t count, const char* verdict) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, verdict);
  };
  add(sum.proved, "proved");
  add(sum.refuted, "refuted");
  add(sum.unknown, "unknown");
  if (text.empty()) return "-";
  if (sum.asked == 0) return text + ", by execution";
  if (sum.time.count() == 0) return text + ", as before";  // answered for another rule
  return fmt::format("{}, {:.1f} ms", text,
                     std::chrono::duration<double, std::milli>(sum.time).count());
}

std::uint64_t checks(const FuzzReport& fuzzing, const std::string& rule) {
  std::uint64_t sum = 0;
  for (const TargetReport& target : fuzzing.targets) {
    const auto count = target.oracle_counts.find(rule);
    if (count != target.oracle_counts.end()) sum += count->second;
  }
  return sum;
}

// Each routine once: several contracts concern the same code.
std::map<std::string, ProvedCode> proved_code(const ProofReport& proofs) {
  std::map<std::string, ProvedCode> codes;
  for (const ContractResult& result : proofs.results) {
    for (const ProvedCode& code : result.code) codes.emplace(code.routine, code);
  }
  return codes;
}

}  // namespace

std::string coverage_table(const std::vector<Rule>& rules, const ProofReport& proofs,
                           const FuzzReport& fuzzing) {
  std::string text = fmt::format("{:5}  {:24}  {:34}  {:>14}  {}\n", "rule", "proved on the model",
                                 "proved on bytes", "fuzzed, checks", "");
  for (const Rule& rule : rules) {
    const std::uint64_t count = checks(fuzzing, rule.id);
    text += fmt::format("{:5}  {:24}  {:34}  {:>14}  {}\n", rule.id,
                        cell(tally(proofs, rule.id, Subject::model)),
                        cell(tally(proofs, rule.id, Subject::bytes)),
                        count == 0 ? "-" : std::to_string(count), rule.title);
  }
  text += fmt::format("\n{:34}  {:>12}  {:>6}  {}\n", "code", "instructions", "bytes", "hash");
  for (const auto& [name, code] : proved_code(proofs)) {
    text += fmt::format("{:34}  {:>12}  {:>6}  {:016x}\n", name, code.instructions, code.bytes,
                        code.hash);
  }
  text +=
      fmt::format("\n{:34}  {:>12}  {:>12}  {}\n", "target", "executions", "per second", "corpus");
  for (const TargetReport& target : fuzzing.targets) {
    text += fmt::format("{:34}  {:>12}  {:>12}  {}\n", target.target, target.executions,
                        target.executions_per_second, target.corpus_inputs);
  }
  return text;
}

nlohmann::json coverage_json(const std::vector<Rule>& rules, const ProofReport& proofs,
                             const FuzzReport& fuzzing) {
  nlohmann::json json;
  for (const Rule& rule : rules) {
    json["rules"].push_back(
        {{"id", rule.id}, {"title", rule.title}, {"checks", checks(fuzzing, rule.id)}});
  }
  for (const ContractResult& result : proofs.results) {
    for (const Theorem& theorem : result.theorems) {
      json["theorems"].push_back(to_json(theorem, proofs));
    }
    if (result.switches && json["switches"].is_null()) {
      json["switches"] = to_json(*result.switches);
    }
  }
  for (const auto& [name, code] : proved_code(proofs)) {
    json["code"].push_back({{"routine", name},
                            {"instructions", code.instructions},
                            {"bytes", code.bytes},
                            {"hash", fmt::format("{:016x}", code.hash)}});
  }
  for (const TargetReport& target : fuzzing.targets) {
    nlohmann::json entry{{"target", target.target},
                         {"executions", target.executions},
                         {"executions_per_second", target.executions_per_second},
                         {"corpus", target.corpus_inputs},
                         {"coverage", nullptr},
                         {"findings", target.findings}};
    if (target.coverage) entry["coverage"] = *target.coverage;
    json["targets"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace fiberproof::verify
