#include "fuzz/oracle/continuation_oracle.hpp"

#include "fuzz/oracle/oracle_question.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz::oracle {
namespace {

constexpr std::uint64_t number_of(Arrival::Kind kind) {
  return static_cast<std::uint64_t>(kind);
}

SpecId rule_of(ExpectedTrap::Kind kind) {
  switch (kind) {
    case ExpectedTrap::Kind::no_stack:
    case ExpectedTrap::Kind::stack_too_small: return SpecId::L5;
    case ExpectedTrap::Kind::null_handle:
    case ExpectedTrap::Kind::consumed_handle: return SpecId::C1;
    case ExpectedTrap::Kind::too_many_values: return SpecId::C5;
    default: return SpecId::C2;
  }
}

}  // namespace

SpecId rule_of(const Arrival& expected) {
  switch (expected.kind) {
    case Arrival::Kind::refused: return rule_of(expected.trap.kind);
    case Arrival::Kind::made: return SpecId::L8;
    case Arrival::Kind::trapped: return SpecId::T5;
    case Arrival::Kind::caught: return SpecId::F3;
    default: return SpecId::C2;
  }
}

Verdict arrival_kind(const Arrival& expected, Arrival::Kind got) {
  const SpecId id = rule_of(expected);
  asked(id);
  return same(id,
              "what came of the step (0 nothing, 1 a handle, 2 a refusal, 3 a start, 4 a return, "
              "5 a suspension, 6 a trap, 7 a resumption, 8 an exception)",
              number_of(expected.kind), number_of(got));
}

Verdict arrival_stack(const Arrival& expected, StackIndex got) {
  asked(SpecId::C2);
  return same(SpecId::C2, "which stack has the control", expected.stack, got);
}

Verdict arrival_trap(const ExpectedTrap& expected, const ExpectedTrap& got) {
  const SpecId id = rule_of(expected.kind);
  asked(id);
  if (auto wrong = same(id, "which trap", static_cast<std::uint64_t>(expected.kind),
                        static_cast<std::uint64_t>(got.kind))) {
    return wrong;
  }
  if (auto wrong = same(id, "first fact of the trap", expected.first, got.first)) {
    return wrong;
  }
  if (auto wrong = same(id, "second fact of the trap", expected.second, got.second)) {
    return wrong;
  }
  return same(id, "third fact of the trap", expected.third, got.third);
}

Verdict arrival_exception(std::uint32_t expected, std::uint32_t got) {
  asked(SpecId::F3);
  return same(SpecId::F3, "step that threw the exception", expected, got);
}

Verdict arrival_clause(std::uint32_t expected, std::uint32_t got) {
  asked(SpecId::C2);
  return same(SpecId::C2, "clause of the handler", expected, got);
}

Verdict c1_handle(std::uint64_t expected_record, std::uint64_t got_record,
                  std::uint64_t record_revision, std::uint64_t handle_revision) {
  asked(SpecId::C1);
  if (auto wrong = same(SpecId::C1, "record of a handle", expected_record, got_record)) {
    return wrong;
  }
  return same(SpecId::C1, "revision of a handle", record_revision, handle_revision);
}

Verdict c1_revision(bool consumed, std::uint64_t before, std::uint64_t after) {
  asked(SpecId::C1);
  if (consumed) {
    return after > before
               ? Verdict{}
               : Violation{SpecId::C1, "revision: higher after a use", before + 1, after};
  }
  return same(SpecId::C1, "revision without a use", before, after);
}

Verdict c1_refused_as(std::uint64_t handle_revision, std::uint64_t refused_revision) {
  asked(SpecId::C1);
  return same(SpecId::C1, "revision of the refused handle", handle_revision, refused_revision);
}

Verdict c1_walk_is_refused(bool refused) {
  asked(SpecId::C1);
  return same(SpecId::C1, "a walk by a handle that names no chain is refused", 1, refused ? 1 : 0);
}

Verdict c2_active(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C2);
  return same(SpecId::C2, "record of the active stack", expected, got);
}

Verdict c2_nothing_to_walk(bool refused) {
  asked(SpecId::C2);
  return same(SpecId::C2, "a walk where no entry is open is refused", 1, refused ? 1 : 0);
}

Verdict c2_state(ReferenceStack::State expected, std::uint64_t got) {
  asked(SpecId::C2);
  return same(SpecId::C2, "state", static_cast<std::uint64_t>(expected), got);
}

Verdict c2_parent(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C2);
  return same(SpecId::C2, "record of the parent", expected, got);
}

Verdict c2_identity(std::uint64_t expected_number, std::uint64_t got_number) {
  asked(SpecId::C2);
  return same(SpecId::C2, "number of a continuation", expected_number, got_number);
}

Verdict c3_last_ancestor(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C3);
  return same(SpecId::C3, "record of the last ancestor", expected, got);
}

Verdict c4_limits(const LimitWords& expected, const LimitWords& got) {
  asked(SpecId::C4);
  static constexpr std::array<const char*, 4> names = {
      "stack limit", "frame pointer of the last entry", "stack pointer of the last entry",
      "trap handler"};
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (auto wrong = same(SpecId::C4, names[index], expected[index], got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c4_first_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got) {
  asked(SpecId::C4);
  if (auto wrong = same(SpecId::C4, "stack limit of a stack just entered", stack.lowest, got[0])) {
    return wrong;
  }
  if (!stack.contains(got[1])) {
    return Violation{SpecId::C4, "frame pointer of the entry: on its stack", stack.lowest, got[1]};
  }
  if (!stack.contains(got[2])) {
    return Violation{SpecId::C4, "stack pointer of the entry: on its stack", stack.lowest, got[2]};
  }
  return same(SpecId::C4, "trap handler of a stack just entered", trap_handler, got[3]);
}

Verdict c4_fresh_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got) {
  return c4_limits({stack.lowest, 0, 0, trap_handler}, got);
}

Verdict c5_value_count(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C5);
  return same(SpecId::C5, "how many values arrive", expected, got);
}

Verdict c5_value(const PlainValue& expected, const PlainValue& got) {
  if (auto wrong = same(SpecId::C5, "low half of a value", expected.low, got.low)) {
    return wrong;
  }
  return same(SpecId::C5, "high half of a value", expected.high, got.high);
}

Verdict c5_length(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C5);
  return same(SpecId::C5, "length of a buffer", expected, got);
}

Verdict c5_capacity(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C5);
  return same(SpecId::C5, "capacity of a buffer", expected, got);
}

Verdict c5_cleared(const BufferWords& got) {
  asked(SpecId::C5);
  static constexpr std::array<const char*, 3> names = {
      "length of the buffer of a record that trapped", "capacity of the buffer of such a record",
      "address of the buffer of such a record"};
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (auto wrong = same(SpecId::C5, names[index], 0, got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c6_frame_count(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6, "frames of a stack", expected, got);
}

Verdict c6_stack(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6, "record of the stack of a frame in the walk", expected, got);
}

Verdict c6_instruction(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6, "where a frame in the walk goes on", expected, got);
}

Verdict c6_begins(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6, "frame that a walk begins with", expected, got);
}

Verdict c6_kind(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6,
              "what the instruction of a frame is (0 after a call, 1 after a switch, 2 exact)",
              expected, got);
}

Verdict c6_stops(std::uint64_t wanted, std::uint64_t got) {
  asked(SpecId::C6);
  return same(SpecId::C6, "frames given to a visitor that wanted no more", wanted, got);
}

Verdict c6_walked(bool walked) {
  asked(SpecId::C6);
  return same(SpecId::C6, "the walk came to its end", 1, walked ? 1 : 0);
}

Verdict c6_broken(const BrokenWalk& expected, const BrokenWalk& got, std::uint64_t last_met) {
  asked(SpecId::C6);
  if (auto wrong = same(
          SpecId::C6,
          "why a walk stopped at what is wrong (0 it did not, 1 misaligned, 2 off its "
          "stack, 3 not above, 4 no parent, 5 too many stacks, 6 another reason)",
          static_cast<std::uint64_t>(expected.reason), static_cast<std::uint64_t>(got.reason))) {
    return wrong;
  }
  if (auto wrong =
          same(SpecId::C6, "record of the stack where a walk stopped", expected.stack, got.stack)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::C6, "word that stopped a walk", expected.found, got.found)) {
    return wrong;
  }
  if (auto wrong =
          same(SpecId::C6, "frame behind which a walk stopped", expected.after, got.after)) {
    return wrong;
  }
  return same(SpecId::C6, "last frame of a walk that stopped", expected.after, last_met);
}

Verdict c6_bounded(std::uint64_t stacks_of_store, std::uint64_t stacks_walked) {
  asked(SpecId::C6);
  return same(SpecId::C6, "stacks in a walk of a chain without an end", stacks_of_store,
              stacks_walked);
}

Verdict c6_ends(std::uint64_t noted, std::uint64_t met) {
  asked(SpecId::C6);
  return same(SpecId::C6, "frames met by the walk, of those that were noted", noted, met);
}

Verdict t7_parent(const ContextWords& expected, const ContextWords& got, bool is_exact) {
  asked(SpecId::T7);
  if (auto wrong = same(SpecId::T7, "RSP of the parent, unwound", expected.rsp, got.rsp)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::T7, "RBP of the parent, unwound", expected.rbp, got.rbp)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::T7, "RIP of the parent, unwound", expected.rip, got.rip)) {
    return wrong;
  }
  return same(SpecId::T7, "the parent goes on at RIP exactly", 1, is_exact ? 1 : 0);
}

Verdict t7_ends(std::uint64_t noted, std::uint64_t met) {
  asked(SpecId::T7);
  return same(SpecId::T7, "frames and trampolines met by the unwinder, of those there are", noted,
              met);
}

Verdict c7_live(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C7);
  return same(SpecId::C7, "continuations that have a stack", expected, got);
}

Verdict c7_records_used_again(std::uint64_t without_stack) {
  asked(SpecId::C7);
  return same(SpecId::C7, "records without a stack where another one is made", 0, without_stack);
}

Verdict c7_stacks_apart(const Span& made, const Span& in_use) {
  asked(SpecId::C7);
  if (made.end <= in_use.lowest || in_use.end <= made.lowest) {
    return std::nullopt;
  }
  return Violation{SpecId::C7, "a new stack: apart from one in use", in_use.end, made.lowest};
}

Verdict c7_unmapped(std::uint64_t page, bool is_mapped) {
  asked(SpecId::C7);
  return is_mapped
             ? Violation{SpecId::C7, "a page of a stack after its store's end: not mapped", 0, page}
             : Verdict{};
}

Verdict c7_exceptions(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::C7);
  return same(SpecId::C7, "exceptions that are left of a run", expected, got);
}

Verdict c8_overrun_faults(std::uint64_t address, std::uint64_t fault) {
  asked(SpecId::C8);
  return same(SpecId::C8, "address of the fault below the limit", address, fault);
}

Verdict c8_guard_is_whole(std::optional<std::uint64_t> readable) {
  asked(SpecId::C8);
  return readable ? Violation{SpecId::C8, "a guard page that can be read: none", 0, *readable}
                  : Verdict{};
}

Verdict c8_has_guard_pages(bool pooled, bool got) {
  asked(SpecId::C8);
  return same(SpecId::C8, "the stack has guard pages", pooled ? 1 : 0, got ? 1 : 0);
}

Verdict c8_guard_pages(const Span& usable, const Span& guard) {
  asked(SpecId::C8);
  if (auto wrong =
          same(SpecId::C8, "bytes of guard pages", spec::guard_bytes, guard.end - guard.lowest)) {
    return wrong;
  }
  if (guard.end > usable.lowest || usable.lowest - guard.end >= spec::page_bytes) {
    return Violation{SpecId::C8, "end of the guard pages: less than a page below the limit",
                     usable.lowest, guard.end};
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz::oracle
