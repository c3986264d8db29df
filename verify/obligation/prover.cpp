#include "verify/obligation/prover.hpp"

#include "verify/machine/code_identity.hpp"
#include "verify/machine/code_library.hpp"
#include "verify/machine/paths.hpp"
#include "verify/obligation/case_prover.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/switch_sites.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <set>
#include <span>
#include <variant>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

// An error of the file's code, in one line; one of the contract names its own place already.
std::string in_file(const ObjectFile& file, const std::string& error) {
  return error.starts_with("fiberproof: ") ? error
                                           : fmt::format("fiberproof: {}: {}", file.path(), error);
}

const CodePlace* place_of(const std::string& name, const ProverOptions& options) {
  const auto place = options.places.find(name);
  return place == options.places.end() ? nullptr : &place->second;
}

// A site ends after its indirect jump, where whoever switches back goes on.
Result<Routine> site_at(const ObjectFile& file, const CodePlace& place) {
  auto routine = routine_at(file, place);
  if (!routine || place.bytes) return routine;
  const std::span<const std::byte> code = routine->bytes;
  for (std::size_t at = 0; at < code.size();) {
    const auto decoded = decode(routine->address + at, code.subspan(at));
    if (!decoded) {
      return std::unexpected(
          fmt::format("fiberproof: {}: {}", file.path(), message(decoded.error())));
    }
    at += decoded->length;
    if (decoded->operation == Operation::jmp &&
        !std::holds_alternative<Immediate>(decoded->operands[0])) {
      routine->bytes.resize(at);
      std::erase_if(routine->relocated,
                    [at](const RelocatedField& field) { return field.offset >= at; });
      return routine;
    }
  }
  return std::unexpected(fmt::format("fiberproof: {}: no indirect jump ends the switch (symbol {})",
                                     file.path(), routine->symbol));
}

Result<Routine> routine_of(const Run& run, const ObjectFile& file, const ProverOptions& options) {
  const CodePlace* const place = place_of(run.symbol, options);
  if (run.source == Run::Source::sites) {
    return place == nullptr ? proved_switch_site(file, run.symbol) : site_at(file, *place);
  }
  return routine_at(file, place == nullptr ? CodePlace{run.symbol} : *place);
}

void note_code(const ObjectFile& file, const Routine& routine, ContractResult& result) {
  const CodeIdentity identity = identify(file, routine);
  if (std::ranges::find(result.code, routine.symbol, &ProvedCode::routine) == result.code.end()) {
    result.code.push_back({routine.symbol, identity.instructions, identity.bytes, identity.hash});
  }
}

}  // namespace

std::expected<Code, std::string> code_of(const Run& run, const ObjectFile& file,
                                         const ProverOptions& options, ContractResult& result) {
  const auto routine = routine_of(run, file, options);
  if (!routine) return std::unexpected(routine.error());
  note_code(file, *routine, result);
  return decode_routine(file, run.name, *routine);
}

std::expected<std::uint64_t, std::string> callee_address(const std::string& symbol,
                                                         const ObjectFile& file,
                                                         const ProverOptions& options) {
  const CodePlace* const place = place_of(symbol, options);
  const auto address = callee_at(file, place == nullptr ? CodePlace{symbol} : *place);
  if (!address) return std::unexpected(address.error());
  return load_address(file, *address);
}

namespace {

// Of what was executed because the routines call it.
Result<void> note_called_code(const ObjectFile& file, const CodeLibrary& library,
                              ContractResult& result) {
  for (const auto& [address, code] : library.found()) {
    const auto routine =
        file.code(code.name, address - load_address(file, 0), code.end - code.begin);
    if (!routine) return std::unexpected(message(routine.error()));
    note_code(file, *routine, result);
  }
  return {};
}

// The one address that `code` calls.
Result<std::uint64_t> only_callee(const ObjectFile& file, const Code& code,
                                  const std::string& symbol) {
  std::set<std::uint64_t> targets;
  for (const auto& [address, instruction] : code.instructions) {
    const bool is_direct = instruction.operation == Operation::call && instruction.relative &&
                           std::holds_alternative<Immediate>(instruction.operands[0]);
    if (is_direct) targets.insert(instruction.relative->target);
  }
  if (targets.size() == 1) return *targets.begin();
  if (!code.refused.empty()) {
    return std::unexpected(in_file(file, refusal(code, code.refused.begin()->second)));
  }
  return std::unexpected(fmt::format(
      "fiberproof: {}: {} makes direct calls of {} functions, so which one is {} must be "
      "given (symbol {})",
      file.path(), code.name, targets.size(), symbol, symbol));
}

std::string name_of_address(const ObjectFile& file, const CodeLibrary& library,
                            std::uint64_t address) {
  if (const auto symbol = library.symbol_of_plt_entry(address)) return std::string(*symbol);
  const std::uint64_t in_file = address - load_address(file, 0);
  return file.symbol_at(in_file).value_or(fmt::format("{:#x}", in_file));
}

struct Callee {
  std::optional<std::uint64_t> address;
  std::string symbol;  // for a call by way of the PLT; empty where only the address is known
};

bool is_callee(const Callee& callee, std::uint64_t target, const CodeLibrary& library) {
  if (callee.address == target) return true;
  const auto entry = library.symbol_of_plt_entry(target);
  return entry && *entry == callee.symbol;
}

Result<Callee> callee_of(const std::string& symbol, const ObjectFile& file,
                         const ProverOptions& options, const std::vector<Code>& codes,
                         const CodeLibrary& library, ContractResult& result) {
  const CodePlace* const place = place_of(symbol, options);
  if (place == nullptr && options.callees_by_call.contains(symbol)) {
    const auto address = only_callee(file, codes.back(), symbol);
    if (!address) return std::unexpected(address.error());
    result.callees.push_back(
        fmt::format("{} is {}", symbol, name_of_address(file, library, *address)));
    return Callee{*address, std::string(library.symbol_of_plt_entry(*address).value_or(""))};
  }
  const CodePlace there = place == nullptr ? CodePlace{symbol} : *place;
  const auto address = callee_at(file, there);
  if (address) return Callee{load_address(file, *address), there.symbol};
  if (!there.symbol.empty() && file.has_slot_of(there.symbol)) return Callee{{}, there.symbol};
  return std::unexpected(address.error());
}

// The return address of the only call of `callee` in `code`.
std::optional<std::uint64_t> behind_only_call(const Code& code, const Callee& callee,
                                              const CodeLibrary& library) {
  std::optional<std::uint64_t> found;
  for (const auto& [address, instruction] : code.instructions) {
    if (instruction.operation != Operation::call) continue;
    const auto* const target = std::get_if<Immediate>(&instruction.operands.front());
    if (target == nullptr || !is_callee(callee, target->value, library)) continue;
    if (found) return std::nullopt;
    found = instruction.next_address();
  }
  return found;
}

Result<void> prove_code(const Contract& contract, const ObjectFile& file,
                        const ProverOptions& options, Ledger& ledger, ContractResult& result) {
  std::vector<Code> codes;
  CodeLibrary library(file);
  if (options.code != nullptr) codes.push_back(*options.code);
  for (const Run& run : contract.runs) {
    if (options.code != nullptr) break;
    auto code = code_of(run, file, options, result);
    if (!code) return std::unexpected(code.error());
    codes.push_back(std::move(*code));
    if (run.after.empty()) continue;
    const auto callee = callee_of(run.after, file, options, codes, library, result);
    if (!callee) return std::unexpected(callee.error());
    const auto behind = behind_only_call(codes.back(), *callee, library);
    if (!behind) {
      return std::unexpected(
          in_file(file, fmt::format("{} does not call {} exactly once", run.symbol, run.after)));
    }
    codes.back().begin = *behind;
  }
  std::vector<Callee> known;
  for (const CallDeclaration& call : contract.calls) {
    if (call.target) {
      known.push_back({});
      continue;
    }
    auto callee = callee_of(call.symbol, file, options, codes, library, result);
    if (!callee) return std::unexpected(callee.error());
    known.push_back(std::move(*callee));
  }
  const CaseProver::Callees callees = [&](std::uint64_t target) -> std::optional<std::size_t> {
    for (std::size_t index = 0; index < known.size(); ++index) {
      if (is_callee(known[index], target, library)) return index;
    }
    return std::nullopt;
  };
  // By the name that a slot of the dynamic linker's has.
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
  // What the contract says is called is not jumped to.
  const CodeFinder find_code = [&](std::uint64_t address, const Code& from) {
    return callees(address) ? FoundCode{} : library.find(address, from);
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
    for (std::size_t index = 0; index < codes.size(); ++index) {
      (*in)->names.run_ends.emplace(contract.runs[index].name, codes[index].end);
    }
    (*in)->entry->own_memory = own_memory;
    CaseProver prover(contract, Subject::bytes, ledger, **in);
    prover.claim_all();
    prover.assumptions_can_be_met();
    const auto done = prover.run_code({codes, callees, callees_by_name, find_code, library});
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
// address cut to 32 bits is not the same address.
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
