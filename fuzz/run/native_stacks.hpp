// The native stacks of a run, and what the run knows of them besides the reference.
#pragma once

#include "core/continuation.hpp"
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/oracle/oracle.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/seen.hpp"
#include "fuzz/run/stack_source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace fiberproof::fuzz {

struct NativeStack {
  StackRecord* record = nullptr;
  Span span{};

  // Written by the judges when a continuation is made.
  LeasedStack leased{};
  Stack* stack = nullptr;
  bool probed = false;           ///< entered through the start probe, left through the exit probe
  bool stepped_through = false;  ///< its trampoline is run one instruction at a time

  // Written by the judges when they look at the stack.
  std::optional<std::uint32_t> args_length;  ///< when the body began to take steps
  std::uint64_t revision = 0;                ///< when last seen
  std::uint32_t uses = 0;                    ///< of the reference, then
  bool entered = false;                      ///< `limits` are known
  oracle::LimitWords limits{};
  std::optional<Trap> latest_refusal;

  // Written by the judges when a stack takes an operation.
  const Handlers* handlers = nullptr;  ///< of its latest resume
  std::uint64_t room = 0;              ///< of its latest suspension: an address

  // Written by the bodies.
  std::vector<std::uint64_t> frames;    ///< frame pointers, outermost first
  oracle::ContextWords at_end{};        ///< the control context right before the body ended
  std::vector<BodyException*> held_up;  ///< by destructors that take steps, outermost first

  Continuation& continuation() const { return static_cast<Continuation&>(*record); }
  /// Frees what was on its way on an abandoned stack, which core cannot find (C7).
  void release_held_up();
};

/// The native stacks by StackIndex, kept between runs with what they allocated.
class NativeStacks {
 public:
  NativeStack& operator[](StackIndex index) { return *stacks_[index]; }
  const NativeStack& operator[](StackIndex index) const { return *stacks_[index]; }

  /// A stack that the run has just made or entered.
  NativeStack& add(StackIndex index, StackRecord& record, Span span);

 private:
  std::vector<std::unique_ptr<NativeStack>> stacks_;
};

}  // namespace fiberproof::fuzz
