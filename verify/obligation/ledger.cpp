#include "verify/obligation/ledger.hpp"

#include <algorithm>

namespace fiberproof::verify {

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

void Ledger::oblige(Theorem& theorem, const Query& query,
                    const std::function<Refutation(const Answer&)>& story) {
  const bool is_broken = options_.is_mutant && theorem.verdict == Verdict::refuted;
  if (is_settled() || is_broken) return;
  const Answer answer =
      query.goal.as_constant() == true ? Answer{Verdict::proved, {}, {}, {}} : solver_.prove(query);
  if (options_.on_query) options_.on_query(theorem.name, query, answer);
  note(theorem, answer.verdict, answer.reason);
  theorem.time += answer.time;
  if (answer.verdict != Verdict::refuted) return;
  refuted_ = true;
  if (!theorem.refutation && !options_.is_mutant) theorem.refutation = story(answer);
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
