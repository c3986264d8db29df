// The oracles of a switch (S1 to S5): what it stored and loaded, carried over and kept, and what
// may be resumed after it.
#include "fuzz/oracle/oracle_question.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz::oracle {

ContextWords context_at(std::uint64_t address) {
  return {read_word(address), read_word(address + 8), read_word(address + 16)};
}

std::uint64_t context_address(std::uint64_t top) {
  return top - spec::saved_rsp_below_top;
}

Verdict s1_stored(const ContextWords& left, const ContextWords& stored) {
  asked(SpecId::S1);
  if (auto wrong = equal(SpecId::S1, "stored rsp", left.rsp, stored.rsp)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::S1, "stored rbp", left.rbp, stored.rbp)) {
    return wrong;
  }
  return equal(SpecId::S1, "stored rip", left.rip, stored.rip);
}

Verdict s1_stored_somewhere(const ContextWords& stored, const Span& stack,
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
  if (auto wrong = equal(SpecId::S1, "rsp on arrival", loaded.rsp, rsp)) {
    return wrong;
  }
  return equal(SpecId::S1, "rbp on arrival", loaded.rbp, rbp);
}

Verdict s2_only_the_context_written(const ContextWords& before, const ContextWords& after) {
  asked(SpecId::S2);
  const bool kept = before == after;
  return kept ? Verdict{}
              : Violation{SpecId::S2, "rip of the context that was only loaded", before.rip,
                          after.rip};
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
    if (auto wrong = equal(SpecId::S4, kept.what, kept.expected, kept.got)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict s4_modes(const ModesSeen& before, const ModesSeen& after) {
  asked(SpecId::S4);
  if (auto wrong = equal(SpecId::S4, "x87 control word and MXCSR modes after an operation",
                         before.floating_point, after.floating_point)) {
    return wrong;
  }
  return equal(SpecId::S4, "the direction flag is set after an operation", before.direction,
               after.direction);
}

Verdict s4_locals(Span locals) {
  return untouched(SpecId::S4, "local variable of a body, across switches", {&locals, 1});
}

Verdict s5_consumed(std::uint64_t state, std::optional<std::uint64_t> refused_as,
                    const ContinuationSeen& before, const ContinuationSeen& after) {
  asked(SpecId::S5);
  if (auto wrong = equal(SpecId::S5, "state before the resume", state, before.state)) {
    return wrong;
  }
  if (!refused_as) {
    return Violation{SpecId::S5, "revision in the refusal; there was none", before.revision,
                     ~std::uint64_t{0}};
  }
  if (auto wrong = equal(SpecId::S5, "revision in the refusal", before.revision, *refused_as)) {
    return wrong;
  }
  return equal(SpecId::S5, "a refused resume leaves state, revision, context and args alone", 1,
               before == after ? 1 : 0);
}

}  // namespace fiberproof::fuzz::oracle
