#include "fuzz/oracle.hpp"

#include "fuzz/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

OracleCounts counts{};

/// Counts one question to the oracle of `id`.
void asked(SpecId id) { ++counts[static_cast<std::size_t>(id)]; }

Verdict same(SpecId id, const char* what, std::uint64_t expected, std::uint64_t got) {
  if (expected == got) [[likely]] {
    return std::nullopt;
  }
  return Violation{id, what, expected, got};
}

Verdict untouched(SpecId id, const char* what, std::span<const Span> watched) {
  asked(id);
  for (const Span span : watched) {
    if (const auto address = first_touched(span)) {
      return Violation{id, what, pattern_at(*address), read_word(*address)};
    }
  }
  return std::nullopt;
}

Verdict is_after_a_switch(SpecId id, std::uint64_t address,
                          std::span<const std::uint64_t> addresses_after_switches) {
  if (std::ranges::find(addresses_after_switches, address) != addresses_after_switches.end()) {
    return std::nullopt;
  }
  return Violation{id, "resume address: after a switch of this program",
                   addresses_after_switches.empty() ? 0 : addresses_after_switches.front(),
                   address};
}

/// The args buffer's lowest address, or null where it is empty (L3).
std::uint64_t buffer_of(const LayoutRequest& request) {
  return request.capacity() == 0
             ? 0
             : request.top - spec::buffer_below - spec::buffer_bytes(request.capacity());
}

}  // namespace

const OracleCounts& oracle_counts() { return counts; }

std::uint32_t LayoutRequest::capacity() const { return spec::capacity_of(params, returns); }

std::uint64_t LayoutRequest::first_rsp() const { return spec::first_rsp(top, capacity()); }

namespace oracle {

Verdict l1_control_context_and_capacity(const LayoutRequest& request) {
  asked(SpecId::L1);
  const std::uint64_t top = request.top;
  const struct {
    const char* what;
    std::uint64_t below_top;
    std::uint64_t expected;
  } words[] = {
      {"rip at TOS-0x08", spec::saved_rip_below_top, request.start_routine},
      {"rbp at TOS-0x10", spec::saved_rbp_below_top, top - spec::saved_rbp_below_top},
      {"rsp at TOS-0x18", spec::saved_rsp_below_top, request.first_rsp()},
      {"args_capacity at TOS-0x20", spec::capacity_below_top, request.capacity()},
  };
  for (const auto& word : words) {
    if (auto wrong = same(SpecId::L1, word.what, word.expected, read_word(top - word.below_top))) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict l2_launch_words(const LayoutRequest& request) {
  asked(SpecId::L2);
  const std::uint64_t base = request.top - spec::buffer_bytes(request.capacity());
  const struct {
    const char* what;
    std::uint64_t below_base;
    std::uint64_t expected;
  } words[] = {
      {"func_ref at TOS-0x28-s", spec::func_ref_below, request.func_ref},
      {"caller_vmctx at TOS-0x30-s", spec::vmctx_below, request.caller_vmctx},
      {"args object at TOS-0x38-s", spec::args_below, request.args_object},
      {"return_value_count at TOS-0x40-s", spec::return_count_below, request.returns},
  };
  for (const auto& word : words) {
    const std::uint64_t got = read_word(base - word.below_base);
    if (auto wrong = same(SpecId::L2, word.what, word.expected, got)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict l3_args_object(const LayoutRequest& request) {
  asked(SpecId::L3);
  // {u32 length; u32 capacity; pointer}: length is the low half of the first word.
  const std::uint64_t counters = std::uint64_t{request.capacity()} << 32;
  if (auto wrong = same(SpecId::L3, "args {length 0, capacity n}", counters,
                        read_word(request.args_object))) {
    return wrong;
  }
  return same(SpecId::L3, "args.data", buffer_of(request), read_word(request.args_object + 8));
}

Verdict l4_nothing_else_written(std::span<const Span> watched) {
  return untouched(SpecId::L4, "word outside the eight", watched);
}

Verdict l6_regions_do_not_overlap(const LayoutRequest& request) {
  asked(SpecId::L6);
  // In 128 bits nothing wraps: the regions in order, from the words that were really written.
  __extension__ using Wide = unsigned __int128;
  const Wide top = request.top;
  const Wide limit = top - request.usable_bytes;
  const Wide rsp = read_word(request.top - spec::saved_rsp_below_top);
  const Wide buffer_size = Wide{spec::value_bytes} * request.capacity();
  const std::uint64_t data = read_word(request.args_object + 8);
  const Wide buffer = request.capacity() == 0 ? top - spec::buffer_below : Wide{data};
  const bool in_order = request.usable_bytes <= request.top && limit <= rsp &&
                        rsp + (spec::return_count_below - spec::buffer_below) == buffer &&
                        buffer + buffer_size + spec::capacity_below_top == top;
  return same(SpecId::L6, "limit, launch words, args buffer, args_capacity, TOS in this order", 1,
              in_order ? 1 : 0);
}

Verdict l7_aligned(const LayoutRequest& request) {
  asked(SpecId::L7);
  const std::uint64_t data = read_word(request.args_object + 8);
  const std::uint64_t rsp = read_word(request.top - spec::saved_rsp_below_top);
  if (auto wrong = same(SpecId::L7, "TOS mod 16", 0, request.top % spec::stack_alignment)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::L7, "args.data mod 16", 0, data % spec::stack_alignment)) {
    return wrong;
  }
  return same(SpecId::L7, "first RSP mod 16", 0, rsp % spec::stack_alignment);
}

std::array<std::uint64_t, 8> laid_out_addresses(const LayoutRequest& request) {
  const std::uint64_t top = request.top;
  const std::uint64_t base = top - spec::buffer_bytes(request.capacity());
  return {top - spec::saved_rip_below_top, top - spec::saved_rbp_below_top,
          top - spec::saved_rsp_below_top, top - spec::capacity_below_top,
          base - spec::func_ref_below,     base - spec::vmctx_below,
          base - spec::args_below,         base - spec::return_count_below};
}

Verdict l5_l8_fits_or_refused(const LayoutRequest& request, const LayoutAnswer& answer) {
  const std::uint64_t required = spec::required_bytes(request.capacity());
  const bool layout_fits = required - spec::headroom_bytes <= request.usable_bytes;
  const SpecId id = layout_fits ? SpecId::L8 : SpecId::L5;
  asked(id);
  const bool fits = required <= request.usable_bytes;
  if (auto wrong = same(id, "accepted", fits ? 1 : 0, answer.accepted ? 1 : 0)) {
    return wrong;
  }
  if (fits) {
    return std::nullopt;
  }
  if (auto wrong = same(id, "required bytes in the error", required, answer.required_bytes)) {
    return wrong;
  }
  return same(id, "usable bytes in the error", request.usable_bytes, answer.usable_bytes);
}

Verdict l8_room_sufficed(Span below_limit) {
  return untouched(SpecId::L8, "word below the limit", {&below_limit, 1});
}

Verdict l5_refusal_wrote_nothing(const LayoutRequest& request, std::span<const Span> watched) {
  if (auto wrong = untouched(SpecId::L5, "word of a stack that was refused", watched)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::L5, "args {length, capacity} after a refusal", 0,
                        read_word(request.args_object))) {
    return wrong;
  }
  return same(SpecId::L5, "args.data after a refusal", 0, read_word(request.args_object + 8));
}

ContextWords context_at(std::uint64_t address) {
  return {read_word(address), read_word(address + 8), read_word(address + 16)};
}

std::uint64_t context_address(std::uint64_t top) { return top - spec::saved_rsp_below_top; }

Verdict s1_stored(const ContextWords& left, const ContextWords& stored) {
  asked(SpecId::S1);
  if (auto wrong = same(SpecId::S1, "stored rsp", left.rsp, stored.rsp)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::S1, "stored rbp", left.rbp, stored.rbp)) {
    return wrong;
  }
  return same(SpecId::S1, "stored rip", left.rip, stored.rip);
}

Verdict s1_stored_somewhere(const ContextWords& stored, Span stack,
                            std::optional<std::uint32_t> frame_steps,
                            std::span<const std::uint64_t> addresses_after_switches) {
  asked(SpecId::S1);
  if (!stack.contains(stored.rsp) || stored.rsp % 8 != 0 || stored.rsp > stored.rbp) {
    return Violation{SpecId::S1, "stored rsp: on the stack that was left, below rbp", stored.rbp,
                     stored.rsp};
  }
  if (!frame_steps) {
    return Violation{SpecId::S1, "stored rbp: the innermost frame of the stack that was left",
                     stack.end, stored.rbp};
  }
  return is_after_a_switch(SpecId::S1, stored.rip, addresses_after_switches);
}

Verdict s1_arrived(const ContextWords& loaded, std::uint64_t rsp, std::uint64_t rbp) {
  asked(SpecId::S1);
  if (auto wrong = same(SpecId::S1, "rsp on arrival", loaded.rsp, rsp)) {
    return wrong;
  }
  return same(SpecId::S1, "rbp on arrival", loaded.rbp, rbp);
}

Verdict s2_only_the_context_written(const ContextWords& before, const ContextWords& after) {
  asked(SpecId::S2);
  const bool kept = before == after;
  return kept ? Verdict{}
              : Violation{SpecId::S2, "rip of the context that was only loaded", before.rip,
                          after.rip};
}

Verdict s2_neighbour(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::S2);
  return same(SpecId::S2, "word beside the context that was stored to", expected, got);
}

Verdict s3_payload(std::uint64_t sent, std::uint64_t received) {
  asked(SpecId::S3);
  return same(SpecId::S3, "payload in RDI", sent, received);
}

Verdict s4_kept_by_the_caller(const CalleeSaved& before, const CalleeSaved& after) {
  asked(SpecId::S4);
  const struct {
    const char* what;
    std::uint64_t expected;
    std::uint64_t got;
  } registers[] = {{"rbx across a switching call", before.rbx, after.rbx},
                   {"r12 across a switching call", before.r12, after.r12},
                   {"r13 across a switching call", before.r13, after.r13},
                   {"r14 across a switching call", before.r14, after.r14},
                   {"r15 across a switching call", before.r15, after.r15}};
  for (const auto& kept : registers) {
    if (auto wrong = same(SpecId::S4, kept.what, kept.expected, kept.got)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict s4_modes(std::uint64_t before, std::uint64_t after) {
  asked(SpecId::S4);
  return same(SpecId::S4, "x87 control word and MXCSR modes", before, after);
}

Verdict s4_vectors(std::uint64_t before, std::uint64_t after) {
  asked(SpecId::S4);
  return same(SpecId::S4, "vector value that is live across a switch", before, after);
}

Verdict s4_locals(Span locals) {
  return untouched(SpecId::S4, "local variable of a body, across switches", {&locals, 1});
}

Verdict t1_entry(const LayoutRequest& request, const Registers& entry) {
  asked(SpecId::T1);
  if (auto wrong = same(SpecId::T1, "RSP on entry", request.first_rsp(), entry.rsp)) {
    return wrong;
  }
  return same(SpecId::T1, "RBP on entry", request.top - spec::saved_rbp_below_top, entry.rbp);
}

Verdict t2_call(const LayoutRequest& request, const ArrayCallSeen& seen) {
  asked(SpecId::T2);
  // No trampoline is longer than this; the call's return address lies inside it.
  constexpr std::uint64_t routine_bytes_max = 128;
  if (seen.return_address - request.start_routine >= routine_bytes_max) {
    return Violation{SpecId::T2, "return address at TOS-0x28-s, inside the trampoline",
                     request.start_routine, seen.return_address};
  }
  if (auto wrong = same(SpecId::T2, "func_ref", request.func_ref, seen.func_ref)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::T2, "caller_vmctx", request.caller_vmctx, seen.caller_vmctx)) {
    return wrong;
  }
  return same(SpecId::T2, "frame mod 16", 0, seen.frame % spec::stack_alignment);
}

Verdict f1_arguments(const LayoutRequest& request, const ArrayCallSeen& seen) {
  asked(SpecId::F1);
  if (auto wrong = same(SpecId::F1, "values", buffer_of(request), seen.values)) {
    return wrong;
  }
  return same(SpecId::F1, "capacity", request.capacity(), seen.capacity);
}

Verdict f1_argument_values(std::optional<std::uint32_t> first_wrong_slot) {
  asked(SpecId::F1);
  return first_wrong_slot ? Violation{SpecId::F1, "arguments: no slot is wrong", ~std::uint64_t{0},
                                      *first_wrong_slot}
                          : Verdict{};
}

Verdict t3_chain(std::optional<std::uint32_t> from_body, std::optional<std::uint32_t> from_link) {
  asked(SpecId::T3);
  if (auto wrong = same(SpecId::T3, "frame chain from the body reaches TOS-0x10", 1,
                        from_body ? 1 : 0)) {
    return wrong;
  }
  return same(SpecId::T3, "frame chain from the word at TOS-0x10 reaches the parent's frame", 1,
              from_link ? 1 : 0);
}

Verdict t3_resume_address(std::uint64_t address,
                          std::span<const std::uint64_t> addresses_after_switches) {
  asked(SpecId::T3);
  return is_after_a_switch(SpecId::T3, address, addresses_after_switches);
}

Verdict t4_exit(const ContextWords& then, const Registers& exit, std::uint64_t arrivals) {
  asked(SpecId::T4);
  if (auto wrong = same(SpecId::T4, "arrivals at the rip of the context as it was then", 1,
                        arrivals)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::T4, "RSP on exit", then.rsp, exit.rsp)) {
    return wrong;
  }
  return same(SpecId::T4, "RBP on exit", then.rbp, exit.rbp);
}

Verdict t5_payload(bool v44, bool succeeded, std::uint64_t rdi) {
  asked(SpecId::T5);
  return same(SpecId::T5, "RDI on exit",
              v44 || succeeded ? spec::return_payload : spec::trap_payload, rdi);
}

Verdict t6_capacity_untouched(const LayoutRequest& request) {
  asked(SpecId::T6);
  return same(SpecId::T6, "args_capacity after the start", request.capacity(),
              read_word(request.top - spec::capacity_below_top));
}

Verdict t6_untouched(Span above) {
  return untouched(SpecId::T6, "word at or above TOS", {&above, 1});
}

Verdict f2_length(std::uint32_t expected, std::uint32_t got) {
  asked(SpecId::F2);
  return same(SpecId::F2, "args.length", expected, got);
}

Verdict f2_result_values(std::optional<std::uint32_t> first_wrong_slot) {
  asked(SpecId::F2);
  return first_wrong_slot
             ? Violation{SpecId::F2, "results: no slot is wrong", ~std::uint64_t{0},
                         *first_wrong_slot}
             : Verdict{};
}

Verdict f2_outcome(std::uint64_t expected, std::uint64_t got) {
  asked(SpecId::F2);
  return same(SpecId::F2, "control effect that the resumer sees", expected, got);
}

Verdict f3_exception_kept(std::uint64_t thrown, std::uint64_t kept) {
  asked(SpecId::F3);
  return same(SpecId::F3, "exception object in the store", thrown, kept);
}

Verdict e1_round_trip(std::uint32_t discriminant, std::uint32_t index, const EffectCoding& coded) {
  asked(SpecId::E1);
  const std::uint64_t payload = discriminant * (std::uint64_t{1} << 32) + index;
  if (auto wrong = same(SpecId::E1, "encoded payload", payload, coded.payload)) {
    return wrong;
  }
  if (auto wrong = same(SpecId::E1, "is decoded", discriminant < spec::discriminants ? 1 : 0,
                        coded.decoded ? 1 : 0)) {
    return wrong;
  }
  if (!coded.decoded) {
    return std::nullopt;
  }
  if (auto wrong = same(SpecId::E1, "decoded discriminant", discriminant, coded.discriminant)) {
    return wrong;
  }
  return same(SpecId::E1, "decoded index", index, coded.index);
}

}  // namespace oracle
}  // namespace fiberproof::fuzz
