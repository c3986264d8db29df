// `fiberproof prove`: proves every contract on an object file, by default the command's own. With
// roles (foreign_code.hpp), proves the contracts whose code was named, and lists the others.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/cli/foreign_code.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/obligation/theorem.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProveOptions {
  /// Theorems or contracts by the beginning of their names, or rules by their ids; empty for all.
  std::vector<std::string> names;
  std::string object;                  ///< empty for the running program itself
  ForeignCode code;                    ///< where the file has the code, if not under our names
  std::vector<std::string> contracts;  ///< files to prove instead of the project's own contracts
  std::vector<std::string> values;     ///< NAME=NUMBER for a 'let' of those files
  std::string expected;                ///< file with the expected verdicts on them, if any
  /// Every theorem that must run with its verdict, in place of any other list.
  std::optional<std::vector<ExpectedTheorem>> listed;
  std::string listed_for;        ///< what differences from it begin with, if anything
  std::string solver = "z3";     ///< z3, or cvc5: both, and they must agree
  bool certify = false;          ///< every proved answer has a checked proof
  std::string smt2_directory;    ///< folder for every obligation as a script, if any
  unsigned timeout_ms = 10'000;  ///< for one query
  /// The folder for Programs of unexpected refutations that real stacks confirm.
  std::string counterexamples;
  bool keeps_where_told = false;    ///< the user gave that folder
  bool are_symbols_wrong = false;   ///< so that nothing can be said about the code
  std::vector<std::string> errors;  ///< earlier errors, reported with the rest
};

/// The run of a refutation's Program on real stacks.
struct NativeRun {
  bool confirmed;
  std::string line;     ///< its result
  std::string kept_as;  ///< the file of the Program, or empty
};

struct ProofReport {
  ExitStatus status = ExitStatus::ok;
  std::vector<ContractResult> results;
  std::vector<ExpectedTheorem> expected;      ///< proofs.txt; empty for the user's own contracts
  std::map<std::string, std::string> claims;  ///< a clause as written, by its theorem
  std::map<std::string, NativeRun, std::less<>> native;  ///< by theorem
  double seconds = 0;
};

/// Reports all errors in the options first. Then proves, prints each contract when it is decided,
/// one line per theorem and a story for each refutation, and compares the results with the expected
/// ones.
ProofReport run_proofs(const ProveOptions& options);

/// The path of this program's own file.
std::string own_path();

}  // namespace fiberproof::verify
