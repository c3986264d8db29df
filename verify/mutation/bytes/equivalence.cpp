#include "verify/mutation/bytes/equivalence.hpp"

#include "verify/obligation/setup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr Register at_the_end[] = {Register::rsp, Register::rbp, Register::rdi};
constexpr Register at_a_call[] = {Register::rdi, Register::rsi, Register::rdx, Register::rcx,
                                  Register::rsp, Register::rbp, Register::rbx, Register::r12,
                                  Register::r13, Register::r14, Register::r15};

// What an execution shows: its ends, and the machines at its calls. No path branches before a call.
struct Execution {
  std::vector<PathEnd> ends;
  std::vector<SymbolicCpu> at_calls;
  std::vector<Memory> after_calls;
};

class Comparison {
 public:
  Comparison(Solver& solver, Equivalence& result) : solver_(solver), result_(result) {}

  void run(const Code& original, const Code& mutant, const SymbolicCpu& entry,
           std::uint64_t callee) {
    const Execution first = execute_once(original, entry, callee, nullptr);
    // What memory holds after a call has the same names in both.
    const Execution second = execute_once(mutant, entry, callee, &first);
    if (first.at_calls.size() != second.at_calls.size()) {
      return differ("another number of calls");
    }
    for (std::size_t call = 0; call < first.at_calls.size(); ++call) {
      same_state(first.at_calls[call], second.at_calls[call], at_a_call, "at the call");
    }
    for (const PathEnd& one : first.ends) {
      for (const PathEnd& other : second.ends) same_end(one, other);
    }
    if (first.ends.empty() || second.ends.empty()) differ("no path");
  }

  /// Registers outside the compared ones that are not the same, too.
  const std::set<std::string>& scratch() const { return scratch_; }

 private:
  Execution execute_once(const Code& code, const SymbolicCpu& entry, std::uint64_t callee,
                         const Execution* model) {
    Execution made;
    const auto on_call = [&](SymbolicCpu& cpu, Term target, const SymbolicCpu& before) {
      if (target.as_constant() != callee) return CallOutcome::unknown;
      const std::size_t number = made.at_calls.size();
      made.at_calls.push_back(cpu);
      cpu.forget_across_call(fmt::format("after.{}", number));
      cpu.write(Register::rsp, before.read(Register::rsp));
      if (model != nullptr && number < model->after_calls.size()) {
        cpu.memory() = model->after_calls[number];
      }
      made.after_calls.push_back(cpu.memory());
      return CallOutcome::returns;
    };
    made.ends = execute(code, entry, solver_, on_call);
    return made;
  }

  void same_end(const PathEnd& one, const PathEnd& other) {
    const std::vector<Formula> both = joined(one.cpu, other.cpu);
    if (is_proved({both, truth(false)})) return;  // no state takes both
    if (one.kind != PathEnd::Kind::left || other.kind != PathEnd::Kind::left) {
      return differ("a path that does not leave");
    }
    // Distances from the routine's own addresses move with it.
    if (!is_equal(one.rip, other.rip, both)) return differ("where control resumes");
    same_state(one.cpu, other.cpu, at_the_end, "at the end");
  }

  void same_state(const SymbolicCpu& one, const SymbolicCpu& other,
                  std::span<const Register> registers, const char* where) {
    const std::vector<Formula> both = joined(one, other);
    for (std::size_t index = 0; index < register_count; ++index) {
      const auto reg = static_cast<Register>(index);
      if (is_equal(one.read(reg), other.read(reg), both)) continue;
      if (std::ranges::find(registers, reg) != registers.end()) {
        return differ(fmt::format("{} {}", name(reg), where));
      }
      scratch_.insert(fmt::format("{} {}", name(reg), where));
    }
    const auto direction = [](const SymbolicCpu& cpu) {
      return select(cpu.modes().df, word(1), word(0));
    };
    if (!is_equal(one.modes().mxcsr, other.modes().mxcsr, both) ||
        !is_equal(one.modes().x87_control, other.modes().x87_control, both) ||
        !is_equal(direction(one), direction(other), both)) {
      return differ(fmt::format("a mode {}", where));
    }
    // What neither wrote is what it was.
    for (const SymbolicCpu* const writer : {&one, &other}) {
      for (const Access& access : writer->accesses) {
        if (access.is_store) same_word(one, other, access, both, where);
      }
    }
  }

  void same_word(const SymbolicCpu& one, const SymbolicCpu& other, const Access& access,
                 const std::vector<Formula>& both, const char* where) {
    Memory first = const_cast<SymbolicCpu&>(one).memory();
    Memory second = const_cast<SymbolicCpu&>(other).memory();
    const auto in_first = first.load(access.location, access.bytes, both);
    const auto in_second = second.load(access.location, access.bytes, both);
    if (!in_first || !in_second || !is_equal(*in_first, *in_second, both)) {
      differ(fmt::format("memory {}", where));
    }
  }

  static std::vector<Formula> joined(const SymbolicCpu& one, const SymbolicCpu& other) {
    std::vector<Formula> both = one.path;
    both.insert(both.end(), other.path.begin(), other.path.end());
    return both;
  }

  bool is_equal(Term one, Term other, const std::vector<Formula>& path) {
    return same(one, other) || is_proved({path, equal(one, other)});
  }

  bool is_proved(const Query& query) { return solver_.prove(query).verdict == Verdict::proved; }

  void differ(std::string what) {
    if (result_.verdict == Verdict::refuted) return;
    result_ = {Verdict::refuted, std::move(what)};
  }

  Solver& solver_;
  Equivalence& result_;
  std::set<std::string> scratch_;
};

}  // namespace

std::expected<Equivalence, std::string> compare(const Contract& contract, const Code& original,
                                                const Code& mutant, std::uint64_t callee,
                                                Solver& solver) {
  std::vector<const Alias*> cases{nullptr};
  for (const Alias& alias : contract.aliases) cases.push_back(&alias);
  Equivalence result;
  std::set<std::string> scratch;
  for (const Alias* const alias : cases) {
    const auto in = set_up(contract, alias, solver);
    if (!in) return std::unexpected(in.error());
    Comparison comparison(solver, result);
    comparison.run(original, mutant, *(*in)->entry, callee);
    if (result.verdict == Verdict::refuted) return result;
    scratch.insert(comparison.scratch().begin(), comparison.scratch().end());
  }
  result.verdict = Verdict::proved;
  result.reason = scratch.empty() ? "the same end in every register and in memory"
                                  : fmt::format("the same but for registers that nothing reads: {}",
                                                fmt::join(scratch, ", "));
  return result;
}

}  // namespace fiberproof::verify
