// Path-complete execution of one routine: every branch is followed where it can be taken, and a
// path ends where control leaves the routine. Code that it jumps to, that lies behind its last
// instruction, or that it calls and the contract says nothing of is executed, too, where it can be
// had. A jump to a function of which the contract says something is a call that returns to the
// address on the stack. Nothing is skipped: a path that comes to
// an instruction outside the allow list, a fault, a loop or a recursion without a bound is a dead
// end with its reason, and the proof fails on it. What no path comes to, a landing pad say, may be
// anything.
#pragma once

#include "verify/smt/query.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The instructions of a routine by address, and where it ends. They are those that control can
/// come to (reached_code.hpp): whatever else its bytes hold is data.
struct Code {
  std::string name;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::map<std::uint64_t, Instruction> instructions;
  std::map<std::uint64_t, DecodeError> refused;  ///< not on the allow list, or no instructions
  std::string symbol = {};                       ///< as the file names it; empty where it does not
  std::optional<std::uint64_t> load_bias = {};   ///< what its addresses are above a linked file's
  bool leaves_at_end = false;  ///< control that comes to `end` has left, whatever lies there
};

/// Why `code` cannot be executed there, in one line: by its symbol, and in the numbers that a
/// disassembly of the file has.
std::string refusal(const Code& code, const DecodeError& error);

Code decode_all(std::string name, std::uint64_t address, std::span<const std::byte> bytes);

struct PathEnd {
  enum class Kind {
    left,      ///< by an indirect jump, a return, or at an end where the code leaves
    stopped,   ///< in a callee that never returns
    trapped,   ///< reached ud2 or int3, or faults for another reason than an access
    escaped,   ///< a direct jump or call to code that nothing is known of
    refused,   ///< came to an instruction that is not on the allow list
    dead_end,  ///< cannot be executed: see reason
  };
  Kind kind;
  SymbolicCpu machine;
  Term rip;  ///< where control goes on, where it left
  std::string reason;
};

enum class CallOutcome : std::uint8_t { returns, never_returns, unknown };

/// Handles a call that leaves the routine: where it returns, `machine` is made the one after that.
/// The target of a direct call is a constant.
using CallHandler =
    std::function<CallOutcome(SymbolicCpu& machine, Term target, const SymbolicCpu& before)>;

/// Sees the machine before each instruction of each path, and the address of that instruction.
using StepObserver = std::function<void(const SymbolicCpu& machine, std::uint64_t address)>;

/// How control comes to code: by a call, or by a jump or as the next instruction.
enum class Arrival : std::uint8_t { call, jump };

struct FoundCode {
  const Code* code = nullptr;  ///< null where nothing is known of the address
  std::uint64_t at = 0;        ///< where control goes on in it
  bool is_callee = false;      ///< a function of which the contract says what it does
  /// On the way there R10 and R11 may get other values, which no function may look at
  /// (psABI 3.2.1).
  bool forgets_scratch = false;
};
/// The code that control comes to from elsewhere, directly at `address`; an error says why the code
/// there cannot be executed.
using CodeFinder =
    std::function<std::expected<FoundCode, std::string>(std::uint64_t address, Arrival arrival)>;

/// Every path through `code` from its first instruction. A branch is followed both ways unless the
/// solver proves that one of them is impossible. A call is `on_call`'s first, then of the code that
/// `find_code` has; without it, control that comes to the end has left.
std::vector<PathEnd> execute(const Code& code, SymbolicCpu start, Solver& solver,
                             const CallHandler& on_call, const CodeFinder& find_code = {},
                             const StepObserver& before_step = {});

}  // namespace fiberproof::verify
