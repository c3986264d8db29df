// The reference, part 4: steps that end the process, and what must be reported then (C8, C3).
#include "fuzz/reference/reference.hpp"

#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

/// The word of the guard pages that a trespass reads: often the first or the last one, else the
/// first or the last of a page. The number of the step decides, so that a replay reads the same.
std::uint64_t trespass_offset(std::uint32_t serial) {
  constexpr std::uint64_t pages = spec::guard_bytes / spec::page_bytes;
  constexpr std::uint64_t word = 8;
  const std::uint64_t page = serial / 4 % pages * spec::page_bytes;
  switch (serial % 4) {
    case 0: return spec::guard_bytes - word;
    case 1: return 0;
    case 2: return page;
    default: return page + spec::page_bytes - word;
  }
}

}  // namespace

/// The continuation on whose native stack the running stack is: another one if an entry is open
/// there; no_stack on the embedder's own.
StackIndex Reference::native_owner() const {
  StackIndex index = running_;
  while (index != no_stack && stacks_[index].initial) {
    index = stacks_[index].outer;
  }
  return index;
}

/// Continuations from this one outward to the initial stack of its chain; 0 if no entry holds it.
std::uint32_t Reference::depth_of(StackIndex index) const {
  std::uint32_t depth = 0;
  while (index != no_stack && !stacks_[index].initial) {
    ++depth;
    index = stacks_[index].parent;
  }
  return index == no_stack ? 0 : depth;
}

/// A guard page of `stack`, a continuation that has not ended, is met.
PredictedEnd Reference::met_guard_page(StackIndex stack, Kind kind) const {
  const ReferenceStack& met = stacks_[stack];
  return {.kind = kind,
          .stack = stack,
          .continuation = met.number,
          .depth = depth_of(stack),
          .entries = entries_,
          .usable_bytes = met.usable_bytes};
}

std::optional<PredictedEnd> Reference::end_by(const Step& step) const {
  switch (step.kind) {
    case Step::Kind::overflow: return starts_.depth() > 0 ? overflow_beside() : overflow();
    case Step::Kind::trespass:
      return starts_.depth() > 0 ? std::nullopt : trespass(slots_[step.handle].stack);
    case Step::Kind::resume_again:
      return starts_.depth() > 0 ? std::nullopt : resume_again(slots_[step.handle].stack);
    default: return std::nullopt;
  }
}

void Reference::take_process_end(const Step& step) {
  process_end_ = end_by(step);
  if (!process_end_) {
    skip();
  }
}

/// The embedder's own stack ends at the thread's guard page, which is no continuation's.
std::optional<PredictedEnd> Reference::overflow() const {
  const StackIndex owner = native_owner();
  if (owner == no_stack) {
    return PredictedEnd{.kind = Kind::unreported, .by_recursion = true};
  }
  if (!has_guard_page(stacks_[owner])) {
    return std::nullopt;
  }
  PredictedEnd end = met_guard_page(owner, Kind::overflow);
  end.by_recursion = true;
  return end;
}

/// Only a mapped stack has guard pages to run into.
std::optional<PredictedEnd> Reference::overflow_beside() const {
  const StartReference::Started& self = starts_.nested().back();
  if (!self.is_mapped) {
    return std::nullopt;
  }
  return PredictedEnd{.kind = Kind::overflow,
                      .by_recursion = true,
                      .is_beside = true,
                      .continuation = self.made,
                      .depth = starts_.depth(),
                      .entries = entries_,
                      .usable_bytes = self.usable_bytes};
}

/// A stack that nothing runs on any more keeps its guard pages until another one is made.
std::optional<PredictedEnd> Reference::trespass(StackIndex index) const {
  if (index == no_stack || !has_guard_page(stacks_[index])) {
    return std::nullopt;
  }
  const ReferenceStack& met = stacks_[index];
  if (!met.is_live() && met.ended_at <= made_at_) {
    return std::nullopt;
  }
  const Kind kind = !met.is_live()            ? Kind::unreported
                    : index == native_owner() ? Kind::overflow
                                              : Kind::trespass;
  PredictedEnd end = met_guard_page(index, kind);
  end.offset = trespass_offset(serial_);
  return end;
}

/// A handle is forged of the record's present revision. A check of core compares the parent of the
/// last ancestor that the record names: it is to have none (C3).
std::optional<PredictedEnd> Reference::resume_again(StackIndex index) const {
  if (index == no_stack || !stacks_[index].is_live() || stacks_[running_].reraised) {
    return std::nullopt;
  }
  // The last ancestor is of the latest suspension, and may have ended since.
  const StackIndex last = stacks_[index].last_ancestor;
  StackIndex outward = index;
  while (outward != no_stack && outward != last) {
    outward = stacks_[outward].parent;
  }
  if (outward == no_stack || stacks_[last].parent == no_stack) {
    return std::nullopt;
  }
  PredictedEnd end = met_guard_page(index, Kind::check);
  end.parent = stacks_[last].parent;
  end.by_throw = serial_ % 2 == 0;
  return end;
}

}  // namespace fiberproof::fuzz
