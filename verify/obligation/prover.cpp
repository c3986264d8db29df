#include "verify/obligation/prover.hpp"

#include "verify/machine/code_identity.hpp"
#include "verify/machine/paths.hpp"
#include "verify/obligation/case_prover.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/switch_sites.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

// An error of the file's code, in one line; one of the contract names its own place already.
std::string in_file(const ObjectFile& file, const std::string& error) {
  return error.starts_with("fiberproof: ") ? error
                                           : fmt::format("fiberproof: {}: {}", file.path(), error);
}

std::string_view file_symbol(const std::string& name, const ProverOptions& options) {
  const auto renamed = options.symbols.find(name);
  return renamed == options.symbols.end() ? std::string_view(name) : renamed->second;
}

// The return address of the only call of `callee` in `code`.
std::optional<std::uint64_t> behind_only_call(const Code& code, std::uint64_t callee) {
  std::optional<std::uint64_t> found;
  for (const auto& [address, instruction] : code.instructions) {
    if (instruction.operation != Operation::call) continue;
    const auto* const target = std::get_if<Immediate>(&instruction.operands.front());
    if (target == nullptr || target->value != callee) continue;
    if (found) return std::nullopt;
    found = instruction.next_address();
  }
  return found;
}

Result<Code> code_of(const Run& run, const ObjectFile& file, const ProverOptions& options,
                     ContractResult& result) {
  Routine routine;
  if (run.source == Run::Source::sites) {
    auto site = proved_switch_site(file, run.symbol);
    if (!site) return std::unexpected(site.error());
    routine = std::move(*site);
  } else {
    auto function = file.routine(file_symbol(run.symbol, options));
    if (!function) return std::unexpected(message(function.error()));
    routine = std::move(*function);
  }
  const auto identity = identify(file, routine);
  if (!identity) {
    const auto& [address, instruction, reason] = identity.error();
    return std::unexpected(
        in_file(file, fmt::format("{:#x}: {}: {}", address, instruction, reason)));
  }
  if (std::ranges::find(result.code, routine.symbol, &ProvedCode::routine) == result.code.end()) {
    result.code.push_back(
        {routine.symbol, identity->instructions, identity->bytes, identity->hash});
  }
  auto code = decode_all(run.name, load_address(file, routine.address), routine.bytes);
  if (!code) return std::unexpected(in_file(file, message(code.error())));
  if (!run.after.empty()) {
    const auto callee = file.routine(file_symbol(run.after, options));
    if (!callee) return std::unexpected(message(callee.error()));
    const auto behind = behind_only_call(*code, load_address(file, callee->address));
    if (!behind) {
      return std::unexpected(in_file(
          file, fmt::format("{} does not call {} exactly once", routine.symbol, callee->symbol)));
    }
    code->begin = *behind;
  }
  return std::move(*code);
}

Result<void> prove_code(const Contract& contract, const ObjectFile& file,
                        const ProverOptions& options, Ledger& ledger, ContractResult& result) {
  std::vector<Code> codes;
  if (options.code != nullptr) codes.push_back(*options.code);
  for (const Run& run : contract.runs) {
    if (options.code != nullptr) break;
    auto code = code_of(run, file, options, result);
    if (!code) return std::unexpected(code.error());
    codes.push_back(std::move(*code));
  }
  CaseProver::Callees callees;
  for (std::size_t index = 0; index < contract.calls.size(); ++index) {
    if (contract.calls[index].target) continue;
    const auto callee = file.routine(file_symbol(contract.calls[index].symbol, options));
    if (!callee) return std::unexpected(message(callee.error()));
    callees.emplace_back(load_address(file, callee->address), index);
  }
  std::vector<const Alias*> cases{nullptr};
  for (const Alias& alias : contract.aliases) cases.push_back(&alias);
  for (const Alias* alias : cases) {
    auto in = set_up(contract, alias, ledger.solver());
    if (!in) return std::unexpected(in.error());
    for (std::size_t index = 0; index < codes.size(); ++index) {
      (*in)->names.run_ends.emplace(contract.runs[index].name, codes[index].end);
    }
    CaseProver prover(contract, Subject::bytes, ledger, **in);
    prover.claim_all();
    prover.assumptions_can_be_met();
    if (const auto done = prover.run_code(codes, callees); !done) {
      return std::unexpected(in_file(file, done.error()));
    }
  }
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

// A position-independent file is proved far above 4 GiB, where the loader puts it, so that an address
// cut to 32 bits is not the same address.
std::uint64_t load_address(const ObjectFile& file, std::uint64_t address) {
  return file.is_position_independent() ? 0x5555'5555'0000 + address : address;
}

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
  return result;
}

}  // namespace fiberproof::verify
