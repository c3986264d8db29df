// The oracles of the continuation machine (C1 to C8) that compare more than two numbers; the others
// are `oracle::same`. As those of fuzz/oracle/oracle.hpp they are pure but for the counts, and
// return the first violation or nothing.
#pragma once

#include "fuzz/oracle/frame_rules.hpp"
#include "fuzz/oracle/oracle.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/oracle/same.hpp"
#include "fuzz/reference/names.hpp"
#include "fuzz/reference/reference.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::fuzz::oracle {

/// The rule that is violated where anything but `expected` arrives.
SpecId rule_of(const Arrival& expected);

/// A trap with its facts.
[[nodiscard]] Verdict arrival_trap(const ExpectedTrap& expected, const ExpectedTrap& got);

/// A handle that arrives names the right record, in its present revision.
Verdict c1_handle(std::uint64_t expected_record, std::uint64_t got_record,
                  std::uint64_t record_revision, std::uint64_t handle_revision);
/// The revision of a record, before and after a step in which its handle was `consumed` or not.
Verdict c1_revision(bool consumed, std::uint64_t before, std::uint64_t after);

/// Stack limit, entry frame pointer, entry stack pointer, trap handler.
using LimitWords = std::array<std::uint64_t, 4>;
Verdict c4_limits(const LimitWords& expected, const LimitWords& got);
/// The limits of a stack that has just been entered.
Verdict c4_first_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got);
/// The limits of a fresh continuation, whose stack has not been entered.
Verdict c4_fresh_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got);

/// Words beside the values of a buffer or of a room, which were filled with the pattern before.
Verdict c5_untouched(Span words);
/// A value that arrives. Not counted, since there may be thousands in a step.
Verdict c5_value(const PlainValue& expected, const PlainValue& got);
/// {length, capacity, data} of a buffer of a record that has trapped.
using BufferWords = std::array<std::uint64_t, 3>;
Verdict c5_cleared(const BufferWords& got);
/// The args object of a record from its creation to its end.
Verdict c5_args(const BufferWords& expected, const BufferWords& got);
/// The room of a continuation that is suspended. Without capacity its address is open.
Verdict c5_room(const BufferWords& expected, const BufferWords& got);

/// Where a record has its stack, and from whom: addresses and truth values.
struct StackFacts {
  std::uint64_t stack;
  std::uint64_t control_context;
  std::uint64_t sanitizer;
  bool is_pooled;
  bool is_kept;
};
Verdict c7_stack_facts(const StackFacts& expected, const StackFacts& got);

/// The break in a chain, as a walk reports it.
struct BrokenWalk {
  enum class Reason : std::uint8_t {
    none,
    misaligned,
    off_its_stack,
    not_above,
    no_parent,
    too_many_stacks,
    other
  };
  Reason reason = Reason::none;
  std::uint64_t stack = 0;  ///< address of the record of the stack where the walk stopped
  std::uint64_t found = 0;  ///< the word that stopped it, or 0
  std::uint64_t after = 0;  ///< the frame that it met before, or 0
};
std::string_view name_of(BrokenWalk::Reason reason);
/// A walk of a broken chain has stopped at what is wrong; `last_met` is the last frame it met.
Verdict c6_broken(const BrokenWalk& expected, const BrokenWalk& got, std::uint64_t last_met);

/// The stacks of a new continuation and of one in use share no byte.
Verdict c7_stacks_apart(const Span& made, const Span& in_use);

/// The guard pages are as many as specified, and less than a page below the usable bytes, whose top
/// is staggered.
Verdict c8_guard_pages(const Span& usable, const Span& guard);

/// The registers that unwinding recovers for the caller of a trampoline, against the control
/// context. `is_exact`: its RIP is where the caller resumes, not the address after a call.
Verdict t7_parent(const ContextWords& expected, const ContextWords& got, bool is_exact);
/// The rules at an instruction of a trampoline, where they are understood: of RSP, RBP and RIP
/// whatever yields the parent's; the other registers that a call preserves are gone, and no rule
/// speaks of the rest.
Verdict t7_other_registers(const std::optional<RegisterRules>& rules);

}  // namespace fiberproof::fuzz::oracle
