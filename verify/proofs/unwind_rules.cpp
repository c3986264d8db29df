// Assume: the assumptions of continuation_start.contract. Run: every path of the trampoline, twice.
// In the first run the body is any code, and may name another parent in the control context. In the
// second run it leaves the context alone, so that the routine's final resume point can be compared
// with what the rules yielded at every earlier point. Show: the clauses below, of the caller's
// frame that the rules yield at each of these points:
//
//   - before each instruction, by the rules for its address;
//   - while the body runs, by the rules for the last byte of the call: its frame was called, and
//     for such a frame an unwinder looks up the return address less 1 (DWARF 5, 6.4.4). The return
//     address itself, for an unwinder that does not subtract, is among the first points.
#include "verify/proofs/unwind_rules.hpp"

#include "verify/obligation/case_prover.hpp"
#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/story.hpp"
#include "verify/unwind/frame_rules.hpp"
#include "verify/unwind/unwound_frame.hpp"
#include "verify/x86/code_library.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

// In the language of the contracts. Under `exit` RSP, RBP and RIP are those of the frame that the
// rules yield; memory and `old` memory are as anywhere else.
constexpr std::string_view statement = R"(contract {set}

ghost TOS : word aligned 16
ghost usable : word
ghost n : u32
let s = 16 * n
assume 0x40 + s + 2048 <= usable
assume usable <= TOS

region stack = [TOS - usable, TOS)

run {routine} = function fiberproof_{routine}
  rsp == TOS - 0x40 - s
  rbp == TOS - 0x10

call {callee} = function fiberproof_{callee}

exit
  T7 rsp_is_the_parents: rsp == [TOS - 0x18]
  T7 rbp_is_the_parents: rbp == [TOS - 0x10]
  T7 rip_is_the_parents: rip == [TOS - 0x08]

prefer usable == 65536
prefer n == 0
prefer TOS == 0x7f0000010000
)";

constexpr std::string_view rule = "T7";
constexpr std::uint64_t context_bytes = 24;

// A register that the rules leave undefined has any value.
Term or_any(std::optional<Term> value, const char* name) {
  return value.value_or(variable(fmt::format("undefined.{}", name)));
}

// A point at which an unwinder may look: the CPU's state there, and the address whose rules apply.
struct Stop {
  SymbolicCpu cpu;
  std::uint64_t address;
  bool is_in_the_callee;
};

struct Journey {
  std::vector<Stop> stops;
  std::vector<PathEnd> ends;
};

enum class Context : bool { is_anyones, is_kept };

class UnwindProver {
 public:
  UnwindProver(const Contract& contract, Ledger& ledger, Case& in, const Code& code,
               const CallFrameInformation& rules, std::uint64_t load_bias, std::uint64_t callee)
      : contract_(contract),
        ledger_(ledger),
        case_(in),
        entry_(in.entry_scope()),
        codes_{code},
        rules_(rules),
        load_bias_(load_bias),
        callee_(callee) {}

  void show_assumptions() {
    CaseProver(contract_, Subject::bytes, ledger_, case_).assumptions_can_be_met();
  }

  Result<void> run() {
    claim_all();
    for (const Context context : {Context::is_anyones, Context::is_kept}) {
      Journey journey = travel(context);
      if (const auto shown = show_paths_leave(journey); !shown) return shown;
      for (const Stop& stop : journey.stops) {
        const auto shown = context == Context::is_anyones ? show_parent(stop)
                                                          : show_goes_on_there(stop, journey.ends);
        if (!shown) return shown;
      }
    }
    if (const auto shown = show_extent(); !shown) return shown;
    return show_other_registers();
  }

 private:
  Theorem& claim(std::string_view label, std::string_view spec_id = rule) {
    const char* dot = spec_id.empty() ? "" : ".";
    return ledger_.claim(fmt::format("{}/{}{}{}", contract_.name, spec_id, dot, label),
                         std::string(spec_id), Subject::bytes);
  }

  // Before anything runs, so that a clause which no path reaches counts as unknown.
  void claim_all() {
    for (const Clause& clause : contract_.exits) claim(clause.label);
    for (const char* label : {"parent_is_where_the_routine_goes_on", "resume_address_is_exact",
                              "rules_look_only_at_the_stack", "rules_end_with_the_routine",
                              "no_other_register_is_preserved"}) {
      claim(label);
    }
    claim("every_path_leaves", "");
  }

  Journey travel(Context context) {
    Journey journey;
    const Code& code = codes_.front();
    const auto before_step = [&](const SymbolicCpu& cpu, std::uint64_t address) {
      journey.stops.push_back({cpu, address, false});
    };
    const auto on_call = [&](SymbolicCpu& cpu, Term target, const SymbolicCpu& before) {
      if (target.as_constant() != callee_ || !forget(cpu, before, context))
        return CallOutcome::unknown;
      const std::uint64_t returns_to = code.instructions.at(cpu.instruction).next_address();
      journey.stops.push_back({cpu, returns_to - 1, true});
      return CallOutcome::returns;
    };
    journey.ends = execute(code, *case_.entry, ledger_.solver(), on_call, {}, before_step);
    return journey;
  }

  // The frame's state while the callee runs: RSP and the callee-saved registers are as at the call
  // (an unwinder recovers them by the callee's own rules), and the rest is unknown. Returns false
  // if the context cannot be kept.
  bool forget(SymbolicCpu& cpu, const SymbolicCpu& before, Context context) {
    const Term control_context = case_.names.words.at("TOS") - word(context_bytes);
    std::vector<std::pair<Location, Term>> kept;
    for (std::uint64_t offset = 0; context == Context::is_kept && offset < context_bytes;
         offset += 8) {
      const auto location = locate(cpu.regions(), control_context + word(offset));
      if (!location) return false;
      const auto value = cpu.memory().load(*location, 8, cpu.path);
      if (!value) return false;
      kept.emplace_back(*location, *value);
    }
    cpu.forget_across_call(fmt::format("in_callee.{}", cpu.trace.size()));
    cpu.write(Register::rsp, before.read(Register::rsp));
    for (const auto& [location, value] : kept) cpu.memory().define_initial(location, value, 8);
    return true;
  }

  Result<void> show_paths_leave(Journey& journey) {
    for (PathEnd& end : journey.ends) {
      if (end.kind == PathEnd::Kind::refused) {
        return std::unexpected(fmt::format("fiberproof: {}: {}", rules_.path(), end.reason));
      }
      Theorem& theorem = claim("every_path_leaves", "");
      if (end.kind == PathEnd::Kind::left) {
        Ledger::note(theorem, Verdict::proved, {});
      } else if (end.kind != PathEnd::Kind::trapped) {
        Ledger::note(theorem, Verdict::unknown, end.reason);
      } else {
        oblige(theorem, fmt::format("the routine never reaches {}", end.reason), nullptr, end.cpu,
               std::nullopt, truth(false), {});
      }
    }
    return {};
  }

  Result<void> show_parent(const Stop& stop) {
    const auto rules = rules_at(stop);
    if (!rules) return std::unexpected(rules.error());
    const auto parent = unwind(*rules, stop.cpu);
    if (!parent) return refuse(stop, parent.error());
    for (const Clause& clause : contract_.exits) show(clause, stop, *rules, *parent);
    SymbolicCpu cpu = stop.cpu;
    const std::string where = text_of(stop, *rules);
    for (const Access& read : parent->reads) {
      oblige(claim("rules_look_only_at_the_stack"), "what the rules look at is on the stack",
             nullptr, cpu, std::nullopt,
             is_inside(case_.regions[read.location.region], read.location.offset, read.bytes),
             where);
    }
    oblige(claim("resume_address_is_exact"), "the frame is marked as a signal frame", nullptr, cpu,
           std::nullopt, truth(rules->is_signal_frame), where);
    return {};
  }

  // Shows one clause about the parent that the rules yield; refuted, too, if they read outside the
  // stack.
  void show(const Clause& clause, const Stop& stop, const FrameRules& rules,
            const UnwoundFrame& parent) {
    Theorem& theorem = claim(clause.label);
    SymbolicCpu cpu = stop.cpu;
    const std::string where = text_of(stop, rules);
    if (parent.fault_is_outside) {
      return oblige(theorem, fmt::format("{}; but by the rules {}", clause.text, *parent.fault),
                    nullptr, cpu, std::nullopt, truth(false), where);
    }
    if (parent.fault) return Ledger::note(theorem, Verdict::unknown, *parent.fault);
    cpu.write(Register::rsp, or_any(parent.rsp, "rsp"));
    cpu.write(Register::rbp, or_any(parent.rbp, "rbp"));
    const Term by_rules = or_any(parent.rip, "rip");
    Scope scope{&case_.names, &cpu, by_rules, &entry_};
    const auto goal = truth_value(clause.formula, scope);
    if (!goal) return Ledger::note(theorem, Verdict::unknown, goal.error());
    oblige(theorem, clause.text, &clause, cpu, by_rules, logical_and(scope.is_defined, *goal),
           where);
  }

  // On a path that keeps the control context, the end of the path must match every stop.
  Result<void> show_goes_on_there(const Stop& stop, const std::vector<PathEnd>& ends) {
    const auto rules = rules_at(stop);
    if (!rules) return std::unexpected(rules.error());
    const auto parent = unwind(*rules, stop.cpu);
    if (!parent) return refuse(stop, parent.error());
    Theorem& theorem = claim("parent_is_where_the_routine_goes_on");
    if (parent->fault && !parent->fault_is_outside) {
      Ledger::note(theorem, Verdict::unknown, *parent->fault);
      return {};
    }
    for (const PathEnd& end : ends) {
      const auto& before = stop.cpu.trace;
      const auto& whole = end.cpu.trace;
      if (end.kind != PathEnd::Kind::left || before.size() > whole.size() ||
          !std::equal(before.begin(), before.end(), whole.begin())) {
        continue;
      }
      const Formula goal =
          parent->fault ? truth(false)
                        : all_of({equal(or_any(parent->rsp, "rsp"), end.cpu.read(Register::rsp)),
                                  equal(or_any(parent->rbp, "rbp"), end.cpu.read(Register::rbp)),
                                  equal(or_any(parent->rip, "rip"), end.rip)});
      SymbolicCpu cpu = end.cpu;
      oblige(theorem, "rsp, rbp and rip by the rules are those with which the routine leaves",
             nullptr, cpu, end.rip, goal, text_of(stop, *rules));
    }
    return {};
  }

  // From its first byte to its last, and no further.
  Result<void> show_extent() {
    const std::uint64_t begin = codes_.front().begin - load_bias_;
    const std::uint64_t end = codes_.front().end - load_bias_;
    std::uint64_t first = begin;
    std::uint64_t last = begin;
    while (last < end) {
      const auto rules = rules_.at(last);
      if (!rules) return std::unexpected(message(rules.error()));
      if (last == begin) first = rules->begin;
      last = rules->end;
    }
    oblige(claim("rules_end_with_the_routine"),
           fmt::format("[{:#x}, {:#x}), which has the rules, is the routine", first, last), nullptr,
           *case_.entry, std::nullopt, truth(first == begin && last == end), {});
    return {};
  }

  // S4: a switch keeps RSP and RBP and no other register, so the parent's values of all others are
  // gone. If the rules do not say so of a register that a call preserves, an unwinder passes off
  // the continuation's value as the parent's.
  Result<void> show_other_registers() {
    using enum DwarfRegister;
    const std::uint64_t begin = codes_.front().begin - load_bias_;
    for (const DwarfRegister reg : {rbx, r12, r13, r14, r15}) {
      const auto is_undefined = rules_.is_said_undefined(begin, reg);
      if (!is_undefined) return std::unexpected(message(is_undefined.error()));
      oblige(claim("no_other_register_is_preserved"),
             fmt::format("{} is undefined in the parent at every instruction", name(reg)), nullptr,
             *case_.entry, std::nullopt, truth(*is_undefined), {});
    }
    // What a call does not preserve is gone without a rule, and one would promise more than that.
    for (const DwarfRegister reg : {rax, rdx, rcx, rsi, rdi, r8, r9, r10, r11}) {
      const auto is_mentioned = rules_.is_mentioned(begin, reg);
      if (!is_mentioned) return std::unexpected(message(is_mentioned.error()));
      oblige(claim("no_other_register_is_preserved"),
             fmt::format("no rule is about {} at any instruction", name(reg)), nullptr,
             *case_.entry, std::nullopt, truth(!*is_mentioned), {});
    }
    return {};
  }

  void oblige(Theorem& theorem, const std::string& claim_text, const Clause* clause,
              SymbolicCpu& cpu, std::optional<Term> rip, Formula goal, const std::string& where) {
    Scope scope{&case_.names, &cpu, rip, &entry_};
    const Query query{cpu.path, goal};
    if (theorem.verdict == Verdict::refuted) return;  // once is enough
    ledger_.oblige(theorem, query, [&](const Query& asked, const Answer& answer) {
      const std::vector<const Code*> codes{&codes_.front()};
      Refutation story = tell_story({claim_text, clause, contract_, case_, scope, codes}, asked,
                                    answer, ledger_.solver());
      story.where = where;
      return story;
    });
  }

  Result<FrameRules> rules_at(const Stop& stop) const {
    auto rules = rules_.at(stop.address - load_bias_);
    if (!rules) return std::unexpected(message(rules.error()));
    return std::move(*rules);
  }

  Result<void> refuse(const Stop& stop, const std::string& reason) const {
    return std::unexpected(fmt::format("fiberproof: {}: {} (.eh_frame, for {:#x})", rules_.path(),
                                       reason, stop.address - load_bias_));
  }

  std::string text_of(const Stop& stop, const FrameRules& rules) const {
    const auto instruction = codes_.front().instructions.find(stop.address);
    const std::string place = stop.is_in_the_callee ? "in its call"
                              : instruction == codes_.front().instructions.end()
                                  ? "there"
                                  : "before " + instruction->second.text;
    return fmt::format("{:#x}, {}: {}", stop.address, place, text(rules));
  }

  const Contract& contract_;
  Ledger& ledger_;
  Case& case_;
  Scope entry_;
  std::vector<Code> codes_;
  const CallFrameInformation& rules_;
  std::uint64_t load_bias_;
  std::uint64_t callee_;
};

Result<ContractResult> prove_rules_of(std::string_view set, std::string_view routine,
                                      std::string_view callee_name, const ObjectFile& file,
                                      Solver& solver, const ProverOptions& options) {
  using fmt::literals::operator""_a;
  const std::string statement_text = fmt::format(fmt::runtime(statement), "set"_a = set,
                                                 "routine"_a = routine, "callee"_a = callee_name);
  const auto contract = parse_contract(statement_text, "verify/proofs/unwind_rules.cpp");
  if (!contract) return std::unexpected(message(contract.error()));
  ContractResult result;
  result.contract = contract->name;
  const auto code = code_of(contract->runs.front(), file, options, result);
  if (!code) return std::unexpected(code.error());
  const auto callee = callee_address(contract->calls.front().symbol, file, options);
  if (!callee) return std::unexpected(callee.error());
  const auto rules = CallFrameInformation::read(file);
  if (!rules) return std::unexpected(message(rules.error()));
  const auto in = set_up(*contract, nullptr, solver);
  if (!in) return std::unexpected(in.error());
  Ledger ledger(solver, options, result);
  UnwindProver prover(*contract, ledger, **in, *code, *rules, load_address(file, 0), *callee);
  if (const auto done = prover.run(); !done) return std::unexpected(done.error());
  if (!options.is_mutant) prover.show_assumptions();
  return result;
}

}  // namespace

ProofSet unwind_rules() {
  return {"unwind_rules", [](const ObjectFile& file, Solver& solver, const ProverOptions& options) {
            return prove_rules_of("unwind_rules", "continuation_start", "fiber_start", file, solver,
                                  options);
          }};
}

ProofSet unwind_rules_v44() {
  return {"unwind_rules_v44",
          [](const ObjectFile& file, Solver& solver, const ProverOptions& options) {
            return prove_rules_of("unwind_rules_v44", "continuation_start_v44", "fiber_start_v44",
                                  file, solver, options);
          }};
}

}  // namespace fiberproof::verify
