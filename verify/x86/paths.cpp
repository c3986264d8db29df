#include "verify/x86/paths.hpp"

#include "verify/x86/reached_code.hpp"
#include "verify/x86/step.hpp"

#include <fmt/format.h>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::size_t steps_max = 1024;  // of one path: the routines have no loops
constexpr std::size_t paths_max = 1024;
constexpr std::size_t calls_max = 32;    // nested
constexpr std::size_t targets_max = 17;  // of a jump by a table

struct PendingCall {
  std::uint64_t return_address;
  const Code* caller;
};

struct Open {
  SymbolicCpu cpu;
  std::uint64_t at;
  const Code* code;
  std::vector<PendingCall> calls = {};  // the calls being executed, innermost last
  std::size_t steps = 0;
};

class Execution {
 public:
  Execution(const Code& code, Solver& solver, const CallHandler& on_call,
            const CodeFinder& find_code, const StepObserver& before_step,
            const SystemCallHandler& on_system_call)
      : code_(code),
        solver_(solver),
        on_call_(on_call),
        find_code_(find_code),
        before_step_(before_step),
        on_system_call_(on_system_call) {}

  std::vector<PathEnd> run(SymbolicCpu start) {
    open_.push_back({std::move(start), code_.begin, &code_});
    while (!open_.empty()) {
      Open path = std::move(open_.back());
      open_.pop_back();
      follow(std::move(path));
    }
    return std::move(ends_);
  }

 private:
  void follow(Open path) {
    while (true) {
      if (path.at == code_.end && path.calls.empty() && (code_.leaves_at_end || !find_code_)) {
        return end(PathEnd::Kind::left, std::move(path.cpu), word(path.at), {});
      }
      const auto entered = enter(path, Arrival::jump);
      if (!entered) {
        return end(PathEnd::Kind::dead_end, std::move(path.cpu), word(path.at), entered.error());
      }
      if (*entered == Entered::callee) {
        if (!jump_to_callee(path)) return;
        continue;
      }
      if (const auto refused = path.code->refused.find(path.at);
          refused != path.code->refused.end()) {
        return refuse(path, refused->second);
      }
      const auto found = path.code->instructions.find(path.at);
      if (found == path.code->instructions.end()) {
        return end(PathEnd::Kind::escaped, std::move(path.cpu), word(path.at),
                   fmt::format("a jump from {} to {:#x}, where no code is known", path.code->name,
                               path.at));
      }
      if (++path.steps > steps_max || ends_.size() > paths_max) {
        return end(PathEnd::Kind::dead_end, std::move(path.cpu), word(path.at),
                   "an unbounded loop");
      }
      const SymbolicCpu before = path.cpu;
      if (before_step_) before_step_(before, path.at);
      path.cpu.instruction = path.at;
      path.cpu.trace.push_back(path.at);
      auto control = step(path.cpu, found->second);
      if (!control) {
        return end(PathEnd::Kind::dead_end, std::move(path.cpu), word(path.at),
                   control.error().reason);
      }
      if (path.cpu.fault) {
        const std::string reason = *path.cpu.fault;
        return end(PathEnd::Kind::dead_end, std::move(path.cpu), word(path.at), reason);
      }
      path.at = found->second.next_address();
      if (!go_on(path, *control, before)) return;
    }
  }

  static std::string place(const Code& code, std::uint64_t at) {
    return fmt::format("{}+{:#x}", code.name, at - code.begin);
  }

  static bool holds(const Code& code, std::uint64_t at) {
    return code.instructions.contains(at) || code.refused.contains(at);
  }

  // An error if it is in the routine itself, else a reason for an unknown.
  void refuse(Open& path, const DecodeError& error) {
    const bool is_called = path.code != &code_;
    const std::string reason = refusal(*path.code, error);
    end(is_called ? PathEnd::Kind::dead_end : PathEnd::Kind::refused, std::move(path.cpu),
        word(path.at),
        is_called ? fmt::format("a call of {}: {}", path.code->name, reason) : reason);
  }

  enum class Entered : std::uint8_t { code, callee, nothing };

  // Makes `path.code` the code at `path.at`, if there is any.
  std::expected<Entered, std::string> enter(Open& path, Arrival arrival) {
    for (const Code* code : {path.code, &code_}) {
      if (holds(*code, path.at)) {
        path.code = code;
        return Entered::code;
      }
    }
    const auto found = find_code_ ? find_code_(path.at, arrival) : FoundCode{};
    if (!found) return std::unexpected(found.error());
    if (found->is_callee) return Entered::callee;
    if (found->code == nullptr) return Entered::nothing;
    path.code = found->code;
    path.at = found->at;
    if (found->forgets_scratch) {
      for (const Register lost : {Register::r10, Register::r11}) {
        path.cpu.write(
            lost, variable(fmt::format("on_the_way.{}.{}", path.cpu.trace.size(), name(lost))));
      }
    }
    return Entered::code;
  }

  // A jump to a function that the contract describes: it returns to the address at RSP, as if it
  // were called with the stack above that address.
  bool jump_to_callee(Open& path) {
    const Term rsp = path.cpu.read(Register::rsp);
    const Term return_address = path.cpu.load(rsp, 8);
    if (path.cpu.fault) {
      const std::string reason = *path.cpu.fault;
      end(PathEnd::Kind::dead_end, std::move(path.cpu), word(path.at), reason);
      return false;
    }
    SymbolicCpu before = path.cpu;
    before.write(Register::rsp, rsp + word(8));
    switch (on_call_(path.cpu, word(path.at), before)) {
      case CallOutcome::returns: return return_from(path, return_address);
      case CallOutcome::never_returns:
        end(PathEnd::Kind::stopped, std::move(path.cpu), word(path.at), {});
        return false;
      case CallOutcome::unknown: break;
    }
    end(PathEnd::Kind::escaped, std::move(path.cpu), word(path.at),
        fmt::format("a jump from {} to a function that the contract does not describe",
                    path.code->name));
    return false;
  }

  // Whether the path continues at `path.at`; if not, records its ends and forks.
  bool go_on(Open& path, const Control<Term, Formula>& control, const SymbolicCpu& before) {
    if (const auto* jump = std::get_if<Jump>(&control)) {
      path.at = jump->target;
    } else if (const auto* branch = std::get_if<Branch<Formula>>(&control)) {
      return fork(path, *branch);
    } else if (const auto* guarded = std::get_if<Guarded<Formula>>(&control)) {
      return fault_unless(path, guarded->condition);
    } else if (const auto* call = std::get_if<Call>(&control)) {
      return call_out(path, word(call->target), call->return_address, before);
    } else if (const auto* indirect = std::get_if<IndirectJump<Term>>(&control)) {
      if (const auto targets = targets_within(path, indirect->target)) {
        return jump_to_each(path, indirect->target, *targets);
      }
      end(PathEnd::Kind::left, std::move(path.cpu), indirect->target, {});
      return false;
    } else if (const auto* ret = std::get_if<Return<Term>>(&control)) {
      return return_from(path, ret->target);
    } else if (std::holds_alternative<SystemCall>(control)) {
      return call_system(path);
    } else if (std::holds_alternative<Trap>(control)) {
      end(PathEnd::Kind::trapped, std::move(path.cpu), word(path.cpu.instruction),
          fmt::format("a trap at {}", place(*path.code, path.cpu.instruction)));
      return false;
    } else if (const auto* through = std::get_if<IndirectCall<Term>>(&control)) {
      return call_out(path, through->target, through->return_address, before);
    }
    return true;
  }

  // All targets that the path allows, if they are few and lie in the code: a jump by a table.
  std::optional<std::vector<std::uint64_t>> targets_within(const Open& path, Term target) {
    const auto is_within = [&path](std::uint64_t address) {
      return address >= path.code->begin && address < path.code->end;
    };
    std::vector<std::uint64_t> found;
    if (const auto one = target.as_constant()) {
      if (is_within(*one)) found.push_back(*one);
      return found.empty() ? std::nullopt : std::optional(std::move(found));
    }
    Formula is_one = truth(false);
    while (found.size() < targets_max) {
      const Answer answer = solver_.prove({path.cpu.path, is_one});
      if (answer.verdict == Verdict::proved && !found.empty()) return found;
      if (answer.verdict != Verdict::refuted) return std::nullopt;
      const std::uint64_t value = evaluate(target, answer.counterexample);
      if (!is_within(value)) return std::nullopt;
      found.push_back(value);
      is_one = logical_or(is_one, equal(target, word(value)));
    }
    return std::nullopt;
  }

  bool jump_to_each(Open& path, Term target, const std::vector<std::uint64_t>& targets) {
    for (const std::uint64_t value : targets) {
      Open taken{path.cpu, value, path.code, path.calls, path.steps};
      const Formula is_taken = equal(target, word(value));
      if (is_taken.as_constant() != true) taken.cpu.path.push_back(is_taken);
      open_.push_back(std::move(taken));
    }
    return false;
  }

  bool fork(Open& path, const Branch<Formula>& branch) {
    Open taken{path.cpu, branch.taken, path.code, path.calls, path.steps};
    const bool can_take = assume(taken.cpu, branch.condition);
    const bool can_fall_through = assume(path.cpu, logical_not(branch.condition));
    if (can_take) open_.push_back(std::move(taken));
    return can_fall_through;
  }

  bool fault_unless(Open& path, Formula condition) {
    SymbolicCpu faulted = path.cpu;
    if (assume(faulted, logical_not(condition))) {
      const std::uint64_t at = faulted.instruction;
      end(PathEnd::Kind::trapped, std::move(faulted), word(at),
          fmt::format("a fault (#GP) at {}", place(*path.code, at)));
    }
    return assume(path.cpu, condition);
  }

  // Adds the condition to the path; returns false if that makes the path impossible. An undecided
  // condition is followed: an impossible path does no harm to a proof.
  bool assume(SymbolicCpu& cpu, Formula condition) {
    if (condition.as_constant() == true) return true;
    const bool impossible =
        solver_.prove({cpu.path, logical_not(condition)}).verdict == Verdict::proved;
    cpu.path.push_back(condition);
    return !impossible;
  }

  bool call_system(Open& path) {
    const std::uint64_t at = path.cpu.instruction;
    const CallOutcome outcome = on_system_call_ ? on_system_call_(path.cpu) : CallOutcome::unknown;
    if (outcome == CallOutcome::returns) return true;
    if (outcome == CallOutcome::never_returns) {
      end(PathEnd::Kind::stopped, std::move(path.cpu), word(at), {});
      return false;
    }
    end(PathEnd::Kind::dead_end, std::move(path.cpu), word(at),
        fmt::format("a system call at {}, which the contract does not describe: add "
                    "'call NAME = syscall NUMBER'",
                    place(*path.code, at)));
    return false;
  }

  bool call_out(Open& path, Term target, std::uint64_t return_address, const SymbolicCpu& before) {
    const auto address = target.as_constant();
    const CallOutcome outcome = on_call_(path.cpu, target, before);
    if (outcome == CallOutcome::returns) {
      path.at = return_address;
      return true;
    }
    if (outcome == CallOutcome::never_returns) {
      end(PathEnd::Kind::stopped, std::move(path.cpu), target, {});
      return false;
    }
    if (address) return call_in(path, *address, return_address);
    end(PathEnd::Kind::escaped, std::move(path.cpu), target,
        fmt::format(
            "a call through memory or a register at {}, which the contract does not describe",
            place(*path.code, path.cpu.instruction)));
    return false;
  }

  // Executes a call that the contract does not describe.
  bool call_in(Open& path, std::uint64_t target, std::uint64_t return_address) {
    path.calls.push_back({return_address, path.code});
    path.at = target;
    const auto entered = enter(path, Arrival::call);
    if (!entered || path.calls.size() > calls_max) {
      end(PathEnd::Kind::dead_end, std::move(path.cpu), word(target),
          entered
              ? fmt::format("more than {} nested calls, {} among them", calls_max, path.code->name)
              : entered.error());
      return false;
    }
    if (*entered == Entered::code) return true;
    end(PathEnd::Kind::escaped, std::move(path.cpu), word(target),
        fmt::format("a call of {:#x} from {}, which the contract does not describe", target,
                    path.calls.back().caller->name));
    return false;
  }

  bool return_from(Open& path, Term target) {
    if (path.calls.empty()) {
      end(PathEnd::Kind::left, std::move(path.cpu), target, {});
      return false;
    }
    const std::uint64_t expected = path.calls.back().return_address;
    const bool comes_back =
        target.as_constant() == expected ||
        solver_.prove({path.cpu.path, equal(target, word(expected))}).verdict == Verdict::proved;
    if (!comes_back) {
      end(PathEnd::Kind::dead_end, std::move(path.cpu), target,
          fmt::format("{} does not return to where it was called", path.code->name));
      return false;
    }
    path.at = expected;
    path.code = path.calls.back().caller;
    path.calls.pop_back();
    return true;
  }

  void end(PathEnd::Kind kind, SymbolicCpu cpu, Term rip, std::string reason) {
    ends_.push_back({kind, std::move(cpu), rip, std::move(reason)});
  }

  const Code& code_;
  Solver& solver_;
  const CallHandler& on_call_;
  const CodeFinder& find_code_;
  const StepObserver& before_step_;
  const SystemCallHandler& on_system_call_;
  std::vector<Open> open_;
  std::vector<PathEnd> ends_;
};

}  // namespace

std::string refusal(const Code& code, const DecodeError& error) {
  std::string place = fmt::format("{}+{:#x}", code.symbol.empty() ? code.name : code.symbol,
                                  error.address - code.begin);
  if (code.load_bias) place += fmt::format(" ({:#x})", error.address - *code.load_bias);
  return fmt::format("{}: {}: {}", place, error.instruction, error.reason);
}

Code decode_all(std::string name, std::uint64_t address, std::span<const std::byte> bytes) {
  ReachedCode reached = reached_code(address, bytes);
  return {std::move(name), address, address + bytes.size(), std::move(reached.instructions),
          std::move(reached.refused)};
}

std::vector<PathEnd> execute(const Code& code, SymbolicCpu start, Solver& solver,
                             const CallHandler& on_call, const CodeFinder& find_code,
                             const StepObserver& before_step,
                             const SystemCallHandler& on_system_call) {
  return Execution(code, solver, on_call, find_code, before_step, on_system_call)
      .run(std::move(start));
}

}  // namespace fiberproof::verify
