// Calls in one case of a contract: who is called, what must hold there, and the state afterwards.
#include "verify/obligation/case_prover.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = CaseProver::Result<T>;

// The bytes of a word in memory that was stored in parts; none if it was stored whole, or if which
// stores a byte overlaps is undecided. A byte that is loaded from parts is then the term that was
// stored, not one of the whole word.
std::vector<Term> bytes_of(const Location& location, Term value, SymbolicCpu& cpu) {
  std::vector<Term> bytes;
  bool is_whole = true;
  for (unsigned index = 0; index < 8; ++index) {
    const Location place{location.region, location.offset + word(index)};
    const auto byte = cpu.memory().load(place, 1, cpu.path);
    if (!byte) return {};  // the whole word says as much
    is_whole = is_whole && same(*byte, shift_right(value, 8 * index) & word(0xff));
    bytes.push_back(*byte);
  }
  if (is_whole) bytes.clear();
  return bytes;
}

}  // namespace

std::string CaseProver::label_of(const CallDeclaration& call) {
  return call.never_called ? call.name + "_is_never_called" : "every_call_is_made";
}

const CallDeclaration* CaseProver::callee(Term target, Scope& at, const Routines& routines) {
  if (const auto address = target.as_constant()) {
    const auto known = routines.callees(*address);
    return known ? &contract_.calls[*known] : nullptr;
  }
  // Through a slot that the dynamic linker fills in, which may be 0 for a weak symbol.
  if (const auto symbol = symbol_of_address(target); symbol && !symbol->is_weak) {
    const auto known = routines.callees_by_name(symbol->name);
    if (known) return &contract_.calls[*known];
  }
  for (const CallDeclaration& declared : contract_.calls) {
    if (!declared.target) continue;
    const auto expected = word_value(*declared.target, at);
    if (!expected) continue;
    const Query query{at.cpu->path, logical_and(at.is_defined, equal(target, *expected))};
    if (ledger_.solver().prove(query).verdict == Verdict::proved) return &declared;
  }
  return nullptr;
}

CallOutcome CaseProver::call(SymbolicCpu& cpu, Term target, const SymbolicCpu& before,
                             const Routines& routines) {
  SymbolicCpu at_call = cpu;  // memory includes the return address, registers are from before
  at_call.write(Register::rsp, before.read(Register::rsp));
  Scope scope{&case_.names, &at_call, std::nullopt, &entry_};
  const CallDeclaration* const found = callee(target, scope, routines);
  return found == nullptr ? CallOutcome::unknown : outcome_of(*found, scope, cpu);
}

CallOutcome CaseProver::system_call(SymbolicCpu& cpu) {
  SymbolicCpu at_call = cpu;
  Scope scope{&case_.names, &at_call, std::nullopt, &entry_};
  for (const CallDeclaration& declared : contract_.calls) {
    if (!declared.system_call) continue;
    const Formula is_this = equal(at_call.read(Register::rax), word(*declared.system_call));
    if (ledger_.solver().prove({at_call.path, is_this}).verdict == Verdict::proved) {
      return outcome_of(declared, scope, cpu);
    }
  }
  return CallOutcome::unknown;
}

CallOutcome CaseProver::outcome_of(const CallDeclaration& declared, Scope& before,
                                   SymbolicCpu& cpu) {
  show(declared.clauses, before);
  if (declared.never_returns) {
    cpu.after_calls.emplace_back(declared.name, cpu.registers());
    return CallOutcome::never_returns;
  }
  if (const auto done = forget(declared, before, cpu); !done && !call_error_) {
    call_error_ = done.error();
  }
  return CallOutcome::returns;
}

Result<std::vector<CaseProver::Kept>> CaseProver::contents(const std::vector<Range>& ranges,
                                                           Scope& scope) {
  SymbolicCpu& cpu = *scope.cpu;
  std::vector<Kept> kept;
  for (const Range& range : ranges) {
    const auto low = word_value(range.low, scope);
    const auto high = word_value(range.high, scope);
    if (!low || !high) return std::unexpected(low ? high.error() : low.error());
    const auto bytes = constant_difference(*high, *low);
    if (!bytes || *bytes % 8 != 0)
      return std::unexpected("keep whole words: a range of a multiple of 8 bytes");
    for (std::uint64_t offset = 0; offset < *bytes; offset += 8) {
      const auto location = locate(cpu.regions(), *low + word(offset));
      if (!location) return std::unexpected(location.error());
      const auto value = cpu.memory().load(*location, 8, cpu.path);
      if (!value) return std::unexpected(value.error());
      const auto parts = bytes_of(*location, *value, cpu);
      kept.push_back({*location, *value, 8});
      for (unsigned index = 0; index < parts.size(); ++index) {
        kept.push_back({{location->region, location->offset + word(index)}, parts[index], 1});
      }
    }
  }
  return kept;
}

void CaseProver::keep(const std::vector<Kept>& kept, SymbolicCpu& cpu) {
  for (const Kept& part : kept) {
    cpu.memory().define_initial(part.location, part.value, part.bytes);
  }
}

Result<void> CaseProver::forget(const CallDeclaration& declared, Scope& before, SymbolicCpu& cpu) {
  const auto kept = contents(declared.kept, before);
  if (!kept) return std::unexpected(kept.error());
  // Each call has a name of its own: nothing relates two calls of one function.
  const std::string epoch = fmt::format("after_{}.{}", declared.name, cpu.after_calls.size());
  if (declared.system_call) {
    cpu.forget_across_system_call(epoch);
  } else {
    cpu.forget_across_call(epoch);
    cpu.write(Register::rsp, before.cpu->read(Register::rsp));
  }
  keep(*kept, cpu);
  cpu.after_calls.emplace_back(declared.name, cpu.registers());
  Scope after{&case_.names, &cpu, std::nullopt, &entry_};
  const bool was_possible = is_possible(cpu);
  for (const Expression& guarantee : declared.guarantees) {
    const auto formula = truth_value(guarantee, after);
    if (!formula) return std::unexpected(formula.error());
    cpu.path.push_back(logical_and(*formula, after.is_defined));
    after.is_defined = truth(true);
    if (const auto done = name_contents(guarantee, after); !done) return done;
  }
  if (was_possible && !is_possible(cpu)) {
    Ledger::note(claim("assumptions_can_be_met"), Verdict::unknown,
                 fmt::format("{} cannot return what the contract guarantees", declared.name));
  }
  return {};
}

// `[address] == value` holds by now: a load there yields the value itself from here on, which may
// be an address.
Result<void> CaseProver::name_contents(const Expression& guarantee, Scope& after) {
  const bool is_content = guarantee.kind == ExpressionKind::equal &&
                          guarantee.operands[0].kind == ExpressionKind::memory;
  if (!is_content) return {};
  const auto address = word_value(guarantee.operands[0].operands[0], after);
  if (!address) return std::unexpected(address.error());
  const auto value = word_value(guarantee.operands[1], after);
  if (!value) return std::unexpected(value.error());
  const auto location = locate(after.cpu->regions(), *address);
  if (!location) return std::unexpected(location.error());
  after.cpu->memory().define_initial(*location, *value,
                                     static_cast<unsigned>(guarantee.operands[0].value));
  return {};
}

Result<Formula> CaseProver::is_to_be_made(const CallDeclaration& call) const {
  if (call.never_called || !call.condition) return truth(!call.never_called);
  Scope beginning = entry_;
  const auto holds = truth_value(*call.condition, beginning);
  if (!holds) return holds;
  return logical_and(*holds, beginning.is_defined);
}

void CaseProver::show_calls(SymbolicCpu& cpu) {
  for (const CallDeclaration& call : contract_.calls) {
    const auto made = std::ranges::count_if(
        cpu.after_calls, [&call](const auto& after) { return after.first == call.name; });
    const auto is_made = is_to_be_made(call);
    if (!is_made) {
      Ledger::note(claim(label_of(call)), Verdict::unknown, is_made.error());
      continue;
    }
    const Formula as_often = logical_or(logical_and(*is_made, truth(made == 1)),
                                        logical_and(logical_not(*is_made), truth(made == 0)));
    const char* const often = call.never_called ? "never"
                              : call.condition  ? "when the contract says"
                                                : "once";
    oblige(claim(label_of(call)), {cpu.path, as_often},
           [&](const Query& asked, const Answer& answer) {
             return tell(fmt::format("{} is called {}", call.name, often), nullptr, cpu,
                         std::nullopt, asked, answer);
           });
  }
}

}  // namespace fiberproof::verify
