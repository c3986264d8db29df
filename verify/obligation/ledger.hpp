// The theorems of one contract during its proof: claimed by name, and decided obligation by
// obligation.
#pragma once

#include "verify/obligation/prover.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"

#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

class Ledger {
 public:
  Ledger(Solver& solver, const ProverOptions& options, ContractResult& result)
      : solver_(solver), options_(options), result_(result) {}

  /// The theorem of that name, new and undecided the first time.
  Theorem& claim(const std::string& name, const std::string& spec_id, Subject subject);

  /// Decides one obligation of a theorem; `story` makes the refutation from the solver's answer. A
  /// refuting state must meet `layout`, too.
  using Story = std::function<Refutation(const Query&, const Answer&)>;
  void oblige(Theorem& theorem, const Query& query, const Story& story,
              const std::vector<Formula>& layout = {});

  /// The same in two steps. A decided theorem asks nothing more.
  bool is_over(const Theorem& theorem) const;
  /// The solver's answer; a refuting state must meet `layout`, too. `query` becomes the query that
  /// was asked last.
  Answer ask(Query& query, const std::vector<Formula>& layout);
  void decide(Theorem& theorem, const Query& asked, const Answer& answer, const Story& story);

  /// An obligation that needs no solver. A refutation outranks an unknown, and an unknown outranks
  /// proved.
  static void note(Theorem& theorem, Verdict verdict, const std::string& reason);

  /// For each theorem that no path reached, names the theorem that ends the paths before it.
  void close();

  bool any_refuted() const { return refuted_; }

  /// A refuted mutant needs no further questions.
  bool is_settled() const { return options_.is_mutant && refuted_ && !options_.asks_on; }

  Solver& solver() { return solver_; }

 private:
  Solver& solver_;
  const ProverOptions& options_;
  ContractResult& result_;
  bool refuted_ = false;
};

}  // namespace fiberproof::verify
