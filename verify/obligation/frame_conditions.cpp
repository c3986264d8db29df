#include "verify/obligation/frame_conditions.hpp"

#include "verify/obligation/frame_parts.hpp"
#include "verify/obligation/frame_state.hpp"
#include "verify/obligation/setup.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

// psABI 3.2.1: what belongs to the caller, and where control continues.
constexpr std::array<std::string_view, 11> preserved = {
    "rip", "rsp", "rbp", "rbx", "r12", "r13", "r14", "r15", "mxcsr_control", "x87_control", "df"};
constexpr std::span modes = std::span(preserved).last(3);

struct Point {
  std::string name;  // as an `unclaimed` statement has it
  std::string told;
  const std::vector<Clause>* clauses;
  std::span<const std::string_view> registers;
  const Expression* condition =
      nullptr;  // at the beginning, of a call that is made only where it holds
};

std::vector<Point> points_of(const Contract& contract) {
  std::vector<Point> points;
  for (const CallDeclaration& call : contract.calls) {
    if (call.never_called) continue;
    // A system call changes no mode (psABI A.2.1), and its caller's modes do not concern it.
    points.push_back({call.name, "call " + call.name, &call.clauses,
                      call.system_call ? std::span<const std::string_view>() : modes,
                      call.condition ? &*call.condition : nullptr});
  }
  for (const Run& run : std::span(contract.runs).subspan(1)) {
    points.push_back({run.name, "run " + run.name, &run.arrivals, preserved});
  }
  const bool ends_in_a_call =
      contract.exits.empty() && std::ranges::any_of(contract.calls, [](const auto& call) {
        return call.never_returns && !call.never_called;
      });
  if (!ends_in_a_call) points.push_back({"exit", "exit", &contract.exits, preserved});
  return points;
}

// The numbers of the terms differ, and so do the addresses of the code that runs.
void place_code(const Contract& contract, Case& in) {
  constexpr std::uint64_t somewhere = 0x7e00'0000'0000;
  constexpr std::uint64_t apart = 0x10'0000;
  for (std::size_t index = 0; index < contract.runs.size(); ++index) {
    const std::uint64_t begin = somewhere + index * apart;
    in.names.run_begins.emplace(contract.runs[index].name, begin);
    in.names.run_ends.emplace(contract.runs[index].name, begin + apart / 2);
  }
}

class FrameProver {
 public:
  FrameProver(const Contract& contract, Case& in, Solver& solver)
      : contract_(contract), in_(in), solver_(solver), parts_(contract, in, solver) {}

  Result<FrameConditions> run() {
    if (const auto read = parts_.read(); !read) return std::unexpected(read.error());
    for (const Point& point : points_of(contract_)) {
      if (const auto done = look_at(point); !done) return std::unexpected(done.error());
    }
    for (std::string& line : parts_.unneeded()) result_.unneeded.push_back(std::move(line));
    return std::move(result_);
  }

 private:
  Result<void> look_at(const Point& point) {
    FrameState one(contract_, *point.clauses, in_, solver_, point.name + ".one");
    FrameState other(contract_, *point.clauses, in_, solver_, point.name + ".other");
    for (const std::string& line : one.unread()) {
      result_.unread.push_back(fmt::format("{}: {}", point.told, line));
    }
    if (one.contents().size() != other.contents().size()) {
      return std::unexpected(fmt::format("{}: the clauses at {} read memory that depends on memory",
                                         contract_.path, point.told));
    }
    assumptions_ = in_.entry->path;
    assumptions_.push_back(one.holds());
    assumptions_.push_back(other.holds());
    if (point.condition != nullptr) {
      Scope beginning = in_.entry_scope();
      const auto is_made = truth_value(*point.condition, beginning);
      if (!is_made) return std::unexpected(is_made.error());
      assumptions_.push_back(logical_and(*is_made, beginning.is_defined));
    }
    for (std::size_t index = 0; index < one.contents().size(); ++index) {
      // Bytes that no code may write are the same in both.
      const auto& [location, bytes, value] = one.contents()[index];
      assumptions_.push_back(logical_or(parts_.may_be_written(location, bytes),
                                        equal(value, other.contents()[index].value)));
    }
    if (solver_.prove({assumptions_, truth(false)}).verdict == Verdict::proved) {
      return std::unexpected(
          fmt::format("{}: no state satisfies the clauses at {}", contract_.path, point.told));
    }
    for (const std::string_view name : point.registers) {
      decide(point, std::string(name), equal(one.value_of(name), other.value_of(name)),
             parts_.reasons_for(name, point.name));
    }
    for (const FramePiece& piece : parts_.pieces(one.contents())) look_at(point, piece, one, other);
    return {};
  }

  // Bytes that share a word are looked at one by one if the word is not claimed as a whole.
  void look_at(const Point& point, const FramePiece& piece, FrameState& one, FrameState& other) {
    if (piece.undecided) return note(point, *piece.undecided);
    if (piece.chunk == FramePiece::no_chunk) {
      return decide(point, piece.text(), truth(false), parts_.reasons_for(piece, point.name),
                    piece.condition());
    }
    const Term first = one.contents()[piece.chunk].value;
    const Term second = other.contents()[piece.chunk].value;
    const auto is_same = [&](const FramePiece& part) {
      return equal(part.of_chunk(first), part.of_chunk(second));
    };
    if (piece.size() == 1 || is_decided(is_same(piece), piece.condition())) {
      return decide(point, piece.text(), is_same(piece), parts_.reasons_for(piece, point.name),
                    piece.condition());
    }
    for (std::uint64_t begin = piece.begin; begin < piece.end;) {
      const bool is_claimed = is_decided(is_same(piece.part(begin, begin + 1)), piece.condition());
      std::uint64_t end = begin + 1;
      while (end < piece.end &&
             is_claimed == is_decided(is_same(piece.part(end, end + 1)), piece.condition())) {
        ++end;
      }
      const FramePiece part = piece.part(begin, end);
      decide(point, part.text(), is_same(part), parts_.reasons_for(part, point.name),
             piece.condition());
      begin = end;
    }
  }

  Verdict verdict_of(Formula goal, std::vector<Formula> assumptions) {
    if (goal.as_constant() == true) return Verdict::proved;
    return solver_.prove({std::move(assumptions), goal}).verdict;
  }

  bool is_decided(Formula is_same, Formula condition) {
    std::vector<Formula> assumed = assumptions_;
    assumed.push_back(condition);
    return verdict_of(is_same, std::move(assumed)) == Verdict::proved;
  }

  // Records a part as claimed, or as open with each reason that applies to a state in which it is.
  void decide(const Point& point, const std::string& part, Formula is_same,
              const std::vector<FrameReason>& reasons, Formula condition = truth(true)) {
    std::vector<Formula> assumed = assumptions_;
    assumed.push_back(condition);
    const Verdict verdict = verdict_of(is_same, assumed);
    if (verdict == Verdict::proved) {
      ++result_.claimed;
      return;
    }
    if (verdict == Verdict::unknown) return note(point, part + ": the solver gives no answer");
    std::vector<Formula> without_reason = assumed;
    for (const FrameReason& reason : reasons) {
      without_reason.push_back(logical_not(reason.condition));
      std::vector<Formula> where_it_applies = assumed;
      where_it_applies.push_back(reason.condition);
      if (verdict_of(is_same, std::move(where_it_applies)) == Verdict::proved) continue;
      reason.is_used();
      result_.open.push_back(
          {point.told, part, reason.declaration->spec_id, reason.declaration->reason});
    }
    if (verdict_of(is_same, std::move(without_reason)) != Verdict::proved) {
      result_.open.push_back({point.told, part, {}, {}});
    }
  }

  void note(const Point& point, const std::string& line) {
    result_.undecided.push_back(fmt::format("{}: {}", point.told, line));
  }

  const Contract& contract_;
  Case& in_;
  Solver& solver_;
  FrameParts parts_;
  FrameConditions result_;
  std::vector<Formula> assumptions_;  // about both states at a point
};

}  // namespace

bool has_no_frame(const Contract& contract) {
  return contract.runs.empty() || is_of_live_registers_alone(contract);
}

std::expected<FrameConditions, std::string> frame_conditions(const Contract& contract,
                                                             Solver& solver) {
  if (has_no_frame(contract)) return FrameConditions{};
  const SwitchOperands operands{{Register::rsi, 0}, {Register::rdx, 0}};
  auto in = set_up(contract, nullptr, solver, operands);
  if (!in) return std::unexpected(in.error());
  place_code(contract, **in);
  return FrameProver(contract, **in, solver).run();
}

}  // namespace fiberproof::verify
