// The CPU that step() runs on in a proof: registers and flags are terms, memory is regions.
//
// Every access is logged with the RSP of its instruction, so that the obligations about it (inside
// its region, not below the red zone, allowed by the contract) can be stated when the path has
// ended. An address in no region reaches the file's own memory, or is a fault that ends the path,
// like a load that cannot be resolved.
#pragma once

#include "verify/smt/memory.hpp"
#include "verify/smt/term.hpp"
#include "verify/x86/cpu.hpp"
#include "verify/x86/file_access.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

class SymbolicCpu {
 public:
  using Word = Term;
  using Bit = Formula;

  /// Unknown registers, flags and modes, named for `epoch`, on the given memory.
  SymbolicCpu(const Regions* regions, Memory memory, std::string_view epoch);

  Term read(Register name) const { return registers_[static_cast<std::size_t>(name)]; }
  /// An address whose low bits were cleared or set stays a sum over its region's base, if the path
  /// decides those bits.
  void write(Register name, Term value);
  Flags<Formula>& flags() { return flags_; }
  Modes<Term, Formula>& modes() { return modes_; }
  const Modes<Term, Formula>& modes() const { return modes_; }
  Formula unknown_bit(Flag flag);
  Formula unknown_bit_where(Formula condition, Flag flag, Formula otherwise);
  Term unknown_word_where(Formula condition, Register name, Term otherwise);
  Term load(Term address, unsigned bytes);
  void store(Term address, Term value, unsigned bytes);
  void store_unknown(Term address, unsigned bytes);

  Term fs_base() const { return fs_base_; }
  void set_fs_base(Term base) { fs_base_ = base; }

  /// The state after a call: memory, all registers but the callee-saved, and the status in MXCSR
  /// are unknown again; control words stay, and so does a clear direction flag (psABI 3.2.1). RSP
  /// is as before the call.
  void forget_across_call(const std::string& epoch);

  /// The state after a system call: memory, RAX, RCX, R11, the status flags and the base of FS are
  /// unknown (psABI A.2.1).
  void forget_across_system_call(const std::string& epoch);

  const Regions& regions() const { return *regions_; }
  Memory& memory() { return memory_; }

  std::vector<Formula> path;  ///< assumptions and branches taken so far
  std::vector<Access> accesses;
  std::vector<std::uint64_t> trace;  ///< addresses of the executed instructions
  std::optional<std::string> fault;
  bool fault_is_outside = false;  ///< the fault is an access outside every region
  /// The states in which that access certainly goes astray; nothing if there are none.
  std::optional<Formula> is_astray;
  std::optional<Term> faulting_address;
  OwnMemory own_memory;           ///< the file's; none for a model
  std::uint64_t instruction = 0;  ///< the one being executed
  /// Registers right after each call has returned, by the call's name; a later call replaces them.
  std::vector<std::pair<std::string, std::array<Term, register_count>>> after_calls;
  const std::array<Term, register_count>& registers() const { return registers_; }

 private:
  [[nodiscard]] std::expected<Location, std::string> region_of(Term address);
  /// An access whose address is in no region: its value or place all the same, or nothing, with the
  /// fault recorded.
  std::optional<std::variant<Term, Location>> outside(FileAccess access);
  Term load_from(const Location& location, unsigned bytes);
  void store_to(const Location& location, Term value, unsigned bytes);

  const Regions* regions_;
  Memory memory_;
  std::array<Term, register_count> registers_;
  Flags<Formula> flags_;
  Modes<Term, Formula> modes_;
  Term fs_base_;
  std::string epoch_;
  unsigned unknown_bits_ = 0;
  unsigned unknown_words_ = 0;
};

static_assert(Cpu<SymbolicCpu>);

}  // namespace fiberproof::verify
