// A theorem: one named claim with its verdict. A clause that is claimed on several paths or in
// several cases is one theorem, proved where every obligation of it is.
#pragma once

#include "verify/smt/query.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// What a theorem is about: the specification's own formulas, or machine code.
enum class Subject : std::uint8_t { model, bytes };

/// How a theorem was refuted, told for a reader.
struct Refutation {
  std::string claim;
  std::string found;                 ///< both sides of an equality, with their values
  std::string where;                 ///< the case, and the instruction that the path ended with
  std::vector<std::string> values;   ///< ghosts
  std::vector<std::string> listing;  ///< instructions of the path
  std::vector<std::string> memory;   ///< words that it touched, high addresses first
  std::string program;               ///< the Program that shows it, or empty
  /// Whether the Program has values of the state; else it is the same for every refutation of the
  /// contract, and a run of it confirms the claim's kind and not this state.
  bool program_is_of_state = false;
};

struct Theorem {
  std::string name;  ///< CONTRACT/ID.label, or CONTRACT/model/ID.label
  std::string spec_id;
  Subject subject = Subject::bytes;
  Verdict verdict = Verdict::unknown;
  std::string reason = "no path of the code comes to it";  ///< of an unknown
  /// Of a clause that no path comes to, since another theorem of the contract is refuted or unknown
  /// where they end: that theorem tells the reason.
  bool is_not_reached = false;
  std::size_t obligations = 0;
  /// Those that a solver answered; of the others execution alone has made a constant.
  std::size_t asked = 0;
  std::chrono::nanoseconds time{};
  std::optional<Refutation> refutation;
};

/// What decided it, in a few letters: the time of the solver, or that execution alone did.
std::string decided_by(const Theorem& theorem);

/// Machine code that a contract's theorems are about.
struct ProvedCode {
  std::string routine;
  std::size_t instructions;
  std::size_t bytes;
  std::uint64_t hash;
};

struct ContractResult {
  std::string contract;
  std::deque<Theorem> theorems;  ///< of which references stay valid while more are claimed
  std::vector<ProvedCode> code;
  std::vector<std::string> callees;  ///< that were taken from a call: SYMBOL is NAME
};

}  // namespace fiberproof::verify
