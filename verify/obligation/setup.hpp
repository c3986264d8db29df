// Sets up one case of a contract: its ghosts as terms, its regions, and a CPU of which only the
// contract's assumptions are known.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/scope.hpp"
#include "verify/smt/query.hpp"
#include "verify/survey/switch_shape.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace fiberproof::verify {

/// Where a switch has the contexts that it loads and stores.
struct SwitchOperands {
  SwitchOperand load;
  SwitchOperand store;

  bool are_same() const { return load == store; }
};

/// Where a file has the variables that regions of a contract are, by the regions' names; addresses
/// as load_address() gives them.
using VariableAddresses = std::map<std::string, std::uint64_t, std::less<>>;

/// One case. Not movable: its CPUs point to its regions.
struct Case {
  std::string description;  ///< empty, or the alias that makes it and the switch
  std::optional<SwitchOperands> operands = {};
  Names names;
  Regions regions;
  std::unique_ptr<SymbolicCpu> entry;  ///< with the assumptions as its path

  Scope entry_scope() { return {&names, entry.get(), std::nullopt, nullptr}; }
};

/// The case that `alias` makes, or the general one if it is null. `operands` are those of the
/// switch that runs, for a contract about any switch. A variable without an address may be
/// anywhere. An error names the place in the contract:
/// bounds of a region without a common base, or an assumption about memory outside regions.
[[nodiscard]] std::expected<std::unique_ptr<Case>, std::string> set_up(
    const Contract& contract, const Alias* alias, Solver& solver,
    const std::optional<SwitchOperands>& operands = {}, const VariableAddresses& variables = {});

/// `cpu` at the start of a run that assigns registers: all others are unknown.
[[nodiscard]] std::expected<void, std::string> assign_registers(const Run& run, Case& in,
                                                                SymbolicCpu& cpu,
                                                                const std::string& epoch);

}  // namespace fiberproof::verify
