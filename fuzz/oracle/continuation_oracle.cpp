#include "fuzz/oracle/continuation_oracle.hpp"

#include "fuzz/oracle/oracle_question.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz::oracle {
namespace {

// psABI, figure 3.36; 12 to 15 are R12 to R15.
constexpr std::size_t dwarf_rbx = 3;
constexpr std::size_t dwarf_rbp = 6;
constexpr std::size_t dwarf_rsp = 7;
constexpr std::size_t dwarf_r12 = 12;
constexpr std::size_t dwarf_return_address = 16;

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

/// What the numbers of a trap are.
std::array<const char*, 3> facts_of(ExpectedTrap::Kind kind) {
  constexpr const char* none = "a number that this trap does not have";
  switch (kind) {
    case ExpectedTrap::Kind::stack_too_small:
      return {"bytes that the trap requires", "usable bytes in the trap", none};
    case ExpectedTrap::Kind::too_many_values:
      return {"values given, in the trap", "length of the buffer, in the trap",
              "capacity of the buffer, in the trap"};
    case ExpectedTrap::Kind::unhandled_suspend:
    case ExpectedTrap::Kind::unhandled_switch: return {"index of the tag in the trap", none, none};
    case ExpectedTrap::Kind::body_failed:
      return {"number of the continuation in the trap", none, none};
    case ExpectedTrap::Kind::no_stack:
      return {"bytes requested, in the trap", "reason why there is no stack", none};
    default: return {none, none, none};
  }
}

}  // namespace

SpecId rule_of(const Arrival& expected) {
  switch (expected.kind) {
    case Arrival::Kind::refused: return rule_of(expected.trap.kind);
    case Arrival::Kind::made: return SpecId::L8;
    case Arrival::Kind::trapped: return SpecId::T5;
    case Arrival::Kind::caught:
    case Arrival::Kind::cleaning: return SpecId::F3;
    default: return SpecId::C2;
  }
}

Verdict arrival_trap(const ExpectedTrap& expected, const ExpectedTrap& got) {
  const SpecId id = rule_of(expected.kind);
  asked(id);
  if (auto wrong = equal(id, "trap", expected.kind, got.kind)) {
    return wrong;
  }
  const std::array<const char*, 3> facts = facts_of(expected.kind);
  if (auto wrong = equal(id, facts[0], expected.first, got.first)) {
    return wrong;
  }
  if (auto wrong = equal(id, facts[1], expected.second, got.second,
                         expected.kind == ExpectedTrap::Kind::no_stack
                             ? &name_of_number<ExpectedTrap::NoStack>
                             : nullptr)) {
    return wrong;
  }
  return equal(id, facts[2], expected.third, got.third);
}

Verdict c1_handle(std::uint64_t expected_record, std::uint64_t got_record,
                  std::uint64_t record_revision, std::uint64_t handle_revision) {
  asked(SpecId::C1);
  if (auto wrong = equal(SpecId::C1, "record that a handle names", expected_record, got_record)) {
    return wrong;
  }
  return equal(SpecId::C1, "revision in a handle", record_revision, handle_revision);
}

Verdict c1_revision(bool consumed, std::uint64_t before, std::uint64_t after) {
  asked(SpecId::C1);
  if (consumed) {
    return after > before ? Verdict{}
                          : Violation{SpecId::C1, "revision after a use of the handle, at least",
                                      before + 1, after};
  }
  return equal(SpecId::C1, "revision after a step that does not use the handle", before, after);
}

Verdict c4_limits(const LimitWords& expected, const LimitWords& got) {
  asked(SpecId::C4);
  static constexpr std::array<const char*, 4> names = {
      "stack limit", "frame pointer of the latest entry", "stack pointer of the latest entry",
      "trap handler"};
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (auto wrong = equal(SpecId::C4, names[index], expected[index], got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c4_first_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got) {
  asked(SpecId::C4);
  if (auto wrong = equal(SpecId::C4, "stack limit of a stack just entered", stack.lowest, got[0])) {
    return wrong;
  }
  if (!stack.contains(got[1])) {
    return Violation{SpecId::C4, "frame pointer of the entry, on its stack from", stack.lowest,
                     got[1]};
  }
  if (!stack.contains(got[2])) {
    return Violation{SpecId::C4, "stack pointer of the entry, on its stack from", stack.lowest,
                     got[2]};
  }
  return equal(SpecId::C4, "trap handler of a stack just entered", trap_handler, got[3]);
}

Verdict c4_fresh_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got) {
  return c4_limits({stack.lowest, 0, 0, trap_handler}, got);
}

Verdict c5_untouched(Span words) {
  return untouched(SpecId::C5, "word beside the values of a buffer", {&words, 1});
}

Verdict c5_value(const PlainValue& expected, const PlainValue& got) {
  if (auto wrong = equal(SpecId::C5, "low half of a value", expected.low, got.low)) {
    return wrong;
  }
  return equal(SpecId::C5, "high half of a value", expected.high, got.high);
}

Verdict c5_cleared(const BufferWords& got) {
  asked(SpecId::C5);
  static constexpr std::array<const char*, 3> names = {
      "length of the buffer of a trapped continuation",
      "capacity of the buffer of a trapped continuation",
      "address of the buffer of a trapped continuation"};
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (auto wrong = equal(SpecId::C5, names[index], 0, got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c5_args(const BufferWords& expected, const BufferWords& got) {
  asked(SpecId::C5);
  static constexpr std::array<const char*, 3> names = {
      "length of the args buffer", "capacity of the args buffer", "address of the args buffer"};
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (auto wrong = equal(SpecId::C5, names[index], expected[index], got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c5_room(const BufferWords& expected, const BufferWords& got) {
  asked(SpecId::C5);
  static constexpr std::array<const char*, 3> names = {"length of the room of a suspension",
                                                       "capacity of the room of a suspension",
                                                       "address of the room of a suspension"};
  const std::size_t compared = expected[1] == 0 ? 2 : names.size();
  for (std::size_t index = 0; index < compared; ++index) {
    if (auto wrong = equal(SpecId::C5, names[index], expected[index], got[index])) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict c7_stack_facts(const StackFacts& expected, const StackFacts& got) {
  asked(SpecId::C7);
  if (auto wrong = equal(SpecId::C7, "stack of a record", expected.stack, got.stack)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::C7, "address of the control context in a record",
                         expected.control_context, got.control_context)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::C7, "annotations of the stack of a record", expected.sanitizer,
                         got.sanitizer)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::C7, "the stack is of the store's pool", expected.is_pooled,
                         got.is_pooled)) {
    return wrong;
  }
  return equal(SpecId::C7, "the stack stays with its record after the end", expected.is_kept,
               got.is_kept);
}

std::string_view name_of(BrokenWalk::Reason reason) {
  switch (reason) {
    case BrokenWalk::Reason::none: return "did not stop";
    case BrokenWalk::Reason::misaligned: return "misaligned";
    case BrokenWalk::Reason::off_its_stack: return "off its stack";
    case BrokenWalk::Reason::not_above: return "not above";
    case BrokenWalk::Reason::no_parent: return "no parent";
    case BrokenWalk::Reason::too_many_stacks: return "too many stacks";
    case BrokenWalk::Reason::other: return "another reason";
  }
  return "unknown";
}

Verdict c6_broken(const BrokenWalk& expected, const BrokenWalk& got, std::uint64_t last_met) {
  asked(SpecId::C6);
  if (auto wrong = equal(SpecId::C6, "reason why the walk stopped", expected.reason, got.reason)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::C6, "record of the stack where a walk stopped", expected.stack,
                         got.stack)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::C6, "word that stopped a walk", expected.found, got.found)) {
    return wrong;
  }
  if (auto wrong =
          equal(SpecId::C6, "frame after which a walk stopped", expected.after, got.after)) {
    return wrong;
  }
  return equal(SpecId::C6, "last frame that a walk met before it stopped", expected.after,
               last_met);
}

Verdict t7_parent(const ContextWords& expected, const ContextWords& got, bool is_exact) {
  asked(SpecId::T7);
  if (auto wrong =
          equal(SpecId::T7, "RSP of the parent, as unwinding recovers it", expected.rsp, got.rsp)) {
    return wrong;
  }
  if (auto wrong =
          equal(SpecId::T7, "RBP of the parent, as unwinding recovers it", expected.rbp, got.rbp)) {
    return wrong;
  }
  if (auto wrong =
          equal(SpecId::T7, "RIP of the parent, as unwinding recovers it", expected.rip, got.rip)) {
    return wrong;
  }
  return equal(SpecId::T7, "the unwinder takes that RIP for exact", true, is_exact);
}

Verdict t7_other_registers(const std::optional<RegisterRules>& rules) {
  asked(SpecId::T7);
  if (!rules) {
    return Violation{SpecId::T7, "call frame information of an instruction that is understood", 1,
                     0};
  }
  for (std::size_t number = 0; number < rules->size(); ++number) {
    if (number == dwarf_rbp || number == dwarf_rsp || number == dwarf_return_address) {
      continue;
    }
    const bool is_preserved = number == dwarf_rbx || number >= dwarf_r12;
    const auto expected = is_preserved ? RegisterRule::undefined : RegisterRule::none;
    if ((*rules)[number] != expected) {
      return Violation{SpecId::T7, "number of a register that the parent does not have, of none",
                       dwarf_registers, number};
    }
  }
  return std::nullopt;
}

Verdict c7_stacks_apart(const Span& made, const Span& in_use) {
  asked(SpecId::C7);
  if (made.end <= in_use.lowest || in_use.end <= made.lowest) {
    return std::nullopt;
  }
  return Violation{
      SpecId::C7,
      "lowest address of a new stack, which must not share a byte with one that ends at",
      in_use.end, made.lowest};
}

Verdict c8_guard_pages(const Span& usable, const Span& guard) {
  asked(SpecId::C8);
  if (auto wrong =
          equal(SpecId::C8, "bytes of guard pages", spec::guard_bytes, guard.end - guard.lowest)) {
    return wrong;
  }
  if (guard.end > usable.lowest || usable.lowest - guard.end >= spec::page_bytes) {
    return Violation{SpecId::C8, "end of the guard pages, less than a page below the limit",
                     usable.lowest, guard.end};
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz::oracle
