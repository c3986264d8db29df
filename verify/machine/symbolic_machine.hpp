// The machine that step() runs on for a proof: registers and flags are terms, memory is regions.
//
// Every access is logged with the RSP of its instruction, so that the obligations about it (inside
// its region, not below the red zone, allowed by the contract) can be stated when the path has
// ended. An address that belongs to no region, or a load that cannot be resolved, is a fault, which
// ends the path as unknown.
#pragma once

#include "verify/machine/machine.hpp"
#include "verify/smt/memory.hpp"
#include "verify/smt/term.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// One load or store of one instruction.
struct Access {
  std::uint64_t instruction;
  Location location;
  unsigned bytes;
  bool is_store;
  Term rsp;  ///< before the instruction
};

class SymbolicMachine {
 public:
  using Word = Term;
  using Bit = Formula;

  /// Unknown registers, flags and modes, named for `epoch`, on the given memory.
  SymbolicMachine(const Regions* regions, Memory memory, std::string_view epoch);

  Term read(Register name) const { return registers_[static_cast<std::size_t>(name)]; }
  void write(Register name, Term value) { registers_[static_cast<std::size_t>(name)] = value; }
  Flags<Formula>& flags() { return flags_; }
  Modes<Term, Formula>& modes() { return modes_; }
  const Modes<Term, Formula>& modes() const { return modes_; }
  Formula unknown_bit(Flag flag);
  Formula unknown_bit_where(Formula condition, Flag flag, Formula otherwise);
  Term unknown_word_where(Formula condition, Register name, Term otherwise);
  Term load(Term address, unsigned bytes);
  void store(Term address, Term value, unsigned bytes);

  /// What may follow a call: memory and all registers but the callee-saved are unknown again, and
  /// so is the status in MXCSR; control words stay, and a direction flag that was clear (psABI
  /// 3.2.1). RSP is as before the call.
  void forget_across_call(const std::string& epoch);

  const Regions& regions() const { return *regions_; }
  Memory& memory() { return memory_; }

  std::vector<Formula> path;  ///< assumptions and branches taken so far
  std::vector<Access> accesses;
  std::vector<std::uint64_t> trace;  ///< addresses of the executed instructions
  std::optional<std::string> fault;
  bool fault_is_outside = false;  ///< the fault is an access to no region
  std::uint64_t instruction = 0;  ///< the one being executed
  /// Registers right after each call has returned, by the call's name; a later call replaces them.
  std::vector<std::pair<std::string, std::array<Term, register_count>>> after_calls;
  const std::array<Term, register_count>& registers() const { return registers_; }

 private:
  std::optional<Location> locate_or_fault(Term address, const char* access);

  const Regions* regions_;
  Memory memory_;
  std::array<Term, register_count> registers_;
  Flags<Formula> flags_;
  Modes<Term, Formula> modes_;
  std::string epoch_;
  unsigned unknown_bits_ = 0;
  unsigned unknown_words_ = 0;
};

static_assert(Machine<SymbolicMachine>);

}  // namespace fiberproof::verify
