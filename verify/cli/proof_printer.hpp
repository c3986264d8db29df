// Prints proofs: a status line while they run, each contract's theorems when it is decided, and at
// the end once more everything that is not as expected.
#pragma once

#include "verify/cli/proof_plan.hpp"
#include "verify/cli/terminal.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace fiberproof::verify {

class ProofPrinter {
 public:
  ProofPrinter(const ProveOptions& options, const ProofPlan& plan)
      : options_(options), plan_(plan) {}

  /// Called when a query about `theorem` was answered; shown on a terminal, `[12/292] THEOREM`.
  void asked(std::string_view theorem);

  /// Prints the theorems of a contract, unexpected refutations first. Returns the worst status.
  ExitStatus print(const ContractResult& result);

  /// Prints on standard error one line for each difference from what is expected, refutations
  /// first, with the line that replays it. Returns the worst status.
  ExitStatus print_differences(const std::vector<ContractResult>& results);

  /// The runs of refutations' Programs, by theorem.
  const std::map<std::string, NativeRun, std::less<>>& native_runs() const { return native_; }

  /// Whether a printed theorem is refuted unexpectedly.
  bool any_refuted() const { return any_refuted_; }

  /// Prints the number of theorems with each verdict, in one sentence.
  void print_summary(const ProofReport& report) const;

 private:
  const ExpectedTheorem* expected(const Theorem& theorem) const;
  bool is_as_expected(const Theorem& theorem) const;
  ExitStatus print_theorem(const Theorem& theorem);
  ExitStatus confirm(const Theorem& theorem, bool is_expected);
  void print_foreign_summary(const ProofReport& report) const;
  void print_verdicts(const ProofReport& report, Verdict verdict) const;
  void print_left_out() const;
  void print_numbers() const;
  void print_next(const ProofReport& report) const;

  const ProveOptions& options_;
  const ProofPlan& plan_;
  StatusLine status_line_;
  std::chrono::steady_clock::time_point shown_at_{};
  std::size_t printed_ = 0;
  bool any_refuted_ = false;
  std::map<std::string, NativeRun, std::less<>> native_;  // by theorem
};

}  // namespace fiberproof::verify
