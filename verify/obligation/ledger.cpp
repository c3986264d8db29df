#include "verify/obligation/ledger.hpp"

#include <algorithm>

namespace fiberproof::verify {
namespace {

bool meets(const Model& state, const std::vector<Formula>& formulas) {
  return std::ranges::all_of(formulas, [&](Formula formula) { return evaluate(formula, state); });
}

}  // namespace

Theorem& Ledger::claim(const std::string& name, const std::string& spec_id, Subject subject) {
  const auto known = std::ranges::find(result_.theorems, name, &Theorem::name);
  if (known != result_.theorems.end()) return *known;
  Theorem theorem;
  theorem.name = name;
  theorem.spec_id = spec_id;
  theorem.subject = subject;
  result_.theorems.push_back(theorem);
  return result_.theorems.back();
}

void Ledger::oblige(Theorem& theorem, const Query& query, const Story& story,
                    const std::vector<Formula>& layout) {
  if (is_over(theorem)) return;
  Query asked = query;
  decide(theorem, asked, ask(asked, layout), story);
}

bool Ledger::is_over(const Theorem& theorem) const {
  return is_settled() || (options_.is_mutant && theorem.verdict == Verdict::refuted);
}

Answer Ledger::ask(Query& query, const std::vector<Formula>& layout) {
  if (query.goal.as_constant() == true) return {Verdict::proved, {}, {}, {}};
  Answer answer = solver_.prove(query);
  if (answer.verdict != Verdict::refuted || meets(answer.counterexample, layout)) return answer;
  // A state in which regions overlap does not count: ask for another one.
  query.assumptions.insert(query.assumptions.end(), layout.begin(), layout.end());
  const auto time = answer.time;
  answer = solver_.prove(query);
  answer.time += time;
  return answer;
}

void Ledger::decide(Theorem& theorem, const Query& asked, const Answer& answer,
                    const Story& story) {
  if (options_.on_query) options_.on_query(theorem.name, asked, answer);
  note(theorem, answer.verdict, answer.reason);
  theorem.asked += asked.goal.as_constant() == true ? 0 : 1;
  theorem.time += answer.time;
  if (answer.verdict != Verdict::refuted) return;
  refuted_ = true;
  if (!theorem.refutation && !options_.is_mutant) theorem.refutation = story(asked, answer);
}

void Ledger::close() {
  // Only theorems about the contract as a whole end a path.
  const auto ended_by = [this](Verdict verdict) {
    return std::ranges::find_if(result_.theorems, [verdict](const Theorem& theorem) {
      return theorem.spec_id.empty() && theorem.obligations != 0 && theorem.verdict == verdict;
    });
  };
  auto cause = ended_by(Verdict::refuted);
  if (cause == result_.theorems.end()) cause = ended_by(Verdict::unknown);
  if (cause == result_.theorems.end()) return;
  for (Theorem& theorem : result_.theorems) {
    if (theorem.obligations != 0 || theorem.verdict != Verdict::unknown) continue;
    theorem.is_not_reached = true;
    theorem.reason =
        "not reached: " + cause->name + " is " + name_of(cause->verdict) + " before it";
  }
}

void Ledger::note(Theorem& theorem, Verdict verdict, const std::string& reason) {
  const bool first = theorem.obligations++ == 0;
  if (first || (theorem.verdict == Verdict::proved && verdict != Verdict::proved) ||
      verdict == Verdict::refuted) {
    theorem.verdict = verdict;
    theorem.reason = reason;
  }
}

}  // namespace fiberproof::verify
