#include "verify/obligation/prover.hpp"

#include "verify/obligation/case_prover.hpp"
#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/proved_switches.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/variable_regions.hpp"

#include <fmt/format.h>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

// The cases of a contract: the general one, and one for each alias. Two contexts in one register
// are the same context, so that only the cases in which they are remain.
std::vector<const Alias*> cases_of(const Contract& contract, const SwitchKind* kind) {
  std::vector<const Alias*> cases;
  const bool are_the_same = kind != nullptr && kind->operands.are_same();
  if (!are_the_same || contract.aliases.empty()) cases.push_back(nullptr);
  for (const Alias& alias : contract.aliases) cases.push_back(&alias);
  return cases;
}

Result<void> prove_code(const Contract& contract, const ObjectFile& file,
                        const ProverOptions& options, Ledger& ledger, ContractResult& result,
                        const SwitchKind* kind = nullptr) {
  CodeLibrary library(file);
  const Routine* const site = kind == nullptr ? nullptr : &kind->code;
  const auto code = find_code_of(contract, file, options, library, result, site);
  if (!code) return std::unexpected(code.error());
  const CaseProver::Callees callees = [&](std::uint64_t target) -> std::optional<std::size_t> {
    for (std::size_t index = 0; index < code->callees.size(); ++index) {
      if (code->callees[index] && comes_to(file, target, *code->callees[index])) return index;
    }
    return std::nullopt;
  };
  // Finds a callee by the name of the dynamic linker's slot.
  const CaseProver::CalleesByName callees_by_name =
      [&](std::string_view symbol) -> std::optional<std::size_t> {
    for (std::size_t index = 0; index < contract.calls.size(); ++index) {
      const CallDeclaration& call = contract.calls[index];
      const CodePlace* const place = place_of(call.symbol, options);
      const std::string& name = place == nullptr ? call.symbol : place->symbol;
      if (is_named(call) && name == symbol && (place == nullptr || place->offset == 0))
        return index;
    }
    return std::nullopt;
  };
  const CodeFinder find_code = [&](std::uint64_t address, Arrival arrival) {
    return callees(address) ? FoundCode{.is_callee = true} : library.find(address, arrival);
  };
  const auto variables = variables_of(contract, file, options);
  if (!variables) return std::unexpected(variables.error());
  std::optional<SwitchOperands> operands;
  if (kind != nullptr) operands = kind->operands;
  std::optional<ConstantMemory> constants;
  const OwnMemory own_memory = [&]() -> const ConstantMemory& {
    return constants ? *constants : constants.emplace(file);
  };
  for (const Alias* alias : cases_of(contract, kind)) {
    auto in = set_up(contract, alias, ledger.solver(), operands, *variables);
    if (!in) return std::unexpected(in.error());
    if (site != nullptr) {
      std::string& description = (*in)->description;
      description += (description.empty() ? "" : "; ") + site->symbol;
    }
    for (std::size_t index = 0; index < code->runs.size(); ++index) {
      (*in)->names.run_begins.emplace(contract.runs[index].name, code->runs[index].begin);
      (*in)->names.run_ends.emplace(contract.runs[index].name, code->runs[index].end);
    }
    (*in)->entry->own_memory = own_memory;
    CaseProver prover(contract, Subject::bytes, ledger, **in);
    prover.claim_all();
    prover.assumptions_can_be_met();
    const auto done = prover.run_code({code->runs, callees, callees_by_name, find_code, library});
    if (!done) return std::unexpected(in_file(file, done.error()));
  }
  return note_called_code(file, library, result);
}

// Why the proof of this kind of switch would not be about every run of it; nothing if it is.
std::optional<std::string> why_not_modelled(const SwitchKind& kind) {
  if (kind.is_entered_within) {
    return fmt::format("a branch leads into the middle of the {}", kind.code.symbol);
  }
  if (kind.operands.are_same() || kind.operands.load.base != kind.operands.store.base) {
    return std::nullopt;
  }
  // Two regions at a fixed distance: an access by the register would be one of either.
  return fmt::format(
      "the {} has both contexts at offsets of {}, which is not modelled: prove it "
      "with a contract of your own (verify/contracts/README.md)",
      kind.code.symbol, name(kind.operands.load.base));
}

Result<void> leave_unknown(const Contract& contract, const SwitchKind& kind,
                           const std::string& reason, Ledger& ledger, ContractResult& result) {
  auto in = set_up(contract, nullptr, ledger.solver(), kind.operands);
  if (!in) return std::unexpected(in.error());
  CaseProver(contract, Subject::bytes, ledger, **in).claim_all();
  for (Theorem& theorem : result.theorems) Ledger::note(theorem, Verdict::unknown, reason);
  return {};
}

// A contract about any switch: each kind of switch runs once.
Result<void> prove_switches(const Contract& contract, const ObjectFile& file,
                            const ProverOptions& options, Ledger& ledger, ContractResult& result) {
  auto switches = switches_of(contract, file, options);
  if (!switches) return std::unexpected(switches.error());
  for (const SwitchKind& kind : switches->kinds) {
    if (is_of_live_registers_alone(contract)) break;
    const auto why = why_not_modelled(kind);
    const auto done = why ? leave_unknown(contract, kind, *why, ledger, result)
                          : prove_code(contract, file, options, ledger, result, &kind);
    if (!done) return done;
  }
  prove_live(contract, file, *switches, ledger);
  result.switches = std::move(switches->told);
  return {};
}

Result<void> prove_model(const Contract& contract, Ledger& ledger) {
  auto in = set_up(contract, nullptr, ledger.solver());
  if (!in) return std::unexpected(in.error());
  CaseProver prover(contract, Subject::model, ledger, **in);
  prover.assumptions_can_be_met();
  return prover.run_model();
}

}  // namespace

// A position-independent file is proved far above 4 GiB, where the loader puts it, so that an
// address cut to 32 bits differs.
std::expected<ContractResult, std::string> prove(const Contract& contract, const ObjectFile& file,
                                                 Solver& solver, const ProverOptions& options) {
  ContractResult result;
  result.contract = contract.name;
  Ledger ledger(solver, options, result);
  if (!options.is_mutant && (contract.runs.empty() || !contract.model.empty())) {
    if (const auto done = prove_model(contract, ledger); !done)
      return std::unexpected(done.error());
  }
  if (!contract.runs.empty()) {
    const auto done = is_of_any_switch(contract)
                          ? prove_switches(contract, file, options, ledger, result)
                          : prove_code(contract, file, options, ledger, result);
    if (!done) return std::unexpected(done.error());
  }
  ledger.close();
  return result;
}

}  // namespace fiberproof::verify
