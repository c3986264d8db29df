// The beginning of one case of a contract: its ghosts as terms, its regions, and a machine of which
// nothing is known but what the contract assumes.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/scope.hpp"
#include "verify/smt/query.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <expected>
#include <memory>
#include <string>

namespace fiberproof::verify {

/// One case. Stays where it was made: its machines point to its regions.
struct Case {
  std::string description;  ///< empty, or the alias that makes it
  Names names;
  Regions regions;
  std::unique_ptr<SymbolicCpu> entry;  ///< with the assumptions as its path

  Scope entry_scope() { return {&names, entry.get(), std::nullopt, nullptr}; }
};

/// The case that `alias` makes, or the general one where it is null. An error names the place in
/// the contract: bounds of a region without a common base, an assumption about memory outside
/// regions.
std::expected<std::unique_ptr<Case>, std::string> set_up(const Contract& contract,
                                                         const Alias* alias, Solver& solver);

/// `machine` as a run begins it that names registers: all unknown but those.
std::expected<void, std::string> assign_registers(const Run& run, Case& in, SymbolicCpu& machine,
                                                  const std::string& epoch);

}  // namespace fiberproof::verify
