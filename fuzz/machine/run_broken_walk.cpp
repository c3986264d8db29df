// Walks of chains in which a word is wrong for as long as they take: as after an overrun, a wild
// pointer, or an engine that has lost count of its records. A walk is what a signal handler and a
// profiler rely on then, so it must stop at that word, touch nothing beyond, and say where it is
// (C6). Not instrumented, as the other side that only observes.
#include "core/sanitizer.hpp"
#include "core/walk.hpp"
#include "fuzz/machine/oracle_text.hpp"
#include "fuzz/machine/runner.hpp"
#include "fuzz/oracle/spec_layout.hpp"

#include <fmt/format.h>

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
    case BrokenChain::Reason::too_many_stacks: break;
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

/// `waits`: of a chain that is suspended, and not of the active one.
MachineRunner::Breach MachineRunner::breach_of(Damage damage, StackIndex innermost, bool waits) {
  const NativeStack& stack = native(innermost);
  const ReferenceStack& expected = reference_.stack(innermost);
  const std::uint64_t record = record_of(innermost);
  const std::uint64_t frame = stack.frames.empty() ? 0 : stack.frames.back();
  const std::uint64_t trampoline = stack.span.end - spec::saved_rbp_below_top;
  switch (damage) {
    case Damage::misaligned: {
      const std::uint64_t wrong = read_word(frame) + 8;
      return {frame, wrong, {Reason::misaligned, record, wrong, frame}, innermost};
    }
    case Damage::astray: {
      const std::uint64_t wrong = expected.initial ? nowhere : native(0).frames.front();
      return {frame, wrong, {Reason::off_its_stack, record, wrong, frame}, innermost};
    }
    case Damage::cycle: return {frame, frame, {Reason::not_above, record, frame, frame}, innermost};
    case Damage::orphan:
      return {reinterpret_cast<std::uint64_t>(&stack.continuation().parent),
              0,
              {Reason::no_parent, record, 0, trampoline},
              innermost};
    case Damage::start: {
      const std::uint64_t wrong = frame + 8;
      return {0, wrong, {Reason::misaligned, record, wrong, 0}, innermost};
    }
    case Damage::context: break;
  }
  if (!waits) {
    return {stack.span.end - spec::saved_rsp_below_top,
            nowhere,
            {Reason::off_its_stack, record_of(expected.parent), nowhere, trampoline},
            expected.parent};
  }
  // The context of its last ancestor says where the innermost stack goes on.
  return {native(expected.last_ancestor).span.end - spec::saved_rsp_below_top,
          nowhere,
          {Reason::off_its_stack, record, nowhere, 0},
          innermost};
}

template <class Walk>
void MachineRunner::judge_broken_walk(const Breach& breach, Walk walk) {
  std::uint64_t last_met = 0;
  const std::uint64_t right = breach.address == 0 ? 0 : read_word(breach.address);
  if (breach.address != 0) {
    write_word(breach.address, breach.wrong);
    asm volatile("" : : : "memory");  // The word may be a pointer to whoever reads it.
  }
  const std::expected<void, WalkError> walked = walk([&last_met](const Frame& frame) {
    last_met = frame.frame_pointer;
    return true;
  });
  if (breach.address != 0) {
    write_word(breach.address, right);
  }
  check(oracle::c6_broken(breach.expected, in_plain_words(walked), last_met));
  const ReferenceStack& on = reference_.stack(breach.on);
  const std::string name = on.initial ? "the initial stack"
                                      : fmt::format("continuation {}", on.number + numbers_before_);
  check(oracle::text_says(SpecId::C6, oracle::phrases_of(breach.expected, name),
                          describe(walked.error())));
}

[[gnu::noinline]] void MachineRunner::walk_broken(Damage damage, StackIndex self) {
  const Breach breach = breach_of(damage, self, false);
  if (damage == Damage::start) {
    const Frame first{0, breach.wrong, nullptr, Frame::Kind::exact};
    judge_broken_walk(breach,
                      [&](FrameVisitor visit) { return walk_active(store_, first, visit); });
    return judge_broken_walk(breach, [&](FrameVisitor visit) { return walk_thread(first, visit); });
  }
  judge_broken_walk(breach, [this](FrameVisitor visit) { return walk_active(store_, visit); });
  judge_broken_walk(breach, [](FrameVisitor visit) { return walk_thread(visit); });
}

[[gnu::noinline]] void MachineRunner::walk_broken_slot(Damage damage, std::uint8_t number) {
  const Handle handle = slots_[number];
  judge_broken_walk(
      breach_of(damage, reference_.slot(number).stack, true),
      [this, handle](FrameVisitor visit) { return walk_suspended(store_, handle, visit); });
}

}  // namespace fiberproof::fuzz
