// The oracles of the continuation machine (C1 to C8): for each rule, what was seen against what the
// rule says. As those of fuzz/oracle/oracle.hpp: pure but for a count of how often each was asked;
// the first violation, or nothing.
#pragma once

#include "fuzz/oracle/oracle.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/reference/reference.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace fiberproof::fuzz::oracle {

/// The rule that is broken where something else arrives than `expected`.
SpecId rule_of(const Arrival& expected);

/// Which kind of arrival it was, on which stack.
Verdict arrival_kind(const Arrival& expected, Arrival::Kind got);
Verdict arrival_stack(const Arrival& expected, StackIndex got);
Verdict arrival_trap(const ExpectedTrap& expected, const ExpectedTrap& got);
Verdict arrival_exception(std::uint32_t expected, std::uint32_t got);
Verdict arrival_clause(std::uint32_t expected, std::uint32_t got);

/// A handle that came names the right record, in its present revision.
Verdict c1_handle(std::uint64_t expected_record, std::uint64_t got_record,
                  std::uint64_t record_revision, std::uint64_t handle_revision);
/// The revision of a record, before and after a step in which its handle was `consumed` or not.
Verdict c1_revision(bool consumed, std::uint64_t before, std::uint64_t after);
/// A consumed handle was refused as the one it is.
Verdict c1_refused_as(std::uint64_t handle_revision, std::uint64_t refused_revision);
/// A walk by a handle that names no chain was refused, and for the right reason.
Verdict c1_walk_is_refused(bool refused);

Verdict c2_active(std::uint64_t expected, std::uint64_t got);
/// Where no entry is open, a walk has nothing to begin at and was refused so.
Verdict c2_nothing_to_walk(bool refused);
Verdict c2_state(ReferenceStack::State expected, std::uint64_t got);
Verdict c2_parent(std::uint64_t expected, std::uint64_t got);
Verdict c2_identity(std::uint64_t expected_number, std::uint64_t got_number);

Verdict c3_last_ancestor(std::uint64_t expected, std::uint64_t got);

/// Stack limit, entry frame pointer, entry stack pointer, trap handler.
using LimitWords = std::array<std::uint64_t, 4>;
Verdict c4_limits(const LimitWords& expected, const LimitWords& got);
/// Those of a stack that has just been entered, whose own are `stack` and `trap_handler`.
Verdict c4_first_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got);
/// Those of a fresh continuation, whose stack nobody has entered.
Verdict c4_fresh_limits(const Span& stack, std::uint64_t trap_handler, const LimitWords& got);

Verdict c5_value_count(std::uint64_t expected, std::uint64_t got);
Verdict c5_value(const PlainValue& expected, const PlainValue& got);
/// {length, capacity} of a buffer.
Verdict c5_length(std::uint64_t expected, std::uint64_t got);
Verdict c5_capacity(std::uint64_t expected, std::uint64_t got);
/// {length, capacity, data} of a buffer of a record that has trapped.
using BufferWords = std::array<std::uint64_t, 3>;
Verdict c5_cleared(const BufferWords& got);

/// What unwinding recovers for the caller of a trampoline, and the words of the control context;
/// RIP is where the caller goes on exactly, and not after a call.
Verdict t7_parent(const ContextWords& expected, const ContextWords& got, bool is_exact);
/// The unwinder has met every noted frame, and every trampoline, in order.
Verdict t7_ends(std::uint64_t noted, std::uint64_t met);

/// Frames that are noted of one stack, and calls that the reference has there.
Verdict c6_frame_count(std::uint64_t expected, std::uint64_t got);
/// The stack that a noted frame is on, by its record, and the one that the walk says.
Verdict c6_stack(std::uint64_t expected, std::uint64_t got);
/// Where a frame goes on, as the frame inside it or a control context says, and as the walk does.
Verdict c6_instruction(std::uint64_t expected, std::uint64_t got);
/// The frame that a walk began with, and the one that its caller is.
Verdict c6_begins(std::uint64_t expected, std::uint64_t got);
/// What the instruction of a frame is: 0 after a call, 1 after a switch, 2 where it goes on
/// exactly.
Verdict c6_kind(std::uint64_t expected, std::uint64_t got);
/// A walk came to its end, and has met every noted frame in order.
Verdict c6_walked(bool walked);
/// A visitor wanted no more than `wanted` frames, and was given `got`.
Verdict c6_stops(std::uint64_t wanted, std::uint64_t got);

/// What is wrong with a chain, as a walk says: on which stack, by its record, what it found there
/// and behind which frame; 0 where it found nothing, or met no frame before.
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
  std::uint64_t stack = 0;
  std::uint64_t found = 0;
  std::uint64_t after = 0;
};
/// A walk of a broken chain has stopped at what is wrong; `last_met` is the frame that it met last.
Verdict c6_broken(const BrokenWalk& expected, const BrokenWalk& got, std::uint64_t last_met);
/// A walk of a chain without an end went over as many stacks as the store has, and no more.
Verdict c6_bounded(std::uint64_t stacks_of_store, std::uint64_t stacks_walked);

Verdict c6_ends(std::uint64_t noted, std::uint64_t met);

Verdict c7_live(std::uint64_t expected, std::uint64_t got);
/// A record was made, though so many others had no stack.
Verdict c7_records_used_again(std::uint64_t without_stack);
/// A new continuation's stack and one that is in use.
Verdict c7_stacks_apart(const Span& made, const Span& in_use);

/// A page of a stack of the store's pool, after the store's end.
Verdict c7_unmapped(std::uint64_t page, bool is_mapped);
/// Exceptions that exist when nothing is left of a run.
Verdict c7_exceptions(std::uint64_t expected, std::uint64_t got);

/// An access at the first byte below the usable ones, and at which address the fault was; 0 where
/// there was none.
Verdict c8_overrun_faults(std::uint64_t address, std::uint64_t fault);
/// No guard page could be read; or one of them could, with this address.
Verdict c8_guard_is_whole(std::optional<std::uint64_t> readable);
/// A stack of the store's pool has guard pages, and one of the embedder's memory has none.
Verdict c8_has_guard_pages(bool pooled, bool got);
/// They are as many as is specified, right below the usable bytes, give or take what staggers the
/// top.
Verdict c8_guard_pages(const Span& usable, const Span& guard);

}  // namespace fiberproof::fuzz::oracle
