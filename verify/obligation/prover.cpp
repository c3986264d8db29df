#include "verify/obligation/prover.hpp"

#include "verify/obligation/case_prover.hpp"
#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/setup.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

Result<void> prove_code(const Contract& contract, const ObjectFile& file,
                        const ProverOptions& options, Ledger& ledger, ContractResult& result) {
  CodeLibrary library(file);
  const auto code = find_code_of(contract, file, options, library, result);
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
      if (!call.target && name == symbol && (place == nullptr || place->offset == 0)) return index;
    }
    return std::nullopt;
  };
  const CodeFinder find_code = [&](std::uint64_t address, Arrival arrival) {
    return callees(address) ? FoundCode{.is_callee = true} : library.find(address, arrival);
  };
  std::vector<const Alias*> cases{nullptr};
  for (const Alias& alias : contract.aliases) cases.push_back(&alias);
  std::optional<ConstantMemory> constants;
  const OwnMemory own_memory = [&]() -> const ConstantMemory& {
    return constants ? *constants : constants.emplace(file);
  };
  for (const Alias* alias : cases) {
    auto in = set_up(contract, alias, ledger.solver());
    if (!in) return std::unexpected(in.error());
    for (std::size_t index = 0; index < code->runs.size(); ++index) {
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
    const auto done = prove_code(contract, file, options, ledger, result);
    if (!done) return std::unexpected(done.error());
  }
  ledger.close();
  return result;
}

}  // namespace fiberproof::verify
