// Runs a program of core's and, at every instruction of the proved routines, compares what the CPU
// did with what step() says: all registers, defined flags, RIP, and every byte around RSP and
// around the access. Counts which of those instructions were executed.
//
// The model begins each instruction in the CPU's own state. Since the two are then equal after it,
// they are equal all along a run of instructions.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/concrete_cpu.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/step.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The semantics that are compared with the CPU: step<ConcreteCpu>, or in a test spoilt ones.
using LockstepModel = std::function<std::expected<Control<std::uint64_t, bool>, StepError>(
    ConcreteCpu&, const Instruction&)>;

/// A routine that is followed, and which of its instructions were executed.
struct FollowedRoutine {
  std::string name;
  std::uint64_t address = 0;                          ///< in the file
  std::map<std::uint64_t, Instruction> instructions;  ///< by their addresses in memory
  std::set<std::uint64_t> executed;                   ///< the same addresses
  std::uint64_t entries = 0;
};

/// One run of a trampoline, from its first instruction to its jump to the parent.
struct TrampolineRun {
  std::string routine;
  std::uint64_t buffer_values = 0;  ///< n, as T1 says where RSP is on entry
  std::uint64_t payload = 0;        ///< RDI at the end
  bool has_another_parent = false;  ///< the control context has changed between call and end
};

struct LockstepReport {
  std::vector<FollowedRoutine> routines;
  std::vector<TrampolineRun> runs;
  std::uint64_t instructions = 0;
  std::uint64_t stored_words = 0;
  std::vector<std::string> differences;  ///< of the first instruction that differs, in lines
  int exit_status = 0;
};

/// The routines of the file that are followed: both trampolines, every site of a switch,
/// caller_frame and initialize.
[[nodiscard]] std::expected<std::vector<Routine>, std::string> followed_routines(
    const ObjectFile& file);

/// Runs `arguments`, of which the first is a linked program, until it ends or something differs. An
/// error where it cannot be run and traced.
[[nodiscard]] std::expected<LockstepReport, std::string> run_in_lockstep(
    const std::vector<std::string>& arguments, const LockstepModel& model = step<ConcreteCpu>);

}  // namespace fiberproof::verify
