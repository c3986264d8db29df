// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/broken_walker.hpp"

#include "core/walk.hpp"
#include "fuzz/oracle/oracle_text.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>

#include <array>
#include <variant>

namespace fiberproof::fuzz {
namespace {

using Reason = oracle::BrokenWalk::Reason;

// A multiple of 16, and on no stack.
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
std::uint64_t BrokenWalker::lowest_of(StackIndex index) const {
  const NativeStack& stack = view_.natives[index];
  const Stack& memory = *stack.continuation().stack;
  return memory.has_guard_pages() ? memory.guard_pages().second : stack.span.lowest;
}

/// A breach of the word RSP in the control context `context`, with which the stack `next` resumes;
/// a walk meets that stack after the frame at `after`.
BrokenWalker::Breach BrokenWalker::breach_of_context(Damage damage, std::uint64_t context,
                                                     StackIndex next, std::uint64_t after) const {
  const std::uint64_t rbp = oracle::context_at(context).rbp;
  const auto lowest = [&] {
    return view_.reference().stack(next).initial ? nowhere + 8 : lowest_of(next);
  };
  const std::uint64_t wrong = damage == Damage::above     ? rbp + 8
                              : damage == Damage::highest ? rbp
                              : damage == Damage::lowest  ? lowest()
                                                          : lowest() - 8;
  Breach breach{{{{context, wrong}}}, {}, next};
  if (breaks_walk(damage)) {
    breach.expected = {Reason::off_its_stack, view_.record_of(next), wrong, after};
  }
  return breach;
}

/// `waits`: of a chain that is suspended, and not of the active one.
BrokenWalker::Breach BrokenWalker::breach_of(Damage damage, StackIndex innermost,
                                             bool waits) const {
  const NativeStack& stack = view_.natives[innermost];
  const ReferenceStack& expected = view_.reference().stack(innermost);
  const std::uint64_t record = view_.record_of(innermost);
  const std::uint64_t frame = stack.frames.empty() ? 0 : stack.frames.back();
  const std::uint64_t trampoline = stack.span.end - spec::saved_rbp_below_top;
  const auto of_frame = [&](std::uint64_t wrong, Reason reason) -> Breach {
    return {{{{frame, wrong}}}, {reason, record, wrong, frame}, innermost};
  };
  switch (damage) {
    case Damage::misaligned: return of_frame(read_word(frame) + 8, Reason::misaligned);
    case Damage::astray:
      return of_frame(expected.initial ? nowhere : view_.natives[0].frames.front(),
                      Reason::off_its_stack);
    case Damage::cycle: return of_frame(frame, Reason::not_above);
    case Damage::inward:
      // The first value's address, as if the highest frame were there: its words end below.
      return of_frame(stack.span.end - spec::buffer_below -
                          spec::buffer_bytes(view_.layout_of(innermost).capacity()),
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
  // The innermost stack of a chain that waits resumes by the context of its last ancestor.
  const StackIndex holder = waits ? expected.last_ancestor : innermost;
  return breach_of_context(damage, oracle::context_address(view_.natives[holder].span.end),
                           waits ? innermost : expected.parent, waits ? 0 : trampoline);
}

/// The address of that word of a continuation's record.
std::uint64_t BrokenWalker::parent_word(StackIndex index) const {
  return reinterpret_cast<std::uint64_t>(&view_.natives[index].continuation().parent);
}

/// The words of `breach` are wrong while `act` runs.
template <class Act>
void BrokenWalker::while_broken(const Breach& breach, Act act) const {
  std::array<std::uint64_t, Breach::words_max> right{};
  for (std::size_t at = 0; at < breach.words.size(); ++at) {
    if (breach.words[at].address != 0) {
      right[at] = read_word(breach.words[at].address);
      write_word(breach.words[at].address, breach.words[at].wrong);
    }
  }
  asm volatile("" : : : "memory");  // A word may be a pointer to its reader.
  act();
  for (std::size_t at = 0; at < breach.words.size(); ++at) {
    if (breach.words[at].address != 0) {
      write_word(breach.words[at].address, right[at]);
    }
  }
}

template <class Walk>
void BrokenWalker::judge_broken_walk(const Breach& breach, Walk walk) const {
  std::uint64_t last_met = 0;
  std::uint64_t ends_met = 0;  // of the stack that has the breach
  const std::uint64_t end = view_.natives[breach.on].span.end - spec::saved_rbp_below_top;
  std::expected<void, WalkError> walked;
  while_broken(breach, [&] {
    walked = walk([&](const Frame& frame) {
      last_met = frame.frame_pointer;
      ends_met += last_met == end ? 1 : 0;
      return true;
    });
  });
  view_.check(oracle::c6_broken(breach.expected, in_plain_words(walked), last_met));
  const ReferenceStack& on = view_.reference().stack(breach.on);
  if (breach.expected.reason == Reason::too_many_stacks) {
    const bool has_initial = on.state == ReferenceStack::State::running;
    view_.same(
        SpecId::C6, "stacks that a walk of an endless chain visits",
        view_.reference().live_count(view_.reference().running_store()) + (has_initial ? 1 : 0),
        ends_met);
  }
  const std::string name =
      on.initial ? "the initial stack" : fmt::format("continuation {}", view_.number_of(breach.on));
  view_.check(oracle::text_says(SpecId::C6, oracle::phrases_of(breach.expected, name),
                                describe(walked.error())));
}

[[gnu::noinline]] void BrokenWalker::walk_active_chain(Damage damage, StackIndex self) {
  const Breach breach = breach_of(damage, self, false);
  if (!breaks_walk(damage)) {
    return while_broken(breach, [&] { walker_.walk_active_chain(self); });
  }
  if (damage == Damage::start) {
    const Frame first{0, breach.words.front().wrong, nullptr, Frame::Kind::exact};
    judge_broken_walk(breach,
                      [&](FrameVisitor visit) { return walk_active(view_.store(), first, visit); });
    return judge_broken_walk(breach, [&](FrameVisitor visit) { return walk_thread(first, visit); });
  }
  judge_broken_walk(breach,
                    [this](FrameVisitor visit) { return walk_active(view_.store(), visit); });
  judge_broken_walk(breach, [](FrameVisitor visit) { return walk_thread(visit); });
}

[[gnu::noinline]] void BrokenWalker::walk_slot(Damage damage, std::uint8_t number) {
  const Handle handle = view_.slot(number);
  const StackIndex innermost = view_.reference().slot(number).stack;
  const Breach breach = breach_of(damage, innermost, true);
  if (!breaks_walk(damage)) {
    return while_broken(breach, [&] { walker_.walk_suspended_chain(handle, innermost); });
  }
  judge_broken_walk(breach, [this, handle](FrameVisitor visit) {
    return walk_suspended(view_.store(), handle, visit);
  });
}

}  // namespace fiberproof::fuzz
