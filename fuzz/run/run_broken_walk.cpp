// Walks of chains in which a word is wrong for as long as they take: as after an overrun, a wild
// pointer, or an engine that has lost count of its records. A walk is what a signal handler and a
// profiler rely on then, so it must stop at that word, touch nothing beyond, and say where it is
// (C6). Not instrumented, as the other side that only observes.
#include "core/sanitizer.hpp"
#include "core/walk.hpp"
#include "fuzz/oracle/oracle_text.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>

#include <array>
#include <variant>

namespace fiberproof::fuzz {
namespace {

using Reason = oracle::BrokenWalk::Reason;

// A multiple of 16, and on nobody's stack.
constexpr std::uint64_t nowhere = 16;

Reason in_plain_words(BrokenChain::Reason reason) {
  switch (reason) {
    case BrokenChain::Reason::misaligned: return Reason::misaligned;
    case BrokenChain::Reason::off_its_stack: return Reason::off_its_stack;
    case BrokenChain::Reason::not_above: return Reason::not_above;
    case BrokenChain::Reason::no_parent: return Reason::no_parent;
    case BrokenChain::Reason::too_many_stacks: return Reason::too_many_stacks;
  }
  return Reason::other;
}

oracle::BrokenWalk in_plain_words(const std::expected<void, WalkError>& walked) {
  if (walked) {
    return {};
  }
  const auto* const broken = std::get_if<BrokenChain>(&walked.error());
  return broken == nullptr ? oracle::BrokenWalk{Reason::other}
                           : oracle::BrokenWalk{in_plain_words(broken->reason),
                                                reinterpret_cast<std::uint64_t>(broken->stack),
                                                broken->found, broken->after};
}

}  // namespace

/// The lowest address that frames of a continuation can have: an overrun may use what is left
/// between its limit and its guard pages.
std::uint64_t MachineRunner::lowest_of(StackIndex index) {
  const NativeStack& stack = native(index);
  const Stack& memory = *stack.continuation().stack;
  return memory.has_guard_pages() ? memory.guard_pages().second : stack.span.lowest;
}

/// Of the word RSP in the control context `context`, which says where the stack `next` goes on; a
/// walk meets that stack behind the frame at `after`.
MachineRunner::Breach MachineRunner::breach_of_context(Damage damage, std::uint64_t context,
                                                       StackIndex next, std::uint64_t after) {
  const std::uint64_t rbp = oracle::context_at(context).rbp;
  const auto lowest = [&] {
    return reference_.stack(next).initial ? nowhere + 8 : lowest_of(next);
  };
  const std::uint64_t wrong = damage == Damage::above     ? rbp + 8
                              : damage == Damage::highest ? rbp
                              : damage == Damage::lowest  ? lowest()
                                                          : lowest() - 8;
  Breach breach{{{{context, wrong}}}, {}, next};
  if (breaks_walk(damage)) {
    breach.expected = {Reason::off_its_stack, record_of(next), wrong, after};
  }
  return breach;
}

/// `waits`: of a chain that is suspended, and not of the active one.
MachineRunner::Breach MachineRunner::breach_of(Damage damage, StackIndex innermost, bool waits) {
  const NativeStack& stack = native(innermost);
  const ReferenceStack& expected = reference_.stack(innermost);
  const std::uint64_t record = record_of(innermost);
  const std::uint64_t frame = stack.frames.empty() ? 0 : stack.frames.back();
  const std::uint64_t trampoline = stack.span.end - spec::saved_rbp_below_top;
  const auto of_frame = [&](std::uint64_t wrong, Reason reason) -> Breach {
    return {{{{frame, wrong}}}, {reason, record, wrong, frame}, innermost};
  };
  switch (damage) {
    case Damage::misaligned: return of_frame(read_word(frame) + 8, Reason::misaligned);
    case Damage::astray:
      return of_frame(expected.initial ? nowhere : native(0).frames.front(), Reason::off_its_stack);
    case Damage::cycle: return of_frame(frame, Reason::not_above);
    case Damage::inward:
      // The first value's address, as if the highest frame were there: its words end below.
      return of_frame(
          stack.span.end - spec::buffer_below - spec::buffer_bytes(layout_of(innermost).capacity()),
          Reason::off_its_stack);
    case Damage::orphan:
      return {
          {{{parent_word(innermost), 0}}}, {Reason::no_parent, record, 0, trampoline}, innermost};
    case Damage::endless:
      return {{{{parent_word(innermost), record},
                {stack.span.end - spec::saved_rsp_below_top, frame},
                {stack.span.end - spec::saved_rbp_below_top, frame}}},
              {Reason::too_many_stacks, record, 0, trampoline},
              innermost};
    case Damage::start: {
      const std::uint64_t wrong = frame + 8;
      return {{{{0, wrong}}}, {Reason::misaligned, record, wrong, 0}, innermost};
    }
    case Damage::context:
    case Damage::above:
    case Damage::lowest:
    case Damage::highest: break;
  }
  // The context of its last ancestor says where the innermost stack of a chain that waits goes on.
  const StackIndex holder = waits ? expected.last_ancestor : innermost;
  return breach_of_context(damage, oracle::context_address(native(holder).span.end),
                           waits ? innermost : expected.parent, waits ? 0 : trampoline);
}

/// Of a continuation.
std::uint64_t MachineRunner::parent_word(StackIndex index) {
  return reinterpret_cast<std::uint64_t>(&native(index).continuation().parent);
}

/// Has the words of `breach` be wrong while `act` runs.
template <class Act>
void MachineRunner::while_broken(const Breach& breach, Act act) {
  std::array<std::uint64_t, Breach::words_max> right{};
  for (std::size_t at = 0; at < breach.words.size(); ++at) {
    if (breach.words[at].address != 0) {
      right[at] = read_word(breach.words[at].address);
      write_word(breach.words[at].address, breach.words[at].wrong);
    }
  }
  asm volatile("" : : : "memory");  // A word may be a pointer to whoever reads it.
  act();
  for (std::size_t at = 0; at < breach.words.size(); ++at) {
    if (breach.words[at].address != 0) {
      write_word(breach.words[at].address, right[at]);
    }
  }
}

template <class Walk>
void MachineRunner::judge_broken_walk(const Breach& breach, Walk walk) {
  std::uint64_t last_met = 0;
  std::uint64_t ends_met = 0;  // of the stack that has the breach
  const std::uint64_t end = native(breach.on).span.end - spec::saved_rbp_below_top;
  std::expected<void, WalkError> walked;
  while_broken(breach, [&] {
    walked = walk([&](const Frame& frame) {
      last_met = frame.frame_pointer;
      ends_met += last_met == end ? 1 : 0;
      return true;
    });
  });
  check(oracle::c6_broken(breach.expected, in_plain_words(walked), last_met));
  const ReferenceStack& on = reference_.stack(breach.on);
  if (breach.expected.reason == Reason::too_many_stacks) {
    const bool has_initial = on.state == ReferenceStack::State::running;
    check(oracle::c6_bounded(reference_.live().size() + (has_initial ? 1 : 0), ends_met));
  }
  const std::string name = on.initial ? "the initial stack"
                                      : fmt::format("continuation {}", on.number + numbers_before_);
  check(oracle::text_says(SpecId::C6, oracle::phrases_of(breach.expected, name),
                          describe(walked.error())));
}

[[gnu::noinline]] void MachineRunner::walk_broken(Damage damage, StackIndex self) {
  const Breach breach = breach_of(damage, self, false);
  if (!breaks_walk(damage)) {
    return while_broken(breach, [&] { walk_active_chain(self); });
  }
  if (damage == Damage::start) {
    const Frame first{0, breach.words.front().wrong, nullptr, Frame::Kind::exact};
    judge_broken_walk(breach,
                      [&](FrameVisitor visit) { return walk_active(*store_, first, visit); });
    return judge_broken_walk(breach, [&](FrameVisitor visit) { return walk_thread(first, visit); });
  }
  judge_broken_walk(breach, [this](FrameVisitor visit) { return walk_active(*store_, visit); });
  judge_broken_walk(breach, [](FrameVisitor visit) { return walk_thread(visit); });
}

[[gnu::noinline]] void MachineRunner::walk_broken_slot(Damage damage, std::uint8_t number) {
  const Handle handle = slots_[number];
  const StackIndex innermost = reference_.slot(number).stack;
  const Breach breach = breach_of(damage, innermost, true);
  if (!breaks_walk(damage)) {
    return while_broken(breach, [&] { walk_suspended_chain(handle, innermost); });
  }
  judge_broken_walk(breach, [this, handle](FrameVisitor visit) {
    return walk_suspended(*store_, handle, visit);
  });
}

}  // namespace fiberproof::fuzz
