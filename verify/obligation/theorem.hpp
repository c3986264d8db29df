// A theorem: one named claim with its verdict. A clause that is claimed on several paths or in
// several cases is one theorem, proved if every obligation of it is.
#pragma once

#include "verify/object/source_lines.hpp"
#include "verify/smt/query.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The subject of a theorem: the specification's own formulas, or machine code.
enum class Subject : std::uint8_t { model, bytes };

/// A step of the run that refutes a theorem: an instruction, or an operation of the model.
struct ListedStep {
  std::string place = {};  ///< in a disassembly of the file: an address, or a distance; or empty
  std::string text;
  std::string symbol = {};   ///< of the routine, as the file names it; may be empty
  std::uint64_t offset = 0;  ///< of the instruction in it, in bytes
  std::optional<SourcePlace> source = {};
  bool is_wrong = false;  ///< it makes the value that the claim finds wrong
};

/// A word that such a run accessed.
struct MemoryRow {
  std::uint64_t address;
  std::string base;        ///< the name of a region's first address, or TOS
  std::uint64_t distance;  ///< from it, modulo 2^64
  unsigned bytes;
  std::optional<std::uint64_t> value;  ///< at the end of the run, if it is known
  std::string slot;                    ///< the contract's name for the place, or empty
  bool is_wrong;                       ///< the claim's false equality reads it
};

/// As a line of a listing or of a drawing.
std::string text_of(const ListedStep& step);
std::string text_of(const MemoryRow& row);

/// A refutation, told for a reader.
struct Refutation {
  std::string claim;
  std::string found;                ///< both sides of an equality, with their values
  std::string where;                ///< the case, and the last instruction of the path
  std::vector<std::string> values;  ///< ghosts
  std::vector<ListedStep> listing;  ///< of the path
  std::vector<MemoryRow> memory;    ///< high addresses first
  std::string program;              ///< the Program that shows it, or empty
  /// Whether the Program contains values of the state. If not, it is the same for every refutation
  /// of the contract: running it confirms this kind of failure, not this state.
  bool program_is_of_state = false;
};

struct Theorem {
  std::string name;  ///< CONTRACT/ID.label, or CONTRACT/model/ID.label
  std::string spec_id;
  Subject subject = Subject::bytes;
  Verdict verdict = Verdict::unknown;
  std::string reason = "no path of the code comes to it";  ///< of an unknown
  /// A clause that no path reaches, because another theorem of the contract is refuted or unknown
  /// where the paths end: that theorem gives the reason.
  bool is_not_reached = false;
  std::size_t obligations = 0;
  /// Obligations that a solver answered; execution alone made the others constant.
  std::size_t asked = 0;
  std::chrono::nanoseconds time{};
  std::optional<Refutation> refutation;
};

/// How it was decided, in a few letters: by a solver, with its time, or by execution alone.
std::string decided_by(const Theorem& theorem);

/// Machine code that a contract's theorems are about.
struct ProvedCode {
  std::string routine;
  std::size_t instructions;
  std::size_t bytes;
  std::uint64_t hash;
};

/// The switches of a file that a contract's theorems are about, in words.
struct ProvedSwitches {
  std::size_t switches = 0;
  std::size_t different = 0;        ///< in bytes or operands
  std::size_t bytes = 0;            ///< of code that was searched; 0 if it was not
  std::size_t bytes_unread = 0;     ///< no instructions
  std::size_t other_jumps = 0;      ///< indirect, and leaving RSP and RBP alone
  std::vector<std::string> kinds;   ///< how many, with which operands, and where the first one is
  std::vector<std::string> misses;  ///< code that may leave its stack and is no switch
  std::vector<std::string> trampolines;  ///< code like an entry trampoline, as ADDRESS:BYTES
};

struct ContractResult {
  std::string contract;
  std::deque<Theorem> theorems;  ///< a deque: references stay valid while more are claimed
  std::vector<ProvedCode> code;
  std::vector<std::string> callees;  ///< callees taken from a call: SYMBOL is NAME
  std::optional<ProvedSwitches> switches;
};

}  // namespace fiberproof::verify
