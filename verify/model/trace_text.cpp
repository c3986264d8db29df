#include "verify/model/trace_text.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify::model {
namespace {

constexpr std::uint64_t named_handles_max = 7;
constexpr std::uint64_t unused_slot = 7;

bool is_entry_of_the_embedder(const TraceStep& step) {
  return step.operation.kind == Kind::enter && step.active_before == 0;
}

std::string slot_of(std::uint64_t handle) {
  // A null handle is one that no step returned: the last slot is written only by steps that never
  // happen.
  return fmt::format("h{}", handle == 0 ? unused_slot : handle - 1);
}

std::string clauses_of(std::uint64_t table) {
  return fmt::format("{}{}", (table & 1) != 0 ? " suspends t0" : "",
                     (table & 2) != 0 ? " switches t0" : "");
}

// The handle of the suspension that the resume at `at` ends with, or 0.
std::uint64_t suspended_to(const Trace& trace, std::size_t at) {
  const std::uint64_t resumer = trace[at].active_before;
  for (std::size_t next = at + 1; next < trace.size(); ++next) {
    if (trace[next].active_after != resumer || trace[next].active_before == resumer) continue;
    return trace[next].operation.kind == Kind::suspend ? trace[next].operation.new_handle : 0;
  }
  return 0;
}

bool is_thrown(const TraceStep& step) {
  return step.operation.kind == Kind::resume_throw ||
         (step.operation.kind == Kind::trap && step.operation.is_kept != 0);
}

std::string line_of(const Trace& trace, std::size_t at) {
  const ConcreteOperation& op = trace[at].operation;
  const std::string handle = slot_of(op.handle);
  const std::string made = slot_of(op.new_handle);
  const std::string back = slot_of(suspended_to(trace, at));
  switch (op.kind) {
    case Kind::cont_new: return fmt::format("new {} f0 on s0", made);
    case Kind::cont_bind: return fmt::format("bind {} {} to {}", handle, op.count, made);
    case Kind::resume:
      return fmt::format("resume {} {} to {}{}", handle, op.count, back, clauses_of(op.handlers));
    case Kind::suspend: return fmt::format("suspend t0 {} room {}", op.count, op.room);
    case Kind::switch_to:
      return fmt::format("switch {} t0 {} room {} to {}", handle, op.count, op.room, made);
    case Kind::resume_throw:
      return fmt::format("throw-into {} to {}{}", handle, back, clauses_of(op.handlers));
    case Kind::abandon: return fmt::format("drop {}", handle);
    case Kind::return_: return "return";
    case Kind::trap: return op.is_kept != 0 ? "throw" : "trap";
    case Kind::enter: return "enter";
    case Kind::leave: return "leave";
    case Kind::close: break;
  }
  return {};
}

}  // namespace

std::expected<std::string, std::string> program_text(const Trace& trace) {
  // Each exception is caught on the next stack that it reaches.
  const bool catches = std::ranges::any_of(trace, is_thrown);
  std::string text =
      "fiberproof program 2\nstack s0 pooled 65536\n"
      "function f0 params 1 returns 1\ntags 1\nsteps\n";
  bool is_over = false;
  for (std::size_t at = 0; at < trace.size(); ++at) {
    const TraceStep& step = trace[at];
    const Kind kind = step.operation.kind;
    if (kind == Kind::close) continue;
    if (is_over) return std::unexpected("the embedder enters the store more than once");
    if (step.operation.handle > named_handles_max ||
        step.operation.new_handle > named_handles_max) {
      return std::unexpected("more handles than a Program has names for");
    }
    if (at == 0 && is_entry_of_the_embedder(step)) continue;
    if (kind == Kind::leave && step.active_after == 0) {
      is_over = true;
      continue;
    }
    const bool may_be_thrown_to = kind == Kind::resume || kind == Kind::resume_throw ||
                                  kind == Kind::suspend || kind == Kind::switch_to;
    if (catches && may_be_thrown_to) text += "  try\n";
    text += fmt::format("  {}\n", line_of(trace, at));
  }
  return text + "end\n";
}

std::string story(const Trace& trace) {
  std::string text;
  for (std::size_t at = 0; at < trace.size(); ++at) {
    const TraceStep& step = trace[at];
    text += fmt::format(
        "{}: {}{}; record {} runs\n", name_of(step.operation.kind), line_of(trace, at),
        step.outcome == Machine::Outcome::refused ? " (refused)" : "", step.active_after);
  }
  return text;
}

}  // namespace fiberproof::verify::model
