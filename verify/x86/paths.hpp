// Path-complete execution of one routine: every branch is followed where it can be taken, and a
// path ends where control leaves the routine. Code that the routine jumps to, runs into or calls is
// executed, too, unless the contract describes the callee. A jump to a function that the contract
// describes is a call that returns to the address on the stack. A jump through a register or memory
// whose targets are few and certainly within the code is a jump in it, as by a compiler's table.
// Nothing is skipped: a path that reaches an instruction outside the allow list, a fault, or an
// unbounded loop or recursion is a dead end with its reason, and the proof fails on it. Bytes that
// no path reaches, such as a landing pad, may be anything.
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

/// The instructions of a routine by address, and where it ends: those that control can reach
/// (reached_code.hpp). Its other bytes are data.
struct Code {
  std::string name;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::map<std::uint64_t, Instruction> instructions;
  std::map<std::uint64_t, DecodeError> refused;  ///< outside the allow list, or no instructions
  std::string symbol = {};                       ///< as the file names it; may be empty
  std::optional<std::uint64_t> load_bias = {};   ///< its addresses minus those of the linked file
  bool leaves_at_end = false;  ///< control that reaches `end` has left, whatever code lies there
};

/// Why `code` cannot be executed there, in one line: by its symbol, and with the addresses of a
/// disassembly of the file.
std::string refusal(const Code& code, const DecodeError& error);

Code decode_all(std::string name, std::uint64_t address, std::span<const std::byte> bytes);

struct PathEnd {
  enum class Kind {
    left,      ///< by an indirect jump, a return, or at an end where the code leaves
    stopped,   ///< in a callee that never returns
    trapped,   ///< reached ud2 or int3, or a fault other than an access
    escaped,   ///< a direct jump or call to unknown code
    refused,   ///< reached an instruction outside the allow list
    dead_end,  ///< cannot be executed: see reason
  };
  Kind kind;
  SymbolicCpu cpu;
  Term rip;  ///< where control continues, if it left
  std::string reason;
};

enum class CallOutcome : std::uint8_t { returns, never_returns, unknown };

/// Handles a call that leaves the routine: if it returns, this changes `cpu` to the state after the
/// call. The target of a direct call is a constant.
using CallHandler =
    std::function<CallOutcome(SymbolicCpu& cpu, Term target, const SymbolicCpu& before)>;

/// The same for a system call: the state before it becomes that after it.
using SystemCallHandler = std::function<CallOutcome(SymbolicCpu& cpu)>;

/// Called before each instruction of each path, with the CPU and the instruction's address.
using StepObserver = std::function<void(const SymbolicCpu& cpu, std::uint64_t address)>;

/// How control reaches code: by a call, or by a jump or as the next instruction.
enum class Arrival : std::uint8_t { call, jump };

struct FoundCode {
  const Code* code = nullptr;  ///< null if the code there is unknown
  std::uint64_t at = 0;        ///< where control continues in it
  bool is_callee = false;      ///< a function that the contract describes
  /// R10 and R11 may change on the way; no function may read them (psABI 3.2.1).
  bool forgets_scratch = false;
};
/// The code that control reaches at `address`; an error says why it cannot be executed.
using CodeFinder =
    std::function<std::expected<FoundCode, std::string>(std::uint64_t address, Arrival arrival)>;

/// Executes every path through `code` from its first instruction. A branch is followed both ways
/// unless the solver proves one of them impossible. A call goes to `on_call` first, then to the
/// code that `find_code` returns; without `find_code`, control that reaches the end has left.
std::vector<PathEnd> execute(const Code& code, SymbolicCpu start, Solver& solver,
                             const CallHandler& on_call, const CodeFinder& find_code = {},
                             const StepObserver& before_step = {},
                             const SystemCallHandler& on_system_call = {});

}  // namespace fiberproof::verify
