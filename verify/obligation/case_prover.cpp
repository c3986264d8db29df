// One case of a contract: its runs, the ends of their paths, and the clauses about them.
#include "verify/obligation/case_prover.hpp"

#include "verify/obligation/story.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

}  // namespace

void CaseProver::assumptions_can_be_met() {
  std::vector<Formula> assumed = case_.entry->path;
  assumed.insert(assumed.end(), layout_.begin(), layout_.end());
  const Answer answer = ledger_.solver().prove({std::move(assumed), truth(false)});
  Theorem& theorem = claim("assumptions_can_be_met");
  const bool met = answer.verdict == Verdict::refuted;
  Ledger::note(theorem, met ? Verdict::proved : Verdict::unknown,
               answer.verdict == Verdict::proved ? "no state satisfies the contract's assumptions"
                                                 : answer.reason);
  ++theorem.asked;
  theorem.time += answer.time;
}

void CaseProver::claim_all() {
  for (const Run& run : contract_.runs) claim_clauses(run.arrivals);
  for (const CallDeclaration& call : contract_.calls) claim_clauses(call.clauses);
  claim_clauses(contract_.exits);
  if (!contract_.runs.empty()) {
    claim("every_path_leaves");
    for (const CallDeclaration& call : contract_.calls) claim(label_of(call));
    claim("every_access_is_in_its_region");
  }
  if (!contract_.modifies.empty()) claim("modifies", contract_.modifies.front().spec_id);
}

Result<void> CaseProver::run_model() {
  std::vector<SymbolicCpu> open{*case_.entry};
  for (const ModelStore& store : contract_.model) {
    std::vector<SymbolicCpu> next;
    for (SymbolicCpu& cpu : open) {
      if (const auto done = model_store(store, std::move(cpu), next); !done) return done;
    }
    open = std::move(next);
  }
  for (SymbolicCpu& cpu : open) {
    show_exit(cpu, std::nullopt);
    show_accesses(cpu);
  }
  return {};
}

Result<void> CaseProver::run_code(const Routines& routines) {
  routines_ = &routines;
  std::vector<std::pair<SymbolicCpu, std::optional<Term>>> open{{*case_.entry, std::nullopt}};
  for (std::size_t index = 0; index < contract_.runs.size(); ++index) {
    std::vector<std::pair<SymbolicCpu, std::optional<Term>>> next;
    for (auto& [cpu, rip] : open) {
      if (const auto begun = begin_run(index, cpu, rip); !begun) return begun;
      const auto on_call = [this, &routines](SymbolicCpu& at, Term target,
                                             const SymbolicCpu& before) {
        return call(at, target, before, routines);
      };
      const auto on_system_call = [this](SymbolicCpu& at) { return system_call(at); };
      for (PathEnd& end : execute(routines.runs[index], cpu, ledger_.solver(), on_call,
                                  routines.find_code, {}, on_system_call)) {
        if (end.kind == PathEnd::Kind::refused && !refusal_) refusal_ = end.reason;
        if (show_path_end(end)) next.emplace_back(std::move(end.cpu), end.rip);
      }
    }
    open = std::move(next);
  }
  for (auto& [cpu, rip] : open) {
    show_calls(cpu);
    show_exit(cpu, rip);
    show_accesses(cpu);
  }
  if (call_error_) return std::unexpected(*call_error_);
  // Beside a refutation, unreadable code elsewhere does not matter.
  if (refusal_ && !ledger_.any_refuted()) return std::unexpected(*refusal_);
  return {};
}

Theorem& CaseProver::claim(const std::string& label, const std::string& spec_id) {
  const char* part = subject_ == Subject::model && !contract_.model.empty() ? "model/" : "";
  const char* dot = spec_id.empty() ? "" : ".";
  return ledger_.claim(fmt::format("{}/{}{}{}{}", contract_.name, part, spec_id, dot, label),
                       spec_id, subject_);
}

void CaseProver::claim_clauses(const std::vector<Clause>& clauses) {
  for (const Clause& clause : clauses) claim(clause.label, clause.spec_id);
}

Result<void> CaseProver::model_store(const ModelStore& store, SymbolicCpu cpu,
                                     std::vector<SymbolicCpu>& next) {
  Scope scope{&case_.names, &cpu, std::nullopt, &entry_};
  if (store.condition) {
    const auto condition = truth_value(*store.condition, scope);
    if (!condition) return std::unexpected(condition.error());
    SymbolicCpu other = cpu;
    other.path.push_back(logical_not(*condition));
    cpu.path.push_back(*condition);
    if (is_possible(other)) next.push_back(std::move(other));
    if (!is_possible(cpu)) return {};
  }
  const auto address = word_value(store.address, scope);
  if (!address) return std::unexpected(address.error());
  const auto value = word_value(store.value, scope);
  if (!value) return std::unexpected(value.error());
  cpu.store(*address, *value, store.bytes);
  if (cpu.fault) return std::unexpected(*cpu.fault);
  next.push_back(std::move(cpu));
  return {};
}

bool CaseProver::is_possible(const SymbolicCpu& cpu) {
  return ledger_.solver().prove({cpu.path, truth(false)}).verdict != Verdict::proved;
}

Result<void> CaseProver::begin_run(std::size_t index, SymbolicCpu& cpu, std::optional<Term> rip) {
  const Run& run = contract_.runs[index];
  Scope scope{&case_.names, &cpu, rip, &entry_};
  show(run.arrivals, scope);
  if (index == 0) return {};  // The first run's registers are those of the contract's beginning.
  const std::string epoch = fmt::format("run_{}.{}", run.name, index);
  if (run.havoc) {
    const auto kept = contents(*run.havoc, scope);
    if (!kept) return std::unexpected(kept.error());
    cpu.memory().havoc(epoch);
    keep(*kept, cpu);
  }
  if (!run.havoc && run.registers.empty()) return {};
  const std::size_t assumed = cpu.path.size();
  if (const auto done = assign_registers(run, case_, cpu, epoch); !done) return done;
  // Two values of one register assume that they are equal.
  if (cpu.path.size() > assumed && !is_possible(cpu)) {
    Ledger::note(
        claim("assumptions_can_be_met"), Verdict::unknown,
        fmt::format("the registers at the beginning of {} contradict each other", run.name));
  }
  return {};
}

bool CaseProver::show_path_end(PathEnd& end) {
  Theorem& leaves = claim("every_path_leaves");
  switch (end.kind) {
    case PathEnd::Kind::left: Ledger::note(leaves, Verdict::proved, {}); return true;
    case PathEnd::Kind::stopped:
      Ledger::note(leaves, Verdict::proved, {});
      show_calls(end.cpu);
      break;
    case PathEnd::Kind::trapped: show_trap(leaves, end); break;
    case PathEnd::Kind::escaped:
    case PathEnd::Kind::refused:
    case PathEnd::Kind::dead_end: show_dead_end(leaves, end);
  }
  show_accesses(end.cpu);
  return false;
}

// Whether the path can be taken at all is the question; a state that takes it is the
// counterexample.
void CaseProver::show_trap(Theorem& leaves, PathEnd& end) {
  if (ledger_.is_over(leaves)) return;
  Query query{end.cpu.path, truth(false)};
  decide_path(leaves, query, ledger_.ask(query, layout_), end);
}

// Code that cannot be executed or decided makes the theorem unknown, never refuted; a state in
// which an access certainly goes astray refutes it.
void CaseProver::show_dead_end(Theorem& leaves, PathEnd& end) {
  if (!end.cpu.fault_is_outside) {
    if (is_possible(end.cpu)) Ledger::note(leaves, Verdict::unknown, reason_of(end));
    return;
  }
  Theorem& accesses = claim("every_access_is_in_its_region");
  if (ledger_.is_over(accesses)) return;
  Query query{end.cpu.path, end.cpu.is_astray ? logical_not(*end.cpu.is_astray) : truth(true)};
  const Answer answer = ledger_.ask(query, layout_);
  if (answer.verdict == Verdict::refuted) return decide_path(accesses, query, answer, end);
  if (!is_possible(end.cpu)) return;
  const std::string undecided = answer.verdict == Verdict::unknown ? "; " + answer.reason : "";
  Ledger::note(accesses, Verdict::unknown, end.reason + undecided);
}

void CaseProver::decide_path(Theorem& theorem, const Query& query, const Answer& answer,
                             PathEnd& end) {
  ledger_.decide(theorem, query, answer, [&](const Query& asked, const Answer& state) {
    return tell(fmt::format("the routine never reaches {}", end.reason), nullptr, end.cpu, end.rip,
                asked, state, end.cpu.faulting_address);
  });
}

std::string CaseProver::reason_of(const PathEnd& end) {
  const auto symbol =
      end.kind == PathEnd::Kind::escaped ? symbol_of_address(end.rip) : std::nullopt;
  if (!symbol) return end.reason;
  return fmt::format("a call of {}, {} and which the contract does not describe", symbol->name,
                     symbol->is_weak ? "which is weak, so that its address may be 0,"
                                     : "which another file defines");
}

void CaseProver::show_exit(SymbolicCpu& cpu, std::optional<Term> rip) {
  Scope scope{&case_.names, &cpu, rip, &entry_};
  show(contract_.exits, scope);
}

void CaseProver::show(const std::vector<Clause>& clauses, Scope& scope) {
  for (const Clause& clause : clauses) {
    if (ledger_.is_settled()) return;
    Theorem& theorem = claim(clause.label, clause.spec_id);
    scope.is_defined = truth(true);
    const auto goal = truth_value(clause.formula, scope);
    if (!goal) {
      Ledger::note(theorem, Verdict::unknown, goal.error());
      continue;
    }
    show_goal(theorem, clause, *goal, scope);
  }
}

// A claim about memory in no region is not a claim, since another region may be there. Only a state
// in which everything that the claim reads is in its region refutes it.
void CaseProver::show_goal(Theorem& theorem, const Clause& clause, Formula goal, Scope& scope) {
  if (ledger_.is_over(theorem)) return;
  Query query{scope.cpu->path, logical_and(scope.is_defined, goal)};
  Answer answer = ledger_.ask(query, layout_);
  if (answer.verdict == Verdict::refuted && !evaluate(scope.is_defined, answer.counterexample)) {
    query.assumptions.push_back(scope.is_defined);
    const auto time = answer.time;
    answer = ledger_.ask(query, layout_);
    answer.time += time;
    if (answer.verdict != Verdict::refuted) {
      answer.verdict = Verdict::unknown;
      answer.reason =
          "in some states the claim reads memory outside every region of the contract: widen a "
          "region, or say with '=>' when the memory is there";
    }
  }
  ledger_.decide(theorem, query, answer, [&](const Query& asked, const Answer& state) {
    return tell(clause.text, &clause, *scope.cpu, scope.rip, asked, state);
  });
}

void CaseProver::oblige(Theorem& theorem, const Query& query, const Ledger::Story& story) {
  ledger_.oblige(theorem, query, story, layout_);
}

Refutation CaseProver::tell(const std::string& claim_text, const Clause* clause, SymbolicCpu& cpu,
                            std::optional<Term> rip, const Query& query, const Answer& answer,
                            std::optional<Term> address) {
  Scope scope{&case_.names, &cpu, rip, &entry_};
  std::vector<const Code*> codes;
  if (routines_ != nullptr) {
    for (const Code& code : routines_->runs) codes.push_back(&code);
    for (const auto& [at, code] : routines_->library.found()) codes.push_back(&code);
  }
  return tell_story({claim_text, clause, contract_, case_, scope, codes, address}, query, answer,
                    ledger_.solver());
}

}  // namespace fiberproof::verify
