// The oracles of a start and its end: the entry trampoline (T1 to T6), fiber_start (F1 to F3) and
// the control effect that the resumer sees (E1).
#include "fuzz/oracle/oracle_question.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz::oracle {
namespace {

Verdict is_args_object(SpecId id, const LayoutRequest& request, std::uint64_t length,
                       const ArgsObjectSeen& seen) {
  asked(id);
  if (auto wrong = equal(id, "args.length", length, seen.length)) {
    return wrong;
  }
  if (auto wrong = equal(id, "args.capacity", request.capacity(), seen.capacity)) {
    return wrong;
  }
  return equal(id, "args.data", buffer_of(request), seen.data);
}

}  // namespace

Verdict t1_entry(const LayoutRequest& request, const Registers& entry) {
  asked(SpecId::T1);
  if (auto wrong = equal(SpecId::T1, "RSP on entry", request.first_rsp(), entry.rsp)) {
    return wrong;
  }
  return equal(SpecId::T1, "RBP on entry", request.top - spec::saved_rbp_below_top, entry.rbp);
}

Verdict t2_call(const LayoutRequest& request, const ArrayCallSeen& seen) {
  asked(SpecId::T2);
  // No trampoline is longer than this; the call's return address lies inside it.
  constexpr std::uint64_t routine_bytes_max = 128;
  if (seen.return_address - request.start_routine >= routine_bytes_max) {
    return Violation{SpecId::T2, "return address at TOS-0x28-s, inside the trampoline",
                     request.start_routine, seen.return_address};
  }
  if (auto wrong = equal(SpecId::T2, "func_ref", request.func_ref, seen.func_ref)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::T2, "caller_vmctx", request.caller_vmctx, seen.caller_vmctx)) {
    return wrong;
  }
  return equal(SpecId::T2, "frame mod 16", 0, seen.frame % spec::stack_alignment);
}

Verdict f1_arguments(const LayoutRequest& request, const ArrayCallSeen& seen) {
  asked(SpecId::F1);
  if (auto wrong = equal(SpecId::F1, "values", buffer_of(request), seen.values)) {
    return wrong;
  }
  return equal(SpecId::F1, "capacity", request.capacity(), seen.capacity);
}

Verdict f1_argument_values(std::optional<std::uint32_t> first_wrong_slot) {
  asked(SpecId::F1);
  return first_wrong_slot ? Violation{SpecId::F1, "arguments: no slot is wrong", ~std::uint64_t{0},
                                      *first_wrong_slot}
                          : Verdict{};
}

Verdict f1_args_object(const LayoutRequest& request, std::uint64_t length,
                       const ArgsObjectSeen& seen) {
  return is_args_object(SpecId::F1, request, length, seen);
}

Verdict t3_chain(std::optional<std::uint32_t> from_body, std::optional<std::uint32_t> from_link) {
  asked(SpecId::T3);
  if (auto wrong =
          equal(SpecId::T3, "frame chain from the body reaches TOS-0x10", 1, from_body ? 1 : 0)) {
    return wrong;
  }
  return equal(SpecId::T3, "frame chain from the word at TOS-0x10 reaches the parent's frame", 1,
               from_link ? 1 : 0);
}

Verdict t3_resume_address(std::uint64_t address,
                          std::span<const std::uint64_t> addresses_after_switches) {
  asked(SpecId::T3);
  return is_after_a_switch(SpecId::T3, address, addresses_after_switches);
}

Verdict t4_exit(const ContextWords& then, const Registers& exit, std::uint64_t arrivals) {
  asked(SpecId::T4);
  if (auto wrong =
          equal(SpecId::T4, "arrivals at the rip of the context as it was then", 1, arrivals)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::T4, "RSP on exit", then.rsp, exit.rsp)) {
    return wrong;
  }
  return equal(SpecId::T4, "RBP on exit", then.rbp, exit.rbp);
}

Verdict t5_payload(bool v44, bool succeeded, std::uint64_t rdi) {
  asked(SpecId::T5);
  return equal(SpecId::T5, "RDI on exit",
               v44 || succeeded ? spec::return_payload : spec::trap_payload, rdi);
}

Verdict t6_capacity_untouched(const LayoutRequest& request) {
  asked(SpecId::T6);
  return equal(SpecId::T6, "args_capacity after the start", request.capacity(),
               read_word(request.top - spec::capacity_below_top));
}

Verdict t6_untouched(Span above) {
  return untouched(SpecId::T6, "word at or above TOS", {&above, 1});
}

Verdict f2_result_values(std::optional<std::uint32_t> first_wrong_slot) {
  asked(SpecId::F2);
  return first_wrong_slot ? Violation{SpecId::F2, "results: no slot is wrong", ~std::uint64_t{0},
                                      *first_wrong_slot}
                          : Verdict{};
}

Verdict f2_args_object(const LayoutRequest& request, std::uint64_t length,
                       const ArgsObjectSeen& seen) {
  return is_args_object(SpecId::F2, request, length, seen);
}

Verdict c4_entry(const LayoutRequest& request, std::uint64_t frame_pointer,
                 std::uint64_t stack_pointer) {
  asked(SpecId::C4);
  const std::uint64_t buffer =
      request.top - spec::buffer_below - spec::buffer_bytes(request.capacity());
  const Span frames{request.top - request.usable_bytes, buffer};
  if (!frames.contains(frame_pointer)) {
    return Violation{SpecId::C4, "frame pointer of the entry: below the args buffer",
                     frames.end - 8, frame_pointer};
  }
  if (!frames.contains(stack_pointer)) {
    return Violation{SpecId::C4, "stack pointer of the entry: below the args buffer",
                     frames.end - 8, stack_pointer};
  }
  return std::nullopt;
}

Verdict e1_round_trip(std::uint32_t discriminant, std::uint32_t index, const EffectCoding& coded) {
  asked(SpecId::E1);
  const std::uint64_t payload = discriminant * (std::uint64_t{1} << 32) + index;
  if (auto wrong = equal(SpecId::E1, "encoded payload", payload, coded.payload)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::E1, "is decoded", discriminant < spec::discriminants ? 1 : 0,
                         coded.decoded ? 1 : 0)) {
    return wrong;
  }
  if (!coded.decoded) {
    return std::nullopt;
  }
  if (auto wrong = equal(SpecId::E1, "decoded discriminant", discriminant, coded.discriminant)) {
    return wrong;
  }
  return equal(SpecId::E1, "decoded index", index, coded.index);
}

}  // namespace fiberproof::fuzz::oracle
