#include "verify/mutants/judge.hpp"

#include "verify/machine/code_library.hpp"
#include "verify/mutants/equivalence.hpp"
#include "verify/mutants/native_probe.hpp"
#include "verify/obligation/prover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// Without what proofs.txt expects to be refuted of the routine itself: v44 reports a trap as a
// return.
Contract provable(Contract contract) {
  std::erase_if(contract.exits, [&contract](const Clause& clause) {
    return contract.name == "continuation_start_v44" && clause.label == "payload_0_means_success";
  });
  return contract;
}

constexpr std::int64_t switch_distance_max = 24;

class Judge {
 public:
  Judge(const MutatedRoutine& subject, const ObjectFile& file, Solver& solver)
      : subject_(subject), contract_(provable(*subject.contract)), file_(file), solver_(solver) {}

  std::expected<std::vector<JudgedMutant>, std::string> run() {
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
    std::vector<JudgedMutant> judged;
    for (const Mutation& mutation : mutations(*routine)) judged.push_back(judge(mutation));
    return judged;
  }

 private:
  // Where the proof has it.
  std::expected<Code, std::string> placed(const MovableRoutine& routine) const {
    const std::uint64_t address = load_address(file_, subject_.routine.address);
    const auto bytes = routine.assemble(address, [this](std::uint64_t target) {
      return target == callee_in_file_ ? callee_ : load_address(file_, target);
    });
    auto code = decode_all(contract_.runs.front().name, address, bytes);
    if (!code) return std::unexpected(message(code.error()));
    return std::move(*code);
  }

  std::optional<std::string> original_fails(const MovableRoutine& routine) {
    const auto refuting = refutation(original_);
    if (!refuting) return refuting.error();
    if (!refuting->empty())
      return fmt::format("{} is refuted: {}", subject_.routine.symbol, *refuting);
    const auto seen = natively_violated(routine);
    if (!seen) return seen.error();
    if (!seen->empty()) return fmt::format("{}: {}", subject_.routine.symbol, *seen);
    return std::nullopt;
  }

  JudgedMutant judge(const Mutation& mutation) {
    JudgedMutant judged{mutation.description, mutation.kind, MutantVerdict::unknown, {}, {}, {}};
    const auto code = placed(mutation.routine);
    if (!code) {
      judged.verdict = MutantVerdict::refused;
      judged.reason = code.error();
      return judged;
    }
    const auto refuting = refutation(*code);
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
    if (!judged.native.empty()) {
      judged.verdict = MutantVerdict::contradicted;
    } else if (equivalence && equivalence->verdict == Verdict::proved) {
      judged.verdict = MutantVerdict::equivalent;
    }
    return judged;
  }

  // The theorem that refutes the code; empty where none does. A mutant whose accesses may or may
  // not overlap, depending on n, is looked at for one n at a time: what is false for one is false.
  std::expected<std::string, std::string> refutation(const Code& code) {
    bool is_undecided = false;
    auto theorem = refutation_of(contract_, code, is_undecided);
    for (const char* const n : {"0", "1", "2"}) {
      if (!theorem || !theorem->empty() || !is_undecided) return theorem;
      const auto special = with_n(n);
      if (!special) return theorem;
      bool ignored = false;
      theorem = refutation_of(*special, code, ignored);
      if (theorem && !theorem->empty()) *theorem += fmt::format(" for n = {}", n);
    }
    return theorem;
  }

  std::expected<std::string, std::string> refutation_of(const Contract& contract, const Code& code,
                                                        bool& is_undecided) {
    ProverOptions options;
    options.is_mutant = true;
    options.code = &code;
    const auto result = prove(contract, file_, solver_, options);
    if (!result) return std::unexpected(result.error());
    for (const Theorem& theorem : result->theorems) {
      if (theorem.verdict == Verdict::refuted) return theorem.name;
      is_undecided = is_undecided || theorem.verdict == Verdict::unknown;
    }
    return std::string();
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
      // What AL says and what the rest of RAX says, which must not matter.
      for (const std::uint64_t al : {0x0u, 0x1u, 0xabcd00u, 0x5a80u, 0x0u, 0xff02u, 0x4u}) {
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
  const ObjectFile& file_;
  Solver& solver_;
  std::uint64_t callee_ = 0;
  std::uint64_t callee_in_file_ = ~std::uint64_t{0};
  Code original_;
};

}  // namespace

std::expected<std::vector<JudgedMutant>, std::string> judge_mutants(const MutatedRoutine& subject,
                                                                    const ObjectFile& file,
                                                                    Solver& solver) {
  return Judge(subject, file, solver).run();
}

bool all_decided(const std::vector<JudgedMutant>& judged) {
  return std::ranges::all_of(judged, [](const JudgedMutant& mutant) {
    return mutant.verdict == MutantVerdict::refuted || mutant.verdict == MutantVerdict::equivalent;
  });
}

std::vector<std::string> summary(const std::string& routine,
                                 const std::vector<JudgedMutant>& judged) {
  constexpr std::string_view verdicts[] = {
      "refuted and natively confirmed", "equivalent",
      "refused by the decoder",         "refuted and NOT natively confirmed",
      "CONTRADICTED by the native run", "UNKNOWN"};
  constexpr std::string_view kinds[] = {"dropped", "displacement", "register", "swapped"};
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
