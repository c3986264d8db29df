// The theorems of one contract while it is proved: claimed by name, and decided obligation by
// obligation.
#pragma once

#include "verify/obligation/prover.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"

#include <functional>
#include <string>

namespace fiberproof::verify {

class Ledger {
 public:
  Ledger(Solver& solver, const ProverOptions& options, ContractResult& result)
      : solver_(solver), options_(options), result_(result) {}

  /// The theorem of that name, new and undecided the first time.
  Theorem& claim(const std::string& name, const std::string& spec_id, Subject subject);

  /// One obligation of a theorem; `story` makes the refutation from the solver's answer.
  void oblige(Theorem& theorem, const Query& query,
              const std::function<Refutation(const Answer&)>& story);

  /// An obligation that needs no solver. A refutation stays, then an unknown; proved is only what
  /// has nothing else.
  static void note(Theorem& theorem, Verdict verdict, const std::string& reason);

  /// Nothing more is asked of a mutant that is refuted.
  bool is_settled() const { return options_.is_mutant && refuted_ && !options_.asks_on; }

  Solver& solver() { return solver_; }

 private:
  Solver& solver_;
  const ProverOptions& options_;
  ContractResult& result_;
  bool refuted_ = false;
};

}  // namespace fiberproof::verify
