#include "verify/cli/code_search.hpp"

#include "verify/cli/wording.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>

namespace fiberproof::verify {
namespace {

std::unexpected<std::string> fail(const ObjectArchive& file, const std::string& reason) {
  return std::unexpected(fmt::format("fiberproof: {}: {}", file.path(), reason));
}

// Places of code that looks like an entry trampoline, in all members.
std::vector<std::string> trampolines_of(const ObjectArchive& file,
                                        const std::vector<Survey>& surveys) {
  std::vector<std::string> places;
  for (std::size_t index = 0; index < surveys.size(); ++index) {
    for (const FoundTrampoline& found : surveys[index].trampolines) {
      places.push_back(place_text(file.files()[index], found));
    }
  }
  return places;
}

std::string proposal(const std::vector<std::string>& trampolines) {
  if (trampolines.empty()) return {};
  return fmt::format("; code like an entry trampoline is at {}: prove it with --symbol {}",
                     fmt::join(trampolines, ", "), shell_word("start=" + trampolines.front()));
}

bool is_of_cranelift(const ObjectFile& file) {
  return file.section(".wasmtime.engine").has_value();
}

// The places that may leave a stack and are no switch: how many, and the first.
std::string misses_of(const ObjectArchive& file, const std::vector<Survey>& surveys) {
  std::size_t count = 0;
  std::string first;
  for (std::size_t index = 0; index < surveys.size(); ++index) {
    const ObjectFile& member = file.files()[index];
    for (const NearMiss& miss : surveys[index].near_misses) {
      if (count++ > 0) continue;
      first = fmt::format("{}: {}", place_name(member, load_address(member, miss.address)),
                          miss.reason);
    }
  }
  if (count == 0) return {};
  return fmt::format(
      "; {} may leave a stack otherwise, the first at {} (for a switch of another "
      "form, write a contract: fiberproof contract new)",
      counted(count, "place"), first);
}

// Whether every theorem comes out as proofs.txt says.
bool is_as_expected(const ContractResult& result, const std::vector<ExpectedTheorem>& expected) {
  return std::ranges::all_of(result.theorems, [&expected](const Theorem& theorem) {
    const auto entry = std::ranges::find(expected, theorem.name, &ExpectedTheorem::name);
    return entry != expected.end() && entry->verdict == theorem.verdict;
  });
}

}  // namespace

std::expected<std::optional<CodeSearch>, std::string> search_code(const ObjectArchive& file,
                                                                  ForeignCode& code) {
  if (!code.searches_switches() && !code.searches_start()) return std::nullopt;
  std::vector<Survey> surveys;
  for (const ObjectFile& member : file.files()) surveys.push_back(survey(member));
  const std::vector<std::string> trampolines = trampolines_of(file, surveys);
  if (code.searches_start()) {
    if (trampolines.empty()) return fail(file, "no code of it looks like an entry trampoline");
    if (trampolines.size() > 1) {
      return fail(file, fmt::format("several places look like an entry trampoline: choose one with "
                                    "--symbol start=PLACE ({})",
                                    fmt::join(trampolines, ", ")));
    }
    if (const auto done = code.answer_start(trampolines.front()); !done) {
      return std::unexpected(done.error());
    }
  }
  std::vector<std::size_t> members;
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < surveys.size(); ++index) {
    bytes += surveys[index].bytes;
    if (!surveys[index].switches.empty()) members.push_back(index);
  }
  if (code.searches_switches() && members.empty()) {
    return fail(file, fmt::format("no switch is in its {} bytes of code{}{}", bytes,
                                  proposal(trampolines), misses_of(file, surveys)));
  }
  if (code.searches_switches() && members.size() > 1) {
    std::vector<std::string> paths;
    for (const std::size_t index : members) paths.push_back(file.files()[index].path());
    return fail(file, fmt::format("several members have switches: extract one and prove it ({})",
                                  fmt::join(paths, ", ")));
  }
  const std::size_t chosen = members.empty() ? 0 : members.front();
  const ObjectFile& subject = file.files()[chosen];
  std::vector<std::string> operations = module_operations(subject, surveys[chosen]);
  return CodeSearch{std::move(surveys[chosen]), std::move(operations), chosen,
                    is_of_cranelift(subject)};
}

void choose_variant(const std::vector<Contract>& contracts,
                    const std::vector<ExpectedTheorem>& expected, const ObjectArchive& file,
                    std::chrono::milliseconds time_limit, ForeignCode& code) {
  if (!code.asks_for_variant()) return;
  const auto solver = make_remembering_solver(make_z3_solver(time_limit));
  for (const Trampoline variant : all_trampolines) {
    ForeignCode trial = code;
    trial.answer_variant(variant);
    const auto contract = std::ranges::find_if(contracts, [&trial](const Contract& candidate) {
      return candidate.name.starts_with("continuation_start") && !trial.left_out(candidate);
    });
    if (contract == contracts.end()) continue;
    ProverOptions prover;
    prover.is_mutant = prover.asks_on = true;
    const auto member = trial.subject(*contract, file);
    if (!member || !trial.add_to(prover, **member, &*contract)) continue;
    const auto result = prove(*contract, **member, *solver, prover);
    if (result && is_as_expected(*result, expected)) return code.find_variant(variant);
  }
}

}  // namespace fiberproof::verify
