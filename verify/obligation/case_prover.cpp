#include "verify/obligation/case_prover.hpp"

#include "verify/obligation/story.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t red_zone_bytes = 128;  // psABI 3.2.2

template <class T>
using Result = CaseProver::Result<T>;

// The theorem that says whether the call is made.
std::string claim_about(const CallDeclaration& call) {
  return call.never_called ? call.name + "_is_never_called" : "every_call_is_made";
}

// The low end of a region and the end of it, as addresses.
std::pair<Term, Term> bounds(const Region& region) {
  const Term low = collected(region.base + region.low);
  return {low, collected(low + region.size)};
}

}  // namespace

std::vector<Formula> CaseProver::layout() const {
  std::vector<Formula> apart;
  for (std::size_t index = 0; index < case_.regions.size(); ++index) {
    const auto [low, high] = bounds(case_.regions[index]);
    apart.push_back(less(low, high));
    for (std::size_t other = 0; other < index; ++other) {
      const auto [other_low, other_high] = bounds(case_.regions[other]);
      apart.push_back(logical_or(at_most(high, other_low), at_most(other_high, low)));
    }
  }
  return apart;
}

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
    for (const CallDeclaration& call : contract_.calls) claim(claim_about(call));
    claim("every_access_is_in_its_region");
  }
  if (!contract_.modifies.empty()) claim("modifies", contract_.modifies.front().spec_id);
}

Result<void> CaseProver::run_model() {
  std::vector<SymbolicCpu> open{*case_.entry};
  for (const ModelStore& store : contract_.model) {
    std::vector<SymbolicCpu> next;
    for (SymbolicCpu& machine : open) {
      if (const auto done = model_store(store, std::move(machine), next); !done) return done;
    }
    open = std::move(next);
  }
  for (SymbolicCpu& machine : open) {
    show_exit(machine, std::nullopt);
    show_accesses(machine);
  }
  return {};
}

Result<void> CaseProver::run_code(const Program& program) {
  program_ = &program;
  std::vector<std::pair<SymbolicCpu, std::optional<Term>>> open{{*case_.entry, std::nullopt}};
  for (std::size_t index = 0; index < contract_.runs.size(); ++index) {
    std::vector<std::pair<SymbolicCpu, std::optional<Term>>> next;
    for (auto& [machine, rip] : open) {
      if (const auto begun = begin_run(index, machine, rip); !begun) return begun;
      const auto on_call = [this, &program](SymbolicCpu& at, Term target,
                                            const SymbolicCpu& before) {
        return call(at, target, before, program);
      };
      for (PathEnd& end :
           execute(program.runs[index], machine, ledger_.solver(), on_call, program.find_code)) {
        if (end.kind == PathEnd::Kind::refused && !refusal_) refusal_ = end.reason;
        if (show_path_end(end)) next.emplace_back(std::move(end.machine), end.rip);
      }
    }
    open = std::move(next);
  }
  for (auto& [machine, rip] : open) {
    show_calls(machine);
    show_exit(machine, rip);
    show_accesses(machine);
  }
  if (call_error_) return std::unexpected(*call_error_);
  // Beside a refutation the rest of the code need not be read.
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

Result<void> CaseProver::model_store(const ModelStore& store, SymbolicCpu machine,
                                     std::vector<SymbolicCpu>& next) {
  Scope scope{&case_.names, &machine, std::nullopt, &entry_};
  if (store.condition) {
    const auto condition = truth_value(*store.condition, scope);
    if (!condition) return std::unexpected(condition.error());
    SymbolicCpu other = machine;
    other.path.push_back(logical_not(*condition));
    machine.path.push_back(*condition);
    if (is_possible(other)) next.push_back(std::move(other));
    if (!is_possible(machine)) return {};
  }
  const auto address = word_value(store.address, scope);
  if (!address) return std::unexpected(address.error());
  const auto value = word_value(store.value, scope);
  if (!value) return std::unexpected(value.error());
  machine.store(*address, *value, store.bytes);
  if (machine.fault) return std::unexpected(*machine.fault);
  next.push_back(std::move(machine));
  return {};
}

bool CaseProver::is_possible(const SymbolicCpu& machine) {
  return ledger_.solver().prove({machine.path, truth(false)}).verdict != Verdict::proved;
}

Result<void> CaseProver::begin_run(std::size_t index, SymbolicCpu& machine,
                                   std::optional<Term> rip) {
  const Run& run = contract_.runs[index];
  Scope scope{&case_.names, &machine, rip, &entry_};
  show(run.arrivals, scope);
  if (index == 0) return {};  // The first run's registers are those of the contract's beginning.
  const std::string epoch = fmt::format("run_{}.{}", run.name, index);
  if (run.havoc) {
    const auto kept = contents(*run.havoc, scope);
    if (!kept) return std::unexpected(kept.error());
    machine.memory().havoc(epoch);
    for (const auto& [location, value] : *kept) machine.memory().define_initial(location, value, 8);
  }
  if (!run.havoc && run.registers.empty()) return {};
  return assign_registers(run, case_, machine, epoch);
}

const CallDeclaration* CaseProver::callee(Term target, Scope& at, const Program& program) {
  if (const auto address = target.as_constant()) {
    const auto known = program.callees(*address);
    return known ? &contract_.calls[*known] : nullptr;
  }
  // Through a slot that the dynamic linker fills in: a weak symbol may have left it 0.
  if (const auto symbol = symbol_of_address(target); symbol && !symbol->is_weak) {
    const auto known = program.callees_by_name(symbol->name);
    if (known) return &contract_.calls[*known];
  }
  for (const CallDeclaration& declared : contract_.calls) {
    if (!declared.target) continue;
    const auto expected = word_value(*declared.target, at);
    if (!expected) continue;
    const Query query{at.machine->path, logical_and(at.is_defined, equal(target, *expected))};
    if (ledger_.solver().prove(query).verdict == Verdict::proved) return &declared;
  }
  return nullptr;
}

CallOutcome CaseProver::call(SymbolicCpu& machine, Term target, const SymbolicCpu& before,
                             const Program& program) {
  SymbolicCpu at_call = machine;  // memory with the return address, registers without
  at_call.write(Register::rsp, before.read(Register::rsp));
  Scope scope{&case_.names, &at_call, std::nullopt, &entry_};
  const CallDeclaration* const found = callee(target, scope, program);
  if (found == nullptr) return CallOutcome::unknown;
  const CallDeclaration& declared = *found;
  show(declared.clauses, scope);
  if (declared.never_returns) {
    machine.after_calls.emplace_back(declared.name, machine.registers());
    return CallOutcome::never_returns;
  }
  if (const auto done = forget(declared, scope, machine); !done && !call_error_) {
    call_error_ = done.error();
  }
  return CallOutcome::returns;
}

Result<std::vector<CaseProver::Kept>> CaseProver::contents(const std::vector<Range>& ranges,
                                                           Scope& scope) {
  SymbolicCpu& machine = *scope.machine;
  std::vector<Kept> kept;
  for (const Range& range : ranges) {
    const auto low = word_value(range.low, scope);
    const auto high = word_value(range.high, scope);
    if (!low || !high) return std::unexpected(low ? high.error() : low.error());
    const auto bytes = constant_difference(*high, *low);
    if (!bytes || *bytes % 8 != 0) return std::unexpected("what is kept are whole words");
    for (std::uint64_t offset = 0; offset < *bytes; offset += 8) {
      const auto location = locate(machine.regions(), *low + word(offset));
      if (!location) return std::unexpected(location.error());
      const auto value = machine.memory().load(*location, 8, machine.path);
      if (!value) return std::unexpected(value.error());
      kept.push_back({*location, *value});
    }
  }
  return kept;
}

Result<void> CaseProver::forget(const CallDeclaration& declared, Scope& before,
                                SymbolicCpu& machine) {
  const auto kept = contents(declared.kept, before);
  if (!kept) return std::unexpected(kept.error());
  // A name of its own for each call: two calls of one function know nothing of each other.
  machine.forget_across_call(fmt::format("after_{}.{}", declared.name, machine.after_calls.size()));
  machine.write(Register::rsp, before.machine->read(Register::rsp));
  for (const auto& [location, value] : *kept) machine.memory().define_initial(location, value, 8);
  machine.after_calls.emplace_back(declared.name, machine.registers());
  Scope after{&case_.names, &machine, std::nullopt, &entry_};
  const bool was_possible = is_possible(machine);
  for (const Expression& guarantee : declared.guarantees) {
    const auto formula = truth_value(guarantee, after);
    if (!formula) return std::unexpected(formula.error());
    machine.path.push_back(logical_and(*formula, after.is_defined));
    after.is_defined = truth(true);
    if (const auto done = name_contents(guarantee, after); !done) return done;
  }
  if (was_possible && !is_possible(machine)) {
    Ledger::note(claim("assumptions_can_be_met"), Verdict::unknown,
                 fmt::format("{} cannot return what the contract promises of it", declared.name));
  }
  return {};
}

// `[address] == value` holds by now: from here on a load there gives the value itself, which may be
// an address.
Result<void> CaseProver::name_contents(const Expression& guarantee, Scope& after) {
  const bool is_content = guarantee.kind == ExpressionKind::equal &&
                          guarantee.operands[0].kind == ExpressionKind::memory;
  if (!is_content) return {};
  const auto address = word_value(guarantee.operands[0].operands[0], after);
  if (!address) return std::unexpected(address.error());
  const auto value = word_value(guarantee.operands[1], after);
  if (!value) return std::unexpected(value.error());
  const auto location = locate(after.machine->regions(), *address);
  if (!location) return std::unexpected(location.error());
  after.machine->memory().define_initial(*location, *value,
                                         static_cast<unsigned>(guarantee.operands[0].value));
  return {};
}

bool CaseProver::show_path_end(PathEnd& end) {
  Theorem& leaves = claim("every_path_leaves");
  switch (end.kind) {
    case PathEnd::Kind::left: Ledger::note(leaves, Verdict::proved, {}); return true;
    case PathEnd::Kind::stopped:
      Ledger::note(leaves, Verdict::proved, {});
      show_calls(end.machine);
      break;
    case PathEnd::Kind::trapped: show_trap(leaves, end); break;
    case PathEnd::Kind::escaped:
    case PathEnd::Kind::refused:
    case PathEnd::Kind::dead_end: show_dead_end(leaves, end);
  }
  show_accesses(end.machine);
  return false;
}

// That the path can be taken at all is the counterexample.
void CaseProver::show_trap(Theorem& leaves, PathEnd& end) {
  if (ledger_.is_over(leaves)) return;
  Query query{end.machine.path, truth(false)};
  decide_path(leaves, query, ledger_.ask(query, layout_), end);
}

// What cannot be executed or decided is not known, and never refuted; an access of which a state
// shows that it goes astray is.
void CaseProver::show_dead_end(Theorem& leaves, PathEnd& end) {
  if (!end.machine.fault_is_outside) {
    if (is_possible(end.machine)) Ledger::note(leaves, Verdict::unknown, reason_of(end));
    return;
  }
  Theorem& accesses = claim("every_access_is_in_its_region");
  if (ledger_.is_over(accesses)) return;
  Query query{end.machine.path,
              end.machine.is_astray ? logical_not(*end.machine.is_astray) : truth(true)};
  const Answer answer = ledger_.ask(query, layout_);
  if (answer.verdict == Verdict::refuted) return decide_path(accesses, query, answer, end);
  if (!is_possible(end.machine)) return;
  const std::string undecided = answer.verdict == Verdict::unknown ? "; " + answer.reason : "";
  Ledger::note(accesses, Verdict::unknown, end.reason + undecided);
}

void CaseProver::decide_path(Theorem& theorem, const Query& query, const Answer& answer,
                             PathEnd& end) {
  ledger_.decide(theorem, query, answer, [&](const Query& asked, const Answer& state) {
    return tell(fmt::format("the routine never comes to {}", end.reason), nullptr, end.machine,
                end.rip, asked, state, end.machine.faulting_address);
  });
}

std::string CaseProver::reason_of(const PathEnd& end) {
  const auto symbol =
      end.kind == PathEnd::Kind::escaped ? symbol_of_address(end.rip) : std::nullopt;
  if (!symbol) return end.reason;
  return fmt::format("a call of {}, {} and of which the contract says nothing", symbol->name,
                     symbol->is_weak ? "which is weak, so that its address may be 0,"
                                     : "which another file defines");
}

void CaseProver::show_calls(SymbolicCpu& machine) {
  for (const CallDeclaration& call : contract_.calls) {
    const auto made = std::ranges::count_if(
        machine.after_calls, [&call](const auto& after) { return after.first == call.name; });
    const Query query{machine.path, truth(made == (call.never_called ? 0 : 1))};
    oblige(claim(claim_about(call)), query, [&](const Query& asked, const Answer& answer) {
      return tell(fmt::format("{} is called {}", call.name, call.never_called ? "never" : "once"),
                  nullptr, machine, std::nullopt, asked, answer);
    });
  }
}

void CaseProver::show_exit(SymbolicCpu& machine, std::optional<Term> rip) {
  Scope scope{&case_.names, &machine, rip, &entry_};
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

// A claim about memory that no region holds is no claim: another region may be there. It is refuted
// only by a state in which all that it looks at is in its region.
void CaseProver::show_goal(Theorem& theorem, const Clause& clause, Formula goal, Scope& scope) {
  if (ledger_.is_over(theorem)) return;
  Query query{scope.machine->path, logical_and(scope.is_defined, goal)};
  Answer answer = ledger_.ask(query, layout_);
  if (answer.verdict == Verdict::refuted && !evaluate(scope.is_defined, answer.counterexample)) {
    query.assumptions.push_back(scope.is_defined);
    const auto time = answer.time;
    answer = ledger_.ask(query, layout_);
    answer.time += time;
    if (answer.verdict != Verdict::refuted) {
      answer.verdict = Verdict::unknown;
      answer.reason =
          "in some states the claim looks at memory outside every region of the contract: widen a "
          "region, or say with '=>' when the memory is there";
    }
  }
  ledger_.decide(theorem, query, answer, [&](const Query& asked, const Answer& state) {
    return tell(clause.text, &clause, *scope.machine, scope.rip, asked, state);
  });
}

void CaseProver::oblige(Theorem& theorem, const Query& query, const Ledger::Story& story) {
  ledger_.oblige(theorem, query, story, layout_);
}

void CaseProver::show_accesses(SymbolicCpu& machine) {
  for (const Access& access : machine.accesses) {
    if (ledger_.is_settled()) return;
    const Region& region = case_.regions[access.location.region];
    Formula allowed = is_inside(region, access.location.offset, access.bytes);
    if (const auto below = distance_below_rsp(access)) {
      const Formula above_rsp = bit_of(*below, 63);
      allowed = logical_and(allowed, logical_or(above_rsp, at_most(*below, word(red_zone_bytes))));
    }
    if (access.is_store && region.read_only) allowed = truth(false);
    oblige_access("every_access_is_in_its_region", "", allowed, access, machine);
    if (access.is_store && !contract_.modifies.empty()) {
      oblige_access("modifies", contract_.modifies.front().spec_id, may_modify(access), access,
                    machine);
    }
  }
}

// How far the access is below RSP, where that is known to point into the same region.
std::optional<Term> CaseProver::distance_below_rsp(const Access& access) const {
  const Region& region = case_.regions[access.location.region];
  if (const auto rsp = locate(case_.regions, access.rsp)) {
    if (rsp->region != access.location.region) return std::nullopt;
    return rsp->offset - access.location.offset;
  }
  // RSP was made of the region's base in a way that is no sum, by an alignment that is not decided.
  if (!occurs(&region.base.node(), &access.rsp.node())) return std::nullopt;
  return access.rsp - (region.base + access.location.offset);
}

void CaseProver::oblige_access(const std::string& label, const std::string& spec_id,
                               Formula allowed, const Access& access, SymbolicCpu& machine) {
  // A path shares its first accesses with others; each is shown once for each path condition.
  const std::uint64_t path = all_of(machine.path).node().id;
  if (!shown_accesses_.emplace(label, allowed.node().id, path).second) return;
  const Query query{machine.path, allowed};
  oblige(claim(label, spec_id), query, [&](const Query& asked, const Answer& answer) {
    const std::string claim_text =
        fmt::format("the {} of {} bytes at {:#x} stays where the contract allows it",
                    access.is_store ? "store" : "load", access.bytes, access.instruction);
    const Term address = case_.regions[access.location.region].base + access.location.offset;
    return tell(claim_text, nullptr, machine, std::nullopt, asked, answer, address);
  });
}

Formula CaseProver::may_modify(const Access& access) {
  Formula allowed = truth(false);
  for (const WriteDeclaration& write : contract_.modifies) {
    const auto low = word_value(write.range.low, entry_);
    const auto high = word_value(write.range.high, entry_);
    const auto condition =
        write.condition ? truth_value(*write.condition, entry_) : Result<Formula>(truth(true));
    if (!low || !high || !condition) continue;  // not evaluated: then it allows nothing
    const auto location = locate(case_.regions, *low);
    if (!location || location->region != access.location.region) continue;
    const Region range{"range", case_.regions[location->region].base, location->offset,
                       *high - *low, false};
    // A range whose bounds are swapped would be nearly all of memory.
    const Formula is_range = at_most(range.size, case_.regions[location->region].size);
    allowed = logical_or(allowed, all_of({*condition, is_range,
                                          is_inside(range, access.location.offset, access.bytes)}));
  }
  return allowed;
}

Refutation CaseProver::tell(const std::string& claim_text, const Clause* clause,
                            SymbolicCpu& machine, std::optional<Term> rip, const Query& query,
                            const Answer& answer, std::optional<Term> address) {
  Scope scope{&case_.names, &machine, rip, &entry_};
  std::vector<const Code*> codes;
  if (program_ != nullptr) {
    for (const Code& code : program_->runs) codes.push_back(&code);
    for (const auto& [at, code] : program_->library.found()) codes.push_back(&code);
  }
  return tell_story({claim_text, clause, contract_, case_, scope, codes, address}, query, answer,
                    ledger_.solver());
}

}  // namespace fiberproof::verify
