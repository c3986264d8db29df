// `fiberproof prove`: every contract on an object file, by default the command's own.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/obligation/theorem.hpp"

#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProveOptions {
  std::vector<std::string> names;  ///< theorems or contracts by prefix; empty for all
  std::string object;              ///< empty for the running program itself
  std::map<std::string, std::string, std::less<>> symbols;  ///< ROLE to NAME
  std::vector<std::string> contracts;  ///< files to prove instead of the project's own
  std::string solver = "z3";           ///< z3, or cvc5: both, and they must agree
  bool certify = false;                ///< every proved answer has a proof that is checked
  std::string smt2_directory;          ///< where every obligation is written, if anywhere
  unsigned timeout_ms = 10'000;        ///< of one query
  /// Where the Program of a refutation that nobody expected, and that real stacks show, is kept.
  std::string counterexamples;
};

struct ProofReport {
  ExitStatus status = ExitStatus::ok;
  std::vector<ContractResult> results;
  double seconds = 0;
};

/// Proves, prints one line a theorem and a story for each refutation, and compares the whole with
/// what is expected.
ProofReport run_proofs(const ProveOptions& options);

/// The path of this program's own file.
std::string own_path();

}  // namespace fiberproof::verify
