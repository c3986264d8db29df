#include "verify/obligation/contract_code.hpp"

#include "verify/obligation/switch_sites.hpp"
#include "verify/x86/code_entry.hpp"
#include "verify/x86/code_identity.hpp"
#include "verify/x86/linkage.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <set>
#include <variant>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

Result<Routine> routine_of(const Run& run, const ObjectFile& file, const ProverOptions& options) {
  const CodePlace* const place = place_of(run.symbol, options);
  if (run.source == Run::Source::sites) {
    return place == nullptr ? proved_switch_site(file, run.symbol) : switch_site_at(file, *place);
  }
  return routine_at(file, place == nullptr ? CodePlace{run.symbol} : *place);
}

// The function that a call of `address` reaches, which must begin there: otherwise the proof would
// be about a run that does not exist.
Result<std::uint64_t> called_function(const ObjectFile& file, std::uint64_t address,
                                      const std::string& place) {
  const auto fail = [&](const std::string& called, const std::string& why) {
    return std::unexpected(fmt::format("fiberproof: {}: {} is not a function: {} ({})", file.path(),
                                       called, why, place));
  };
  const auto function = destination(file, address);
  if (!function) return fail(place_name(file, address), function.error());
  if (const auto why = why_no_function(file, *function)) {
    return fail(place_name(file, *function), *why);
  }
  return *function;
}

void note_code(const ObjectFile& file, const Routine& routine, ContractResult& result) {
  const CodeIdentity identity = identify(file, routine);
  if (std::ranges::find(result.code, routine.symbol, &ProvedCode::routine) == result.code.end()) {
    result.code.push_back({routine.symbol, identity.instructions, identity.bytes, identity.hash});
  }
}

// Targets of the direct calls in the parts of a routine, by return address.
std::map<std::uint64_t, std::uint64_t> direct_calls(const std::vector<const Code*>& parts) {
  std::map<std::uint64_t, std::uint64_t> targets;
  for (const Code* part : parts) {
    for (const auto& [address, instruction] : part->instructions) {
      if (instruction.operation != Operation::call) continue;
      const auto* const target = std::get_if<Immediate>(&instruction.operands.front());
      if (target != nullptr) targets.emplace(instruction.next_address(), target->value);
    }
  }
  return targets;
}

// The functions that `code` calls directly, in the order of its calls.
Result<std::vector<std::uint64_t>> direct_callees(const ObjectFile& file, const Code& code,
                                                  CodeLibrary& library) {
  const auto parts = library.parts_of(code);
  std::vector<std::uint64_t> targets;
  for (const auto& [behind, target] : direct_calls(parts ? *parts : std::vector{&code})) {
    if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
  }
  for (const std::uint64_t target : targets) {
    const bool is_within = target >= code.begin && target < code.end;
    const bool is_named = file.symbol_at(file_address(file, target)).has_value();
    if (target == code.begin || (is_within && !is_named)) {
      return std::unexpected(
          fmt::format("fiberproof: {}: {} is not a separate function (called by {})", file.path(),
                      place_name(file, target), code.name));
    }
  }
  return targets;
}

// The contract's callees whose place is given, and those whose place the code tells.
struct Callees {
  std::vector<std::string> placed;
  std::vector<std::string> by_call;
};

Callees callees_of(const Contract& contract, const ProverOptions& options) {
  Callees callees;
  const auto add = [&](const std::string& symbol) {
    const bool is_by_call =
        place_of(symbol, options) == nullptr && options.callees_by_call.contains(symbol);
    std::vector<std::string>& list = is_by_call ? callees.by_call : callees.placed;
    if (std::ranges::find(list, symbol) == list.end()) list.push_back(symbol);
  };
  for (const Run& run : contract.runs) {
    if (!run.after.empty()) add(run.after);
  }
  for (const CallDeclaration& call : contract.calls) {
    if (is_named(call)) add(call.symbol);
  }
  return callees;
}

// The function that `code` calls as this one of the contract's callees: both are in order, and
// those with a place are left out. Nothing if the code makes fewer calls, so that it never calls
// it.
Result<std::optional<std::uint64_t>> callee_by_order(const Contract& contract,
                                                     const std::string& symbol,
                                                     const ObjectFile& file,
                                                     const ProverOptions& options, const Code& code,
                                                     CodeLibrary& library) {
  const Callees callees = callees_of(contract, options);
  auto targets = direct_callees(file, code, library);
  if (!targets) return std::unexpected(targets.error());
  for (const std::string& placed : callees.placed) {
    const auto address = callee_address(placed, file, options);
    if (!address) return std::unexpected(address.error());
    std::erase_if(*targets, [&](std::uint64_t target) { return comes_to(file, target, *address); });
  }
  if (targets->empty() || targets->size() > callees.by_call.size()) {
    if (!code.refused.empty()) {
      return std::unexpected(in_file(file, refusal(code, code.refused.begin()->second)));
    }
    return std::unexpected(fmt::format(
        "fiberproof: {}: {} calls {} functions directly: say which one is {} with --symbol (symbol "
        "{})",
        file.path(), code.name, targets->size(), symbol, symbol));
  }
  const auto index = static_cast<std::size_t>(std::ranges::find(callees.by_call, symbol) -
                                              callees.by_call.begin());
  if (index >= targets->size()) return std::nullopt;
  return called_function(file, (*targets)[index], fmt::format("called by {}", code.name));
}

// Nothing if the code that runs last never calls it.
Result<std::optional<std::uint64_t>> callee_of(const Contract& contract, const std::string& symbol,
                                               const ObjectFile& file, const ProverOptions& options,
                                               const std::vector<Code>& codes, CodeLibrary& library,
                                               ContractResult& result) {
  if (place_of(symbol, options) != nullptr || !options.callees_by_call.contains(symbol)) {
    return callee_address(symbol, file, options);
  }
  const auto address = callee_by_order(contract, symbol, file, options, codes.back(), library);
  if (address && *address) {
    result.callees.push_back(fmt::format("{} is {}", symbol, place_name(file, **address)));
  }
  return address;
}

// The return address of the only call of `callee` in `code` and in everything that it jumps to.
Result<std::uint64_t> behind_only_call(const ObjectFile& file, const Code& code,
                                       std::uint64_t callee, CodeLibrary& library,
                                       const std::string& symbol) {
  const auto parts = library.parts_of(code);
  if (!parts) {
    return std::unexpected(
        in_file(file, fmt::format("whether {} calls {} exactly once is not known: {}", code.name,
                                  symbol, parts.error())));
  }
  std::vector<std::uint64_t> found;
  for (const auto& [behind, target] : direct_calls(*parts)) {
    if (comes_to(file, target, callee)) found.push_back(behind);
  }
  if (found.size() == 1 && code.instructions.contains(found.front())) return found.front();
  return std::unexpected(
      in_file(file, fmt::format("{} does not call {} exactly once", code.name, symbol)));
}

Result<std::vector<Code>> codes_of(const Contract& contract, const ObjectFile& file,
                                   const ProverOptions& options, CodeLibrary& library,
                                   ContractResult& result, const Routine* site) {
  std::vector<Code> codes;
  if (options.code != nullptr) {
    codes.push_back(*options.code);
    codes.back().leaves_at_end = true;  // the code behind it in the file does not belong to it
    return codes;
  }
  for (const Run& run : contract.runs) {
    auto code = code_of(run, file, options, result, site);
    if (!code) return std::unexpected(code.error());
    codes.push_back(std::move(*code));
    if (run.after.empty()) continue;
    const auto callee = callee_of(contract, run.after, file, options, codes, library, result);
    if (!callee) return std::unexpected(callee.error());
    if (!*callee) {
      return std::unexpected(
          in_file(file, fmt::format("{} does not call {}", codes.back().name, run.after)));
    }
    const auto behind = behind_only_call(file, codes.back(), **callee, library, run.after);
    if (!behind) return std::unexpected(behind.error());
    codes.back().begin = *behind;
  }
  return codes;
}

}  // namespace

// An error in the file's code, in one line; an error in the contract names its own place already.
std::string in_file(const ObjectFile& file, const std::string& error) {
  return error.starts_with("fiberproof: ") ? error
                                           : fmt::format("fiberproof: {}: {}", file.path(), error);
}

const CodePlace* place_of(const std::string& name, const ProverOptions& options) {
  const auto place = options.places.find(name);
  return place == options.places.end() ? nullptr : &place->second;
}

std::expected<Code, std::string> code_of(const Run& run, const ObjectFile& file,
                                         const ProverOptions& options, ContractResult& result,
                                         const Routine* site) {
  const bool is_site = run.source == Run::Source::sites && site != nullptr;
  const auto routine = is_site ? Result<Routine>(*site) : routine_of(run, file, options);
  if (!routine) return std::unexpected(routine.error());
  note_code(file, *routine, result);
  auto code = decode_routine(file, routine->symbol, *routine);
  if (!code) return std::unexpected(code.error());
  code->leaves_at_end = run.source == Run::Source::sites;
  return std::move(*code);
}

std::expected<std::uint64_t, std::string> callee_address(const std::string& symbol,
                                                         const ObjectFile& file,
                                                         const ProverOptions& options) {
  const CodePlace* const place = place_of(symbol, options);
  const CodePlace there = place == nullptr ? CodePlace{symbol} : *place;
  const auto defined = callee_at(file, there);
  const auto bound = defined ? std::nullopt : external_address(file, there.symbol);
  if (!defined && !bound) return std::unexpected(defined.error());
  return called_function(file, defined ? load_address(file, *defined) : *bound,
                         fmt::format("callee {}", text_of(there)));
}

// Whether a call of `target` reaches that function.
bool comes_to(const ObjectFile& file, std::uint64_t target, std::uint64_t function) {
  return target == function || destination(file, target) == function;
}

Result<ContractCode> find_code_of(const Contract& contract, const ObjectFile& file,
                                  const ProverOptions& options, CodeLibrary& library,
                                  ContractResult& result, const Routine* site) {
  auto codes = codes_of(contract, file, options, library, result, site);
  if (!codes) return std::unexpected(codes.error());
  ContractCode found{std::move(*codes), {}};
  for (const CallDeclaration& call : contract.calls) {
    found.callees.emplace_back();
    if (!is_named(call)) continue;
    const auto callee =
        callee_of(contract, call.symbol, file, options, found.runs, library, result);
    if (!callee) return std::unexpected(callee.error());
    found.callees.back() = *callee;
  }
  return found;
}

// Records the code that was executed because the routines call it.
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

}  // namespace fiberproof::verify
