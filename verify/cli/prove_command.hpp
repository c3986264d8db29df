// `fiberproof prove`: every contract on an object file, by default the command's own. With a role's
// place (foreign_code.hpp), those contracts whose code was named, and a report of which those are.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/cli/foreign_code.hpp"
#include "verify/obligation/theorem.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProveOptions {
  std::vector<std::string> names;      ///< theorems or contracts by prefix; empty for all
  std::string object;                  ///< empty for the running program itself
  ForeignCode code;                    ///< where the file has it, if not under our names
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
