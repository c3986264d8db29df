// Which registers are live behind a switch: read before they are written, on some path of the
// function. A compiler that knows what a switch changes keeps nothing in them (SPEC.md, S4).
//
// Paths follow branches, jumps (also into other functions, and by read-only jump tables of 4-byte
// distances whose index is bounded) and the return of each call whose callee
// can return. They end at a return, a trap, and the next switch. A call changes the registers that
// its callee may change, and reads none here: an argument that was not written is not seen. Paths
// by which an exception unwinds into a landing pad are not followed. Every path of the control flow
// counts, also one whose branches contradict each other. A path that meets x87 or MMX registers, a
// system call, or an instruction that saves the processor's whole state is unknown.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/smt/query.hpp"
#include "verify/x86/instruction_effects.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The jumps of a file's switches, and where each stack resumes.
using SwitchJumps = std::map<std::uint64_t, std::uint64_t>;

struct LiveRegisters {
  Verdict verdict = Verdict::unknown;
  std::string reason;                ///< of an unknown: what is read where, or why a path is lost
  std::vector<std::string> listing;  ///< of a refutation: the shortest path to the read
};

/// `proved` if control that continues at `address` (as the file counts) reads no register outside
/// `known` before it is written. A return reads the registers that belong to the caller (psABI
/// 3.2.1). `switches`: the jumps of the file's switches, where a path ends.
LiveRegisters live_registers(const ObjectFile& file, std::uint64_t address,
                             const RegisterParts& known, const SwitchJumps& switches);

}  // namespace fiberproof::verify
