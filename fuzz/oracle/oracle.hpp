// The oracles: for each rule of the specification a function that compares what was seen with what
// the rule says, in the rule's own numbers (spec_layout.hpp). They are pure but for a count of how
// often each was asked; what a violation leads to is up to the caller (report.hpp).
//
// The first violation is returned, or nothing. Addresses are read raw, so that a test can plant an
// error in any buffer.
#pragma once

#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/oracle/stack_memory.hpp"
#include "fuzz/spec/spec_id.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fiberproof::fuzz {

/// Names an outcome that a number stands for.
using NameOf = std::string_view(std::uint64_t number);

struct Violation {
  SpecId id;
  const char* what;  ///< a literal: what the two values are of
  std::uint64_t expected;
  std::uint64_t got;
  NameOf* name = nullptr;  ///< of both values; null where they are numbers
};

using Verdict = std::optional<Violation>;

/// How often each oracle was asked in this process, by SpecId.
using OracleCounts = std::array<std::uint64_t, spec_id_names.size()>;
const OracleCounts& oracle_counts();

/// What `initialize` was given.
struct LayoutRequest {
  std::uint64_t top;
  std::uint64_t usable_bytes;
  std::uint32_t params;
  std::uint32_t returns;
  std::uint64_t start_routine;
  std::uint64_t func_ref;
  std::uint64_t caller_vmctx;
  std::uint64_t args_object;  ///< its address

  std::uint32_t capacity() const;
  std::uint64_t first_rsp() const;
};

/// What `initialize` answered.
struct LayoutAnswer {
  bool accepted;
  std::uint64_t required_bytes;  ///< of an error
  std::uint64_t usable_bytes;    ///< of an error
};

namespace oracle {

// After an accepted `initialize`.
Verdict l1_control_context_and_capacity(const LayoutRequest& request);
Verdict l2_launch_words(const LayoutRequest& request);
Verdict l3_args_object(const LayoutRequest& request);
/// Whether a word from the launch words up to TOS is forbidden to instrumented code, as all but
/// those of the args buffer must be in a build with AddressSanitizer.
Verdict l3_forbidden(const LayoutRequest& request, std::uint64_t word, bool is_forbidden);
/// On input `watched` was filled with the pattern before, and the eight words have been set to it
/// again since.
Verdict l4_nothing_else_written(std::span<const Span> watched);
Verdict l6_regions_do_not_overlap(const LayoutRequest& request);
Verdict l7_aligned(const LayoutRequest& request);
/// The eight addresses that `initialize` may write on the stack.
std::array<std::uint64_t, 8> laid_out_addresses(const LayoutRequest& request);

// Accepted or refused.
Verdict l5_l8_fits_or_refused(const LayoutRequest& request, const LayoutAnswer& answer);
/// After the end of a continuation that was accepted: nothing below the limit was needed.
Verdict l8_room_sufficed(Span below_limit);
Verdict l5_refusal_wrote_nothing(const LayoutRequest& request, std::span<const Span> watched);

/// Three words as they must be, or as they were.
struct ContextWords {
  std::uint64_t rsp;
  std::uint64_t rbp;
  std::uint64_t rip;
  friend bool operator==(const ContextWords&, const ContextWords&) = default;
};
ContextWords context_at(std::uint64_t address);
/// The control context's address on the stack that ends at `top`.
std::uint64_t context_address(std::uint64_t top);

// A switch.
Verdict s1_stored(const ContextWords& left, const ContextWords& stored);
/// The words that a switch stored where only their limits are known: RSP and RBP in `stack` with
/// `frame_steps` frames from RBP to a known one, RIP after one of the program's switches.
Verdict s1_stored_somewhere(const ContextWords& stored, const Span& stack,
                            std::optional<std::uint32_t> frame_steps,
                            std::span<const std::uint64_t> addresses_after_switches);
Verdict s1_arrived(const ContextWords& loaded, std::uint64_t rsp, std::uint64_t rbp);
Verdict s2_only_the_context_written(const ContextWords& before, const ContextWords& after);
Verdict s4_kept_by_the_caller(const CalleeSaved& before, const CalleeSaved& after);
/// Floating-point modes (stack_memory.hpp) and direction flag of the thread.
struct ModesSeen {
  std::uint64_t floating_point;
  bool direction;
};
/// On both sides of a switch, a start, an end or an exception.
Verdict s4_modes(const ModesSeen& before, const ModesSeen& after);
/// On input `locals`, in the frame of a body, was filled with the pattern before any switch.
Verdict s4_locals(Span locals);

/// All that a resume could change of a continuation: its state's number, its control context, and
/// the two words of its args object.
struct ContinuationSeen {
  std::uint64_t state;
  std::uint64_t revision;
  ContextWords context;
  std::uint64_t args_counters;
  std::uint64_t args_data;
  friend bool operator==(const ContinuationSeen&, const ContinuationSeen&) = default;
};
/// After a resume by a consumed handle of what is in `state`. `refused_as` is the revision that the
/// refusal named, or nothing where there was none.
Verdict s5_consumed(std::uint64_t state, std::optional<std::uint64_t> refused_as,
                    const ContinuationSeen& before, const ContinuationSeen& after);

// The entry trampoline.
Verdict t1_entry(const LayoutRequest& request, const Registers& entry);
/// How the function was called; `return_address` is the word at TOS − 0x28 − s then, and the
/// routine is the trampoline's first bytes.
struct ArrayCallSeen {
  std::uint64_t func_ref;
  std::uint64_t caller_vmctx;
  std::uint64_t values;
  std::uint32_t capacity;
  std::uint64_t return_address;
  std::uint64_t frame;  ///< RBP of the function's frame
};
Verdict t2_call(const LayoutRequest& request, const ArrayCallSeen& seen);
Verdict f1_arguments(const LayoutRequest& request, const ArrayCallSeen& seen);
Verdict f1_argument_values(std::optional<std::uint32_t> first_wrong_slot);
/// The fields of an args object.
struct ArgsObjectSeen {
  std::uint64_t length;
  std::uint64_t capacity;
  std::uint64_t data;
};
/// When the function begins: as `initialize` and the resumer left it.
Verdict f1_args_object(const LayoutRequest& request, std::uint64_t length,
                       const ArgsObjectSeen& seen);
/// `from_body` and `from_link` count the frames from the body to TOS − 0x10, and from the word
/// there to the frame that resumed; nothing where the chain breaks.
Verdict t3_chain(std::optional<std::uint32_t> from_body, std::optional<std::uint32_t> from_link);
Verdict t3_resume_address(std::uint64_t address,
                          std::span<const std::uint64_t> addresses_after_switches);
/// `then` are the context's words right before the function ended.
Verdict t4_exit(const ContextWords& then, const Registers& exit, std::uint64_t arrivals);
Verdict t5_payload(bool v44, bool succeeded, std::uint64_t rdi);
/// The words that the trampoline must not write, between the first RSP and TOS, still hold
/// `capacity`.
Verdict t6_capacity_untouched(const LayoutRequest& request);
/// Nor at or above TOS.
Verdict t6_untouched(Span above);

// fiber_start.
Verdict f2_result_values(std::optional<std::uint32_t> first_wrong_slot);
/// After the end: no field but the length has changed.
Verdict f2_args_object(const LayoutRequest& request, std::uint64_t length,
                       const ArgsObjectSeen& seen);

/// Frame and stack pointer of the entry to a continuation: of the function that its trampoline
/// called, below the args buffer, since the launch words are popped by then.
Verdict c4_entry(const LayoutRequest& request, std::uint64_t frame_pointer,
                 std::uint64_t stack_pointer);

/// What core made of {discriminant, index}: the payload, and what decoding it gives.
struct EffectCoding {
  std::uint64_t payload;
  bool decoded;
  std::uint32_t discriminant;
  std::uint32_t index;
};
Verdict e1_round_trip(std::uint32_t discriminant, std::uint32_t index, const EffectCoding& coded);

}  // namespace oracle
}  // namespace fiberproof::fuzz
