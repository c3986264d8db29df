// A contract as data: the claims about a routine's machine code. verify/contracts/README.md
// describes its text form, and reads one aloud.
//
// Expressions are words or truth values over ghosts, registers and memory of one point of an
// execution; `old` refers to the contract's beginning.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Line and column of the text, both from 1.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

enum class ExpressionKind : std::uint8_t {
  number,
  ghost,
  flag_ghost,
  definition,
  register_,
  register_after_call,
  end_of_run,
  begin_of_run,
  memory,
  old,
  negated,
  add,
  subtract,
  multiply,
  shift_left,
  shift_right,
  bits_in_both,
  maximum,
  choice,
  equal,
  not_equal,
  less,
  at_most,
  aligned,
  both,
  either,
  implication,
};

struct Expression {
  ExpressionKind kind;
  Position position;
  bool is_truth = false;
  std::uint64_t value = 0;  ///< number; bytes of a memory word; alignment; shift count
  std::string name;         ///< of a ghost, definition, register or run
  std::string run;          ///< the call or run that a qualified name belongs to
  std::vector<Expression> operands;
  std::size_t terms = 1;  ///< with those of the operands, and of the definitions that it names
};

/// One claim, which becomes a theorem.
struct Clause {
  std::string spec_id;  ///< such as T4
  std::string label;
  Expression formula;
  std::string text;  ///< of the formula, as written
};

struct Ghost {
  enum class Sort {
    word,
    u32,
    truth,
    address,  ///< of the variable of a region, as the file has it
  };
  std::string name;
  Sort sort;
  std::uint64_t alignment = 1;
};

struct Definition {
  std::string name;
  Expression expression;
};

/// [low, high), half open. Its base is the only ghost that both bounds contain.
struct RegionDeclaration {
  std::string name;
  Position position;
  Expression low;
  Expression high;
  bool read_only = false;
  std::string symbol = {};  ///< of the variable of the file that the region is; empty if of none
  std::uint64_t bytes = 0;  ///< of that variable
  std::string text = {};    ///< of the range, as written
};

/// `name == expression` for a register: its value when a run begins.
struct Assignment {
  std::string register_name;  ///< or fs_base; or load_operand or store_operand, where a switch has
                              ///< its contexts
  Expression expression;
};

/// A store of the model: the routine's effect in the terms of the specification.
struct ModelStore {
  Expression address;
  unsigned bytes = 8;
  Expression value;
  std::optional<Expression> condition;
};

struct Range {
  Expression low;
  Expression high;
};

/// What may be assumed of a routine that is called and not executed.
struct CallDeclaration {
  std::string name;
  std::string symbol;                ///< of the function that is called by its address, or
  std::optional<Expression> target;  ///< the address that a call through memory or a register
                                     ///< must reach, or
  std::optional<std::uint64_t> system_call;  ///< the number of a system call
  std::vector<Clause> clauses;               ///< at the call, before the return address is pushed
  std::vector<Range> kept;             ///< memory that the callee leaves alone; the rest becomes
                                       ///< unknown
  std::vector<Expression> guarantees;  ///< after it has returned
  bool never_returns = false;
  bool never_called = false;  ///< nor returns: a path that calls it is refuted
  std::optional<Expression> condition = std::nullopt;  ///< at the beginning: where it does not
                                                       ///< hold, a path that calls it is refuted
  Position position;
};

/// Machine code to execute: a function, or every site in a table of sites.
struct Run {
  enum class Source { function, sites };
  std::string name;
  Source source = Source::function;
  std::string symbol;  ///< of the function, or the section of the table
  std::string after;   ///< the callee behind whose only call it begins; empty: at its entry
  std::vector<Clause> arrivals;  ///< what must hold where the previous run leaves
  /// Any code has run since the previous run and left these ranges alone. Registers are unknown
  /// after it.
  std::optional<std::vector<Range>> havoc;
  std::vector<Assignment> registers;
};

struct WriteDeclaration {
  std::string spec_id;
  Range range;
  std::optional<Expression> condition;
  std::string text = {};  ///< of the range, as written
};

/// Parts of the state that code may change, and whose values no clause decides, with the reason.
struct UnclaimedDeclaration {
  std::string spec_id;
  std::vector<Range> ranges;
  std::vector<std::string> registers;   ///< and modes
  std::vector<std::string> points;      ///< calls, runs that begin, or `exit`; empty: all of them
  std::optional<Expression> condition;  ///< at the beginning
  std::string reason;
  std::string text;  ///< as written, without the reason
  Position position;
};

/// The only registers that may be live behind the last run, a switch.
struct LiveDeclaration {
  std::string spec_id;
  std::string label;
  std::vector<std::string> registers;
  std::string text;  ///< as written
};

/// Another case of the same contract: the ghost `name` equals this expression instead of being
/// free.
struct Alias {
  std::string name;
  Expression expression;
  std::string text;
};

/// A name for the word at `address`, for the memory rows of a counterexample.
struct Slot {
  std::string name;  ///< such as control_context.rsp
  Expression address;
};

/// Whose code a contract is about.
enum class CodeOwner : std::uint8_t {
  anybody,
  others,     ///< this project has no such code
  cranelift,  ///< of the modules of one compiler, which keeps more than others
};

struct Contract {
  std::string name;
  std::string path;
  CodeOwner owner = CodeOwner::anybody;
  std::vector<Ghost> ghosts;
  std::vector<Definition> definitions;
  std::vector<RegionDeclaration> regions;
  std::vector<Slot> slots;
  std::vector<Alias> aliases;
  std::vector<Expression> assumptions;
  std::vector<Run> runs;  ///< in order; empty for a lemma
  std::vector<CallDeclaration> calls;
  std::vector<ModelStore> model;
  std::vector<Clause> exits;
  std::vector<WriteDeclaration> modifies;
  std::vector<UnclaimedDeclaration> unclaimed;
  std::vector<LiveDeclaration> live;
  std::vector<Expression> preferences;  ///< make a counterexample small and readable
  std::string program;                  ///< template of the Program that shows a counterexample
};

struct ContractError {
  std::string path;
  Position position;
  std::string reason;
};

/// `fiberproof: FILE:LINE:COLUMN: reason`.
std::string message(const ContractError& error);

/// Whether the call is one of a function that the contract names.
inline bool is_named(const CallDeclaration& call) {
  return !call.target && !call.system_call;
}

/// Whether the contract is about any switch: its run assigns load_operand or store_operand, or it
/// states which registers are live behind it.
bool is_of_any_switch(const Contract& contract);

/// Whether the contract states nothing but which registers are live behind a switch.
bool is_of_live_registers_alone(const Contract& contract);

[[nodiscard]] std::expected<Contract, ContractError> parse_contract(std::string_view text,
                                                                    std::string path);
[[nodiscard]] std::expected<Contract, ContractError> read_contract(
    const std::filesystem::path& path);

}  // namespace fiberproof::verify
