#include "core/walk.hpp"

#include "core/caller_frame.hpp"
#include "core/check.hpp"
#include "core/instrumentation.hpp"
#include "core/layout.hpp"
#include "core/thread_stack.hpp"

#include <cstdio>
#include <optional>
#include <utility>

namespace fiberproof {
namespace {

using Reason = BrokenChain::Reason;

constexpr std::uint64_t link_bytes = 2 * sizeof(std::uint64_t);  // saved RBP and return address

/// Where a walk ends, and on which stack it begins.
struct Chain {
  const StackRecord* innermost;
  const Continuation* last;  ///< of a suspended chain; null for an active one
  FramePointers initial;     ///< of an active chain's initial stack
  std::uint64_t stacks_max;
};

/// Uninstrumented, since memory of frames and control contexts may be poisoned, or count as not
/// written.
FIBERPROOF_UNINSTRUMENTED std::uint64_t word_at(std::uint64_t address) {
  return *reinterpret_cast<const volatile std::uint64_t*>(address);
}

FIBERPROOF_UNINSTRUMENTED ControlContext context_of(const Continuation& continuation) {
  const volatile ControlContext& context = *continuation.control_context;
  return {context.rsp, context.rbp, context.rip};
}

FIBERPROOF_UNINSTRUMENTED FramePointers frame_pointers(const Continuation& continuation) {
  const StackBounds bounds = continuation.stack->bounds();
  const auto [guard_first, guard_end] = continuation.stack->guard_pages();
  // An overrun may use the bytes between the limit and the guard pages.
  const std::uint64_t lowest = guard_end == 0 ? bounds.limit() : guard_end;
  const std::uint64_t buffer =
      bounds.top - laid_out_bytes(continuation.args.capacity) + sizeof(LaunchWords);
  return {lowest, buffer - link_bytes, bounds.top - frame_pointer_bytes_below_top};
}

FIBERPROOF_UNINSTRUMENTED FramePointers frame_pointers(const Chain& chain,
                                                       const StackRecord& stack) {
  if (!stack.initial) {
    return frame_pointers(static_cast<const Continuation&>(stack));
  }
  return chain.initial;
}

FIBERPROOF_UNINSTRUMENTED Reason reason_of(LinkFault fault) {
  return fault == LinkFault::misaligned      ? Reason::misaligned
         : fault == LinkFault::off_its_stack ? Reason::off_its_stack
                                             : Reason::not_above;
}

/// One walk along one chain.
class ChainWalk {
 public:
  explicit ChainWalk(const Chain& chain) : chain_(chain) {}

  [[nodiscard]] std::expected<void, BrokenChain> begin(const Frame& first);
  /// The same for a chain that waits in a switch, and resumes as `context` says.
  [[nodiscard]] std::expected<void, BrokenChain> begin(const ControlContext& context);

  const Frame& frame() const { return frame_; }
  bool is_at_end() const;
  [[nodiscard]] std::expected<void, BrokenChain> step_out();

 private:
  [[nodiscard]] std::expected<void, BrokenChain> enter(const StackRecord& stack,
                                                       const ControlContext& context,
                                                       std::uint64_t after);
  [[nodiscard]] std::expected<void, BrokenChain> cross_to_parent();
  [[nodiscard]] std::expected<void, BrokenChain> arrive(const Frame& next, std::uint64_t after);

  const Chain& chain_;
  FramePointers possible_{};  ///< on the stack of frame_
  Frame frame_{};
  std::uint64_t stacks_ = 1;
};

FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::arrive(const Frame& next,
                                                                             std::uint64_t after) {
  if (const LinkFault fault = why_not_a_frame(possible_, next.frame_pointer);
      fault != LinkFault::none) {
    return std::unexpected(BrokenChain{reason_of(fault), next.stack, next.frame_pointer, after});
  }
  frame_ = next;
  return {};
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::begin(const Frame& first) {
  possible_ = frame_pointers(chain_, *chain_.innermost);
  return arrive({first.instruction, first.frame_pointer, chain_.innermost, first.kind}, 0);
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::begin(
    const ControlContext& context) {
  return enter(*chain_.innermost, context, 0);
}

/// Enters the innermost frame of a stack that waits in a switch, and resumes as `context` says.
FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::enter(
    const StackRecord& stack, const ControlContext& context, std::uint64_t after) {
  possible_ = frame_pointers(chain_, stack);
  if (context.rsp < possible_.lowest || context.rsp > context.rbp) {
    return std::unexpected(BrokenChain{Reason::off_its_stack, &stack, context.rsp, after});
  }
  const auto kind = stack.state == State::fresh ? Frame::Kind::exact : Frame::Kind::after_switch;
  return arrive({context.rip, context.rbp, &stack, kind}, after);
}

FIBERPROOF_UNINSTRUMENTED bool ChainWalk::is_at_end() const {
  return frame_.frame_pointer == possible_.outermost &&
         (frame_.stack->initial || frame_.stack == chain_.last);
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::step_out() {
  if (frame_.frame_pointer == possible_.outermost) {
    return cross_to_parent();
  }
  CallerFrame caller;
  const std::uint64_t after = frame_.frame_pointer;
  if (const LinkFault fault = caller_frame(possible_, after, caller); fault != LinkFault::none) {
    return std::unexpected(
        BrokenChain{reason_of(fault), frame_.stack, caller.frame_pointer, after});
  }
  frame_ = {caller.instruction, caller.frame_pointer, frame_.stack, Frame::Kind::after_call};
  return {};
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, BrokenChain> ChainWalk::cross_to_parent() {
  const auto& continuation = static_cast<const Continuation&>(*frame_.stack);
  const std::uint64_t after = frame_.frame_pointer;
  if (continuation.parent == nullptr) {
    return std::unexpected(BrokenChain{Reason::no_parent, &continuation, 0, after});
  }
  if (++stacks_ > chain_.stacks_max) {
    return std::unexpected(BrokenChain{Reason::too_many_stacks, continuation.parent, 0, after});
  }
  return enter(*continuation.parent, context_of(continuation), after);
}

/// Visits a chain from the frame that `walk` is at. Returns whether the visitor wanted all of it.
[[nodiscard]] FIBERPROOF_UNINSTRUMENTED std::expected<bool, BrokenChain> visit_all(
    ChainWalk& walk, FrameVisitor visit) {
  while (visit(walk.frame())) {
    if (walk.is_at_end()) {
      return true;
    }
    if (const auto stepped = walk.step_out(); !stepped) {
      return std::unexpected(stepped.error());
    }
  }
  return false;
}

/// The innermost of the entries inside `entry` that are of the same store, or null.
FIBERPROOF_UNINSTRUMENTED const Entry* next_inner_of_store(const Entry& entry) {
  const Entry* found = nullptr;
  for (const Entry* inner = Entry::innermost_of_thread(); inner != nullptr && inner != &entry;
       inner = inner->outer_of_thread()) {
    if (&inner->store() == &entry.store()) {
      found = inner;
    }
  }
  return found;
}

FIBERPROOF_UNINSTRUMENTED const StackRecord& active_stack_of(const Entry& entry) {
  const Entry* const inner = next_inner_of_store(entry);
  return inner == nullptr ? *entry.store().active : *inner->outer_active();
}

/// The lowest address of the native stack that the entry was made on: that of the next outer
/// entry's active stack, or else the thread's own.
FIBERPROOF_UNINSTRUMENTED std::uint64_t lowest_of_native_stack(const Entry& entry) {
  for (const Entry* outer = entry.outer_of_thread(); outer != nullptr;
       outer = outer->outer_of_thread()) {
    const StackRecord& stack = active_stack_of(*outer);
    if (!stack.initial) {
      return frame_pointers(static_cast<const Continuation&>(stack)).lowest;
    }
  }
  return thread_stack().lowest;
}

FIBERPROOF_UNINSTRUMENTED Chain chain_of(const Entry& entry) {
  const Store& store = entry.store();
  const StackRecord& active = active_stack_of(entry);
  const Limits& limits = entry.initial().limits;
  return {.innermost = &active,
          .last = nullptr,
          .initial = {lowest_of_native_stack(entry), limits.entry_frame_pointer,
                      limits.entry_frame_pointer},
          .stacks_max = store.live_count() + 1};
}

/// Walks the chains from the innermost entry of the thread out to `last_entry`, and gives the
/// visitor those frames that `is_wanted` says of their entry. The frame that made an entry belongs
/// to the chain of that entry and to the next one; it is visited once, for the first that is
/// wanted.
template <class IsWanted>
[[nodiscard]] FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_entries(
    Frame first, const Entry* last_entry, IsWanted is_wanted, FrameVisitor visit) {
  bool first_was_visited = false;
  for (const Entry* entry = Entry::innermost_of_thread(); entry != nullptr;
       entry = entry->outer_of_thread()) {
    const Chain chain = chain_of(*entry);
    ChainWalk walk(chain);
    if (const auto begun = walk.begin(first); !begun) {
      return std::unexpected(begun.error());
    }
    const bool wanted = is_wanted(*entry);
    bool skip = first_was_visited;
    const auto visited = visit_all(walk, [&](const Frame& frame) {
      return std::exchange(skip, false) || !wanted || visit(frame);
    });
    if (!visited) {
      return std::unexpected(visited.error());
    }
    if (!*visited || entry == last_entry) {
      return {};
    }
    first = walk.frame();
    first_was_visited = wanted;
  }
  if (last_entry != nullptr) {
    return std::unexpected(NotEntered{});
  }
  return {};
}

}  // namespace

FIBERPROOF_UNINSTRUMENTED Frame calling_frame(const void* frame_pointer) {
  const auto address = reinterpret_cast<std::uint64_t>(frame_pointer);
  return {word_at(address + sizeof(std::uint64_t)), word_at(address), nullptr,
          Frame::Kind::after_call};
}

[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_active(
    const Store& store, FrameVisitor visit) {
  return walk_active(store, calling_frame(__builtin_frame_address(0)), visit);
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_active(const Store& store,
                                                                     const Frame& first,
                                                                     FrameVisitor visit) {
  if (store.entry == nullptr) {
    return std::unexpected(NotEntered{});
  }
  const auto is_own = [&store](const Entry& entry) { return &entry == store.entry; };
  return walk_entries(first, store.entry, is_own, visit);
}

[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_thread(
    FrameVisitor visit) {
  return walk_thread(calling_frame(__builtin_frame_address(0)), visit);
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_thread(const Frame& first,
                                                                     FrameVisitor visit) {
  if (Entry::innermost_of_thread() == nullptr) {
    return std::unexpected(NotEntered{});
  }
  return walk_entries(first, nullptr, [](const Entry&) { return true; }, visit);
}

FIBERPROOF_UNINSTRUMENTED std::expected<void, WalkError> walk_suspended(const Store& store,
                                                                        Handle handle,
                                                                        FrameVisitor visit) {
  if (handle.record == nullptr) {
    return std::unexpected(NullHandle{});
  }
  const Continuation& innermost = *handle.record;
  if (innermost.revision != handle.revision) {
    return std::unexpected(ConsumedHandle{innermost.id, handle.revision, innermost.revision});
  }
  FIBER_CHECK(C3, innermost.last_ancestor, !=, nullptr);
  const Continuation& last = *innermost.last_ancestor;
  const Chain chain{&innermost, &last, {}, store.live_count()};
  ChainWalk walk(chain);
  // The chain will be resumed through the context of its last ancestor, which holds the resume
  // point of the innermost stack. The context of the innermost one holds that of its parent.
  if (const auto begun = walk.begin(context_of(last)); !begun) {
    return std::unexpected(begun.error());
  }
  if (const auto visited = visit_all(walk, visit); !visited) {
    return std::unexpected(visited.error());
  }
  return {};
}

std::string name_of(const StackRecord& stack) {
  return stack.initial
             ? "the initial stack"
             : "continuation " + std::to_string(static_cast<const Continuation&>(stack).id);
}

namespace {

std::string hex(std::uint64_t value) {
  char text[sizeof "0x0123456789abcdef"];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string what_is_wrong(const BrokenChain& broken) {
  switch (broken.reason) {
    case Reason::misaligned: return hex(broken.found) + " is not aligned";
    case Reason::off_its_stack: return hex(broken.found) + " is not on that stack";
    case Reason::not_above: return hex(broken.found) + " is not above";
    case Reason::no_parent: return "there is no parent";
    case Reason::too_many_stacks: break;
  }
  return "there are more stacks than the store has";
}

struct Describe {
  std::string operator()(const NotEntered&) const { return "no entry is open"; }
  std::string operator()(const NullHandle& trap) const { return describe(Trap(trap)); }
  std::string operator()(const ConsumedHandle& trap) const { return describe(Trap(trap)); }
  std::string operator()(const BrokenChain& broken) const {
    return "the frame-pointer chain breaks on " + name_of(*broken.stack) +
           (broken.after == 0 ? ", at its first frame: "
                              : ", after the frame at " + hex(broken.after) + ": ") +
           what_is_wrong(broken);
  }
};

}  // namespace

std::string describe(const WalkError& error) {
  return std::visit(Describe{}, error);
}

}  // namespace fiberproof
