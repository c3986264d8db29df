#include "verify/cli/proof_plan.hpp"

#include "verify/certificate/certifying_solver.hpp"
#include "verify/cli/contract_values.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/embedded/rules.hpp"
#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/variable_regions.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>

namespace fiberproof::verify {
namespace {

using Lines = std::vector<std::string>;

// An error about the file without its name, to follow another.
std::string reason_alone(const std::string& error, const ObjectArchive& file) {
  const std::string begin = fmt::format("fiberproof: {}: ", file.path());
  return error.starts_with(begin) ? error.substr(begin.size()) : error;
}

void add_line(Lines& lines, std::string line) {
  if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
}

std::vector<Contract> read_contracts(const ProveOptions& options, Lines& errors) {
  std::vector<Contract> contracts;
  const auto add = [&](auto contract) {
    if (contract) {
      contracts.push_back(std::move(*contract));
    } else {
      add_line(errors, message(contract.error()));
    }
  };
  for (const std::string& path : options.contracts) add(read_contract(path));
  for (std::string& line : set_values(options.values, contracts)) add_line(errors, std::move(line));
  if (!options.contracts.empty()) return contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    add(parse_contract(text, std::string(path)));
  }
  return contracts;
}

// A set has no text to read: proofs.txt lists its theorems.
TheoremNames theorem_names_of(const ProofSet& set, const std::vector<ExpectedTheorem>& expected) {
  TheoremNames names{std::string(set.name), {}};
  for (const ExpectedTheorem& theorem : expected) {
    if (theorem.name.starts_with(names.contract + "/")) names.theorems.push_back(theorem.name);
  }
  return names;
}

std::vector<std::string> rule_ids() {
  std::vector<std::string> ids;
  for (const Rule& rule : rules_of(embedded_spec().text)) ids.push_back(rule.id);
  return ids;
}

// Checks that the file has the code, so that a wrong symbol is reported before other contracts are
// proved.
void check_code(const Contract& contract, const ObjectFile& file, const ProverOptions& options,
                Lines& errors) {
  const auto variables = variables_of(contract, file, options);
  if (!variables) add_line(errors, variables.error());
  ContractResult unused;
  for (const Run& run : contract.runs) {
    const bool is_table =
        run.source == Run::Source::sites && place_of(run.symbol, options) == nullptr;
    if (is_table && is_of_any_switch(contract)) continue;  // decided by the search
    const auto code = code_of(run, file, options, unused);
    if (!code) add_line(errors, code.error());
  }
}

// Without roles, another project's file lacks all names of the contracts: one line is enough.
void find_code(const ProveOptions& options, ProofPlan& plan, Lines& errors) {
  Lines missing;
  for (PlannedContract& planned : plan.contracts) {
    if (plan.search && is_of_any_switch(planned.contract)) {
      planned.file = plan.search->file;
      continue;
    }
    const auto file = plan.code.subject(planned.contract, plan.files);
    if (planned.contract.owner != CodeOwner::anybody && options.object.empty()) {
      add_line(missing, fmt::format("fiberproof: {}: this project has no code of it: give a file "
                                    "that has, with --object FILE --symbol ROLE=NAME",
                                    planned.contract.name));
      continue;
    }
    if (!file) {
      add_line(missing, file.error());
      continue;
    }
    planned.file = static_cast<std::size_t>(*file - plan.files.files().data());
    ProverOptions prover;
    if (const auto named = plan.code.add_to(prover, **file, &planned.contract); !named) {
      add_line(missing, named.error());
      continue;
    }
    check_code(planned.contract, **file, prover, missing);
  }
  const bool is_of_others = !options.object.empty() && !plan.code.is_foreign();
  if (is_of_others && missing.size() > 1) {
    missing.resize(1);
    missing.front() +=
        "; nor the other contracts' symbols: for code of your own, say which symbol plays a role, "
        "as "
        "in --symbol start=NAME";
  }
  for (std::string& line : missing) add_line(errors, std::move(line));
}

void check_outputs(const ProveOptions& options, Lines& errors) {
  const auto check = [&errors](const char* option, const std::string& folder) {
    if (const auto why = why_no_folder(folder)) {
      add_line(errors, fmt::format("{} {}", option, *why));
    }
  };
  if (!options.smt2_directory.empty()) check("--smt2", options.smt2_directory);
  if (options.keeps_where_told) check("--counterexamples", options.counterexamples);
}

// Asks each solver one small question: a missing solver answers none.
void check_solvers(const ProveOptions& options, Lines& errors) {
  const std::chrono::milliseconds limit(options.timeout_ms);
  if (options.certify) {
    const SatRun trial = make_cadical()(Cnf(), limit);
    if (trial.end != SatRun::End::satisfiable) add_line(errors, "--certify: " + trial.reason);
  }
  if (options.solver != "cvc5") return;
  if (const auto missing = why_cvc5_is_missing(limit)) {
    add_line(errors, fmt::format("--solver cvc5: {}", *missing));
  }
}

std::size_t count_theorems(const ProofPlan& plan) {
  std::size_t count = 0;
  const auto add = [&](std::string_view contract) {
    count += static_cast<std::size_t>(std::ranges::count_if(plan.expected, [&](const auto& entry) {
      return entry.name.starts_with(fmt::format("{}/", contract)) &&
             (plan.selection.takes(entry.name) || rule_of_theorem(entry.name).empty());
    }));
  };
  for (const PlannedContract& planned : plan.contracts) add(planned.contract.name);
  for (const ProofSet* set : plan.sets) add(set->name);
  return count;
}

// Whether a contract is not asked of this code unless somebody names it.
bool is_left_out(const Contract& contract, const ProofPlan& plan) {
  if (plan.selection.names_contract(contract.name)) return false;
  switch (contract.owner) {
    case CodeOwner::anybody: return false;
    case CodeOwner::others: return !plan.code.is_foreign();
    case CodeOwner::cranelift: return !plan.search || !plan.search->is_of_cranelift;
  }
  return false;
}

// Divides the contracts and sets into those to prove and those left out.
std::vector<TheoremNames> choose(std::vector<Contract> contracts, const ProveOptions& options,
                                 ProofPlan& plan) {
  std::vector<TheoremNames> known;
  for (Contract& contract : contracts) {
    known.push_back(theorem_names_of(contract));
    if (!plan.selection.takes_contract(known.back())) continue;
    const bool lacks_code = plan.code.is_foreign() && plan.code.left_out(contract);
    if (options.contracts.empty() && is_left_out(contract, plan)) {
      std::erase_if(plan.expected, [&contract](const ExpectedTheorem& theorem) {
        return theorem.name.starts_with(contract.name + "/");
      });
    } else if (lacks_code) {
      plan.left_out.push_back(std::move(contract));
    } else {
      plan.contracts.push_back({std::move(contract), 0});
    }
  }
  for (const ProofSet& set : proof_sets()) {
    if (!options.contracts.empty()) break;
    known.push_back(theorem_names_of(set, plan.expected));
    const bool is_wanted = plan.selection.takes_contract(known.back());
    if (is_wanted && !plan.code.is_foreign()) plan.sets.push_back(&set);
  }
  return known;
}

// Checks the roles that were given, and searches for what was not.
std::expected<void, std::string> find_roles(const std::vector<Contract>& contracts,
                                            const ProveOptions& options, ProofPlan& plan) {
  ForeignCode& code = plan.code;
  if (auto checked = code.check(contracts, plan.files); !checked) return checked;
  const bool is_unnamed = !code.is_foreign() && !code.has_any(contracts, plan.files);
  if (is_unnamed && !options.contracts.empty()) {
    return std::unexpected(fmt::format(
        "fiberproof: {}: has none of the code that {} names: say where it is, as in --symbol "
        "{}=NAME",
        plan.files.path(), contracts.front().path, contracts.front().runs.front().symbol));
  }
  if (is_unnamed) code.search_switches();
  auto search = search_code(plan.files, code);
  if (!search) {
    const bool proposes = search.error().contains("--symbol start=");
    return std::unexpected(is_unnamed && !proposes
                               ? fmt::format("{}; {}", nothing_named(plan.files),
                                             reason_alone(search.error(), plan.files))
                               : search.error());
  }
  plan.search = std::move(*search);
  choose_variant(contracts, plan.expected, plan.files,
                 std::chrono::milliseconds(options.timeout_ms), code);
  return {};
}

}  // namespace

std::expected<ProofPlan, std::vector<std::string>> plan_proofs(const ProveOptions& options) {
  Lines errors = options.errors;
  std::vector<Contract> contracts = read_contracts(options, errors);
  auto expected = read_expected(options);
  if (!expected) add_line(errors, expected.error());
  auto files = ObjectArchive::open(options.object.empty() ? own_path() : options.object);
  if (!files) add_line(errors, message(files.error()));
  check_outputs(options, errors);
  check_solvers(options, errors);
  const bool are_contracts_known = expected && contracts.size() >= options.contracts.size();
  if (!files || !are_contracts_known) return std::unexpected(errors);

  ProofPlan plan{std::move(*files),
                 options.code,
                 {},
                 {},
                 {},
                 {},
                 std::move(*expected),
                 Selection(options.names),
                 0};
  if (!options.are_symbols_wrong) {
    if (const auto found = find_roles(contracts, options, plan); !found) {
      add_line(errors, found.error());
      return std::unexpected(errors);
    }
  }
  const std::vector<TheoremNames> known = choose(std::move(contracts), options, plan);
  for (std::string& line : plan.selection.complaints(known, rule_ids())) {
    add_line(errors, std::move(line));
  }
  if (!options.contracts.empty() && options.expected.empty()) plan.expected.clear();
  if (options.are_symbols_wrong) return std::unexpected(errors);
  find_code(options, plan, errors);
  if (errors.empty() && plan.contracts.empty() && plan.sets.empty()) {
    add_line(errors,
             fmt::format("{}: no contract can be proved of the given symbols", options.object));
  }
  if (!errors.empty()) return std::unexpected(errors);
  plan.theorems = count_theorems(plan);
  return plan;
}

std::map<std::string, std::string> claims_of(const ProofPlan& plan) {
  std::map<std::string, std::string> claims;
  for (const PlannedContract& planned : plan.contracts) {
    const Contract& contract = planned.contract;
    const auto add = [&](const std::vector<Clause>& clauses) {
      for (const Clause& clause : clauses) {
        for (const char* const part : {"", "model/"}) {
          claims.emplace(fmt::format("{}/{}{}{}{}", contract.name, part, clause.spec_id,
                                     clause.spec_id.empty() ? "" : ".", clause.label),
                         clause.text);
        }
      }
    };
    add(contract.exits);
    for (const Run& run : contract.runs) add(run.arrivals);
    for (const CallDeclaration& call : contract.calls) add(call.clauses);
  }
  return claims;
}

}  // namespace fiberproof::verify
