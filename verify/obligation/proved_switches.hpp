// The switches that a contract about any switch is proved of: those of a table of sites, the one at
// a given place, or all that a search of the file finds.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/survey/live_registers.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Switches with the same bytes and operands: a proof of one is a proof of each.
struct SwitchKind {
  Routine code;  ///< of the first one
  SwitchOperands operands;
  std::vector<std::uint64_t> ends;  ///< where each one resumes, as the file counts
  bool is_entered_within = false;   ///< a branch leads into the middle of it
};

struct SwitchesOfFile {
  std::vector<SwitchKind> kinds;
  SwitchJumps jumps;  ///< of all of them
  ProvedSwitches told;
};

/// The switches for the contract's runs of `sites`. Fails if there are none, or if a table of sites
/// omits one that the search finds.
[[nodiscard]] std::expected<SwitchesOfFile, std::string> switches_of(const Contract& contract,
                                                                     const ObjectFile& file,
                                                                     const ProverOptions& options);

/// Decides the contract's `live` clauses behind every switch.
void prove_live(const Contract& contract, const ObjectFile& file, const SwitchesOfFile& switches,
                Ledger& ledger);

}  // namespace fiberproof::verify
