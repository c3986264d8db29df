// The verdict on every mutant of a routine: refuted by a contract and confirmed natively, or proved
// to do the same, natively too. A mutant that calls the middle of a function violates a claim
// natively, but nothing is known of the code there, so the prover says unknown, with that reason.
// Anything else is a failure of the contract, of the semantics or of this folder.
#pragma once

#include "verify/mutation/bytes/mutation.hpp"
#include "verify/object/object_file.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/smt/query.hpp"

#include <cstddef>
#include <expected>
#include <set>
#include <string>
#include <vector>

namespace fiberproof::verify {

enum class MutantVerdict : std::uint8_t {
  refuted,        ///< by a theorem, and the native run violates a claim
  equivalent,     ///< proved, and the native runs violate none
  refused,        ///< not on the decoder's allow list: an error of the run, not a refutation
  not_confirmed,  ///< refuted, and no native run shows it
  astray,         ///< a native run violates a claim, and it calls where nothing is known
  contradicted,   ///< not refuted or proved the same, and a native run violates a claim
  unknown
};

struct JudgedMutant {
  std::string description;
  MutationKind kind;
  MutantVerdict verdict;
  std::string theorem;  ///< the first that refutes it
  std::string native;   ///< the first claim that a native run violates
  std::string reason;   ///< why it does the same, or what is unknown
  /// All theorems that refute it: of the contract's general case, or where none does of the first
  /// alias that one does of.
  std::set<std::string> broken = {};
};

struct JudgedRoutine {
  std::vector<JudgedMutant> mutants;
  /// The theorems of the contract about code, in its order: all but assumptions_can_be_met.
  std::vector<std::string> theorems;
};

/// What the routine is, for the native runs.
enum class ProbedRoutine : std::uint8_t {
  continuation_start,
  continuation_start_v44,
  stack_switch
};

struct MutatedRoutine {
  ProbedRoutine probed;
  const Contract* contract;
  Routine routine;     ///< in the file
  std::string callee;  ///< symbol of what it calls, or empty
};

/// Every mutant. An error where the routine itself is not proved, or cannot be run.
[[nodiscard]] std::expected<JudgedRoutine, std::string> judge_mutants(const MutatedRoutine& subject,
                                                                      const ObjectFile& file,
                                                                      Solver& solver);

/// "ROUTINE: 700 mutants: …", then each one that is neither refuted nor equivalent, and why those
/// are that are equivalent.
std::vector<std::string> summary(const std::string& routine,
                                 const std::vector<JudgedMutant>& judged);

/// Whether each is refuted and confirmed, or equivalent, or astray.
bool all_decided(const std::vector<JudgedMutant>& judged);

}  // namespace fiberproof::verify
