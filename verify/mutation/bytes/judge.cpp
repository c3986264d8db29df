#include "verify/mutation/bytes/judge.hpp"

#include "verify/mutation/bytes/equivalence.hpp"
#include "verify/mutation/bytes/native_probe.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/process/interruption.hpp"
#include "verify/x86/code_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// Leaves out the clause that proofs.txt expects the routine itself to break: v44 reports a trap as
// a return. The size of the buffer is the seed's alone, 16n: core lays out no other, and hundreds
// of mutants are decided in a fraction of the time.
Contract provable(Contract contract) {
  std::erase_if(contract.exits, [&contract](const Clause& clause) {
    return contract.name == "continuation_start_v44" && clause.label == "payload_0_means_success";
  });
  for (Definition& definition : contract.definitions) {
    const bool is_of_two_parts =
        definition.name == "s" && definition.expression.kind == ExpressionKind::add;
    if (!is_of_two_parts) continue;
    Expression seeds = definition.expression.operands.front();
    definition.expression = std::move(seeds);
  }
  return contract;
}

constexpr std::int64_t switch_distance_max = 24;

class Judge {
 public:
  Judge(const MutatedRoutine& subject, const ObjectFile& file, Solver& solver)
      : subject_(subject),
        contract_(provable(*subject.contract)),
        general_(contract_),
        file_(file),
        solver_(solver) {
    general_.aliases.clear();
  }

  std::expected<JudgedRoutine, std::string> run() {
    const auto routine = movable(subject_.routine);
    if (!routine) return std::unexpected(routine.error());
    if (!subject_.callee.empty()) {
      const auto callee = file_.routine(subject_.callee);
      if (!callee) return std::unexpected(message(callee.error()));
      callee_ = load_address(file_, callee->address);
      callee_in_file_ = callee->address;
    }
    auto original = placed(*routine);
    if (!original) return std::unexpected(original.error());
    original_ = std::move(*original);
    if (const auto fault = original_fails(*routine)) return std::unexpected(*fault);
    JudgedRoutine judged;
    judged.theorems = theorems_;
    for (const Mutation& mutation : mutations(*routine)) {
      if (is_interrupted()) return std::unexpected("interrupted");
      judged.mutants.push_back(judge(mutation));
    }
    return judged;
  }

 private:
  // At the address that the proof uses.
  std::expected<Code, std::string> placed(const MovableRoutine& routine) const {
    const std::uint64_t address = load_address(file_, subject_.routine.address);
    const auto bytes = routine.assemble(address, [this](std::uint64_t target) {
      return target == callee_in_file_ ? callee_ : load_address(file_, target);
    });
    return decode_all(contract_.runs.front().name, address, bytes);
  }

  std::optional<std::string> original_fails(const MovableRoutine& routine) {
    const auto proof = proved(contract_, original_, true);
    if (!proof) return proof.error();
    for (const Theorem& theorem : proof->theorems) {
      if (theorem.verdict != Verdict::proved) {
        return fmt::format("{} is {}: {}", subject_.routine.symbol, name_of(theorem.verdict),
                           theorem.name);
      }
      const bool is_of_code = !theorem.name.ends_with("/assumptions_can_be_met");
      if (is_of_code) theorems_.push_back(theorem.name);
    }
    const auto seen = natively_violated(routine);
    if (!seen) return seen.error();
    if (!seen->empty()) return fmt::format("{}: {}", subject_.routine.symbol, *seen);
    return std::nullopt;
  }

  JudgedMutant judge(const Mutation& mutation) {
    JudgedMutant judged{
        mutation.description, mutation.kind, MutantVerdict::unknown, {}, {}, {}, {}};
    const auto code = placed(mutation.routine);
    if (!code) {
      judged.verdict = MutantVerdict::refused;
      judged.reason = code.error();
      return judged;
    }
    astray_.clear();
    const auto refuting = refutation(*code, judged.broken);
    const auto seen = natively_violated(mutation.routine);
    if (!refuting || !seen) {
      judged.reason = refuting ? seen.error() : refuting.error();
      return judged;
    }
    judged.theorem = *refuting;
    judged.native = *seen;
    if (!judged.theorem.empty()) {
      judged.verdict =
          judged.native.empty() ? MutantVerdict::not_confirmed : MutantVerdict::refuted;
      return judged;
    }
    const auto equivalence = compare(contract_, original_, *code, callee_, solver_);
    judged.reason = equivalence ? equivalence->reason : equivalence.error();
    if (!judged.native.empty() && !astray_.empty()) {
      judged.verdict = MutantVerdict::astray;
      judged.reason = astray_;
    } else if (!judged.native.empty()) {
      judged.verdict = MutantVerdict::contradicted;
    } else if (equivalence && equivalence->verdict == Verdict::proved) {
      judged.verdict = MutantVerdict::equivalent;
    }
    return judged;
  }

  // The theorem that refutes the code; empty where none does. A mutant whose accesses may or may
  // not overlap, depending on n, is checked for one n at a time: a theorem that is false for one n
  // is false.
  std::expected<std::string, std::string> refutation(const Code& code,
                                                     std::set<std::string>& broken) {
    bool is_undecided = false;
    auto theorem = refutation_of(general_, code, broken, is_undecided);
    if (theorem && theorem->empty() && !contract_.aliases.empty()) {
      theorem = refutation_of(contract_, code, broken, is_undecided);
    }
    for (const char* const n : {"0", "1", "2"}) {
      if (!theorem || !theorem->empty() || !is_undecided) return theorem;
      const auto special = with_n(n);
      if (!special) return theorem;
      bool ignored = false;
      theorem = refutation_of(*special, code, broken, ignored);
      if (theorem && !theorem->empty()) *theorem += fmt::format(" for n = {}", n);
    }
    return theorem;
  }

  // The first of them in the contract's order; with aliases the search ends with the first.
  std::expected<std::string, std::string> refutation_of(const Contract& contract, const Code& code,
                                                        std::set<std::string>& broken,
                                                        bool& is_undecided) {
    const auto result = proved(contract, code, contract.aliases.empty());
    if (!result) return std::unexpected(result.error());
    std::string first;
    for (const Theorem& theorem : result->theorems) {
      is_undecided = is_undecided || theorem.verdict == Verdict::unknown;
      const bool calls_nothing_known = theorem.verdict == Verdict::unknown &&
                                       theorem.name.ends_with("/every_path_leaves") &&
                                       theorem.reason.starts_with("a call of ");
      if (calls_nothing_known) astray_ = theorem.reason;
      if (theorem.verdict != Verdict::refuted) continue;
      if (first.empty()) first = theorem.name;
      broken.insert(theorem.name);
    }
    return first;
  }

  std::expected<ContractResult, std::string> proved(const Contract& contract, const Code& code,
                                                    bool asks_on) {
    ProverOptions options;
    options.is_mutant = true;
    options.asks_on = asks_on;
    options.code = &code;
    return prove(contract, file_, solver_, options);
  }

  // The contract with one more assumption; nothing where it has no n.
  std::optional<Contract> with_n(std::string_view n) const {
    if (std::ranges::find(contract_.ghosts, "n", &Ghost::name) == contract_.ghosts.end()) {
      return std::nullopt;
    }
    auto assumption = parse_contract(
        fmt::format("contract special\nghost n : u32\nassume n == {}\n", n), "special");
    if (!assumption) return std::nullopt;
    Contract special = contract_;
    special.assumptions.push_back(std::move(assumption->assumptions.front()));
    return special;
  }

  // The first claim that a native run violates; empty where none does.
  std::expected<std::string, std::string> natively_violated(const MovableRoutine& routine) {
    const auto bytes = routine.assemble(probed_code_address, [this](std::uint64_t target) {
      return target == callee_in_file_ ? probed_callee_address : target;
    });
    auto probe = NativeProbe::start(bytes);
    if (!probe) return std::unexpected(probe.error());
    if (subject_.probed == ProbedRoutine::stack_switch) return violated_switch(*probe);
    const bool is_v44 = subject_.probed == ProbedRoutine::continuation_start_v44;
    std::uint64_t seed = 1;
    for (const std::uint64_t n : {0u, 1u, 17u, 2u}) {
      // AL is 0 or 1 (psABI 3.2.3); the rest of RAX is anything, and must not matter.
      for (const std::uint64_t al : {0x0u, 0x1u, 0xabcd00u, 0x5a01u, 0x0u, 0xff01u, 0x1u}) {
        const auto violated = probe->run_trampoline({n, al, seed++, is_v44});
        if (!violated.empty()) {
          return fmt::format("n = {}, rax = {:#x}: {}", n, al, violated.front());
        }
      }
    }
    return std::string();
  }

  static std::string violated_switch(NativeProbe& probe) {
    std::uint64_t seed = 1;
    for (const std::int64_t far : {64, -64, 512}) {
      if (const auto violated = probe.run_switch({far, seed++}); !violated.empty()) {
        return fmt::format("load = store{:+}: {}", far, violated.front());
      }
    }
    for (std::int64_t near = -switch_distance_max; near <= switch_distance_max; ++near) {
      if (const auto violated = probe.run_switch({near, seed++}); !violated.empty()) {
        return fmt::format("load = store{:+}: {}", near, violated.front());
      }
    }
    return {};
  }

  const MutatedRoutine& subject_;
  Contract contract_;
  Contract general_;  // without its aliases
  std::vector<std::string> theorems_;
  std::string astray_;  // why the latest mutant's call cannot be followed
  const ObjectFile& file_;
  Solver& solver_;
  std::uint64_t callee_ = 0;
  std::uint64_t callee_in_file_ = ~std::uint64_t{0};
  Code original_;
};

}  // namespace

std::expected<JudgedRoutine, std::string> judge_mutants(const MutatedRoutine& subject,
                                                        const ObjectFile& file, Solver& solver) {
  return Judge(subject, file, solver).run();
}

bool all_decided(const std::vector<JudgedMutant>& judged) {
  return std::ranges::all_of(judged, [](const JudgedMutant& mutant) {
    return mutant.verdict == MutantVerdict::refuted ||
           mutant.verdict == MutantVerdict::equivalent || mutant.verdict == MutantVerdict::astray;
  });
}

std::vector<std::string> summary(const std::string& routine,
                                 const std::vector<JudgedMutant>& judged) {
  constexpr std::string_view verdicts[] = {"refuted and natively confirmed",
                                           "equivalent",
                                           "refused by the decoder",
                                           "refuted and NOT natively confirmed",
                                           "astray",
                                           "CONTRADICTED by the native run",
                                           "UNKNOWN"};
  constexpr std::string_view kinds[] = {"dropped", "displacement", "register", "swapped", "mode"};
  std::map<MutantVerdict, std::size_t> of_verdict;
  std::map<MutationKind, std::size_t> of_kind;
  for (const JudgedMutant& mutant : judged) {
    ++of_verdict[mutant.verdict];
    ++of_kind[mutant.kind];
  }
  std::string line = fmt::format("{}: {} mutants (", routine, judged.size());
  for (const auto& [kind, count] : of_kind) {
    line += fmt::format("{}{} {}", line.ends_with('(') ? "" : ", ", count,
                        kinds[static_cast<std::size_t>(kind)]);
  }
  line += "):";
  for (const auto& [verdict, count] : of_verdict) {
    line += fmt::format("{} {} {}", line.ends_with(':') ? "" : ",", count,
                        verdicts[static_cast<std::size_t>(verdict)]);
  }
  std::vector<std::string> lines{std::move(line)};
  for (const JudgedMutant& mutant : judged) {
    if (mutant.verdict == MutantVerdict::refuted) continue;
    lines.push_back(fmt::format("  {}: {}{}{}{}{}{}",
                                verdicts[static_cast<std::size_t>(mutant.verdict)],
                                mutant.description, mutant.theorem.empty() ? "" : "; ",
                                mutant.theorem, mutant.native.empty() ? "" : "; natively ",
                                mutant.native, mutant.reason.empty() ? "" : "; " + mutant.reason));
  }
  return lines;
}

}  // namespace fiberproof::verify
