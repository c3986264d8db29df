// Frame conditions of a contract: what code may change that keeps every clause of it.
//
// A contract lets code write what `modifies` lists, or without it every region that is not read
// only, and use every register. Such a part is claimed at a point (a call, the beginning of a later
// run, the exit) if the clauses there decide its value: no two states that have the same beginning
// and satisfy all of them differ in it. Any other part needs an `unclaimed` statement, whose reason
// is a person's.
//
// The registers that are looked at are those that a call preserves, RIP, and the modes; at a call,
// the modes alone. What a callee changes is its own: both states have what it left.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/smt/query.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// A register or bytes whose value the clauses at a point leave open.
struct OpenPart {
  std::string point;   ///< `exit`, `call NAME` or `run NAME`
  std::string part;    ///< a register, `[low, high)`, or `bytes 4 to 7 of [low, high)`
  std::string rule;    ///< of the statement that gives the reason
  std::string reason;  ///< empty if the contract gives none
};

struct FrameConditions {
  std::size_t claimed = 0;  ///< parts whose values the clauses decide
  std::vector<OpenPart> open;
  /// Statements `unclaimed` that say more than is open, each as one line.
  std::vector<std::string> unneeded;
  std::vector<std::string> undecided;  ///< questions without an answer
  std::vector<std::string> unread;     ///< clauses that cannot be evaluated, and so claim nothing
};

/// Whether the contract claims nothing of the state behind code: it runs none, or is about live
/// registers alone.
bool has_no_frame(const Contract& contract);

/// Derived from the contract's general case; no code is read. An error if it cannot be set up, or
/// if its clauses contradict each other at a point.
[[nodiscard]] std::expected<FrameConditions, std::string> frame_conditions(const Contract& contract,
                                                                           Solver& solver);

}  // namespace fiberproof::verify
