// `fiberproof prove`: every contract on an object file, by default the command's own. With a role's
// place (foreign_code.hpp), those contracts whose code was named, and a report of which those are.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/cli/foreign_code.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/obligation/theorem.hpp"

#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProveOptions {
  /// Theorems or contracts by the beginning of their names, or rules by their ids; empty for all.
  std::vector<std::string> names;
  std::string object;                  ///< empty for the running program itself
  ForeignCode code;                    ///< where the file has it, if not under our names
  std::vector<std::string> contracts;  ///< files to prove instead of the project's own
  std::string solver = "z3";           ///< z3, or cvc5: both, and they must agree
  bool certify = false;                ///< every proved answer has a proof that is checked
  std::string smt2_directory;          ///< where every obligation is written, if anywhere
  unsigned timeout_ms = 10'000;        ///< of one query
  /// Where the Program of a refutation that nobody expected, and that real stacks show, is kept.
  std::string counterexamples;
  bool keeps_where_told = false;    ///< that folder was given by the user
  bool are_symbols_wrong = false;   ///< so that nothing can be said of the code
  std::vector<std::string> errors;  ///< what was found wrong before: told with the rest
};

struct ProofReport {
  ExitStatus status = ExitStatus::ok;
  std::vector<ContractResult> results;
  std::vector<ExpectedTheorem> expected;      ///< proofs.txt; empty of contracts of one's own
  std::map<std::string, std::string> claims;  ///< a clause as it is written, by its theorem
  double seconds = 0;
};

/// Finds everything that is wrong with the options first; then proves, prints each contract as it
/// is decided, one line a theorem and a story for each refutation, and compares the whole with what
/// is expected.
ProofReport run_proofs(const ProveOptions& options);

/// The path of this program's own file.
std::string own_path();

}  // namespace fiberproof::verify
