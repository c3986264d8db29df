// The frame-pointer walk (C6): visits the frames of a chain, innermost first.
//
// The word at a frame's RBP is its caller's RBP, the word above it the address at which the caller
// resumes. The outermost frame of a running continuation, the entry trampoline's, has its RBP in
// the control context, so the chain crosses to the parent by itself (T3). The walk of an active
// chain ends with the frame that made the entry; beyond, in the C library, there may be no frame
// pointers. The walk of a suspended chain ends with the trampoline's frame of its last ancestor:
// the words there lead back to where the walk began.
//
// The walk trusts no word: each frame must lie on the stack that comes next by the records, and
// above the frame before. Otherwise the chain is broken, and the walk returns where. It allocates
// nothing, changes nothing and takes no lock, so a signal handler can use it.
//
// Relies on frame pointers in all that runs on the stacks (fiberproof_flags asks for them).
#pragma once

#include "core/record.hpp"
#include "core/store.hpp"
#include "core/trap.hpp"

#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>

namespace fiberproof {

/// One frame of a chain.
struct Frame {
  /// The meaning of `instruction`: the address after a call or after a switch, which may already
  /// belong to another function; or exactly the address at which the frame resumes.
  enum class Kind : std::uint8_t { after_call, after_switch, exact };

  std::uint64_t instruction;
  std::uint64_t frame_pointer;
  const StackRecord* stack;  ///< on which the frame is
  Kind kind;

  /// An address in the call or switch that the frame is in, for symbols and lines.
  std::uint64_t symbol_address() const { return instruction - (kind == Kind::exact ? 0 : 1); }
};

/// The store has no active chain on this thread.
struct NotEntered {};

/// The words of a frame do not lead to a frame of the same chain.
struct BrokenChain {
  enum class Reason : std::uint8_t {
    misaligned,      ///< `found` is not a multiple of 16
    off_its_stack,   ///< `found` is not where frames of `stack` can be
    not_above,       ///< `found` is on the right stack, but not above `after`
    no_parent,       ///< `stack`, a continuation in the middle of a chain, has no parent
    too_many_stacks  ///< more of them than the store has: a cycle
  };
  Reason reason;
  const StackRecord* stack;  ///< on which a frame was expected
  std::uint64_t found;       ///< the frame pointer, or the stack pointer beside it
  std::uint64_t after;       ///< frame pointer of the frame whose words led there; 0 for the first
};

/// Why a walk could not begin or continue.
using WalkError = std::variant<NotEntered, NullHandle, ConsumedHandle, BrokenChain>;

/// One line for people, without a full stop.
std::string describe(const WalkError& error);

/// "continuation 7" or "the initial stack".
std::string name_of(const StackRecord& stack);

/// Refers to a callable that takes each frame and returns whether to continue. It runs within the
/// walk and must not change the store.
class FrameVisitor {
 public:
  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, FrameVisitor> &&
             std::predicate<Callable&, const Frame&>)
  FrameVisitor(Callable&& callable)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* called, const Frame& frame) {
          return static_cast<bool>(
              (*static_cast<std::remove_reference_t<Callable>*>(called))(frame));
        }) {}

  bool operator()(const Frame& frame) const { return call_(callable_, frame); }

 private:
  void* callable_;
  bool (*call_)(void*, const Frame&);
};

/// Walks the active chain of the store's innermost entry, from the caller, or from `first`, whose
/// stack the walk knows. Where entries of other stores are open inside, the walk begins with the
/// frame that made the outermost of them: it is the innermost frame of this chain.
[[nodiscard]] std::expected<void, WalkError> walk_active(const Store& store, FrameVisitor visit);
[[nodiscard]] std::expected<void, WalkError> walk_active(const Store& store, const Frame& first,
                                                         FrameVisitor visit);

/// Walks this thread from the caller, or from `first`, through the chains of all open entries,
/// innermost first, to the frame that made the outermost one.
[[nodiscard]] std::expected<void, WalkError> walk_thread(FrameVisitor visit);
[[nodiscard]] std::expected<void, WalkError> walk_thread(const Frame& first, FrameVisitor visit);

/// Walks the chain that `handle` names, which stays usable. A fresh one has a single frame: that of
/// its entry trampoline, before its first instruction.
[[nodiscard]] std::expected<void, WalkError> walk_suspended(const Store& store, Handle handle,
                                                            FrameVisitor visit);

/// The frame that called the function with this frame pointer: where a walk begins on behalf of
/// the caller. `frame_pointer` is that function's __builtin_frame_address(0).
Frame calling_frame(const void* frame_pointer);

}  // namespace fiberproof
