// The reference interpreter of Programs: plain data, no native stacks, nothing of core, only
// the words and numbers of the specification (SPEC.md, Continuations). A run takes its steps from
// it, and compares after each step what the stack that has the control must see.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/reference/predicted_end.hpp"
#include "fuzz/reference/start_reference.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fiberproof::fuzz {

/// Bounds of a run. Beyond each of them a step is skipped, or the program ends.
namespace run_bounds {
inline constexpr std::size_t live = 1100;        ///< continuations at a time
inline constexpr std::size_t made = 4096;        ///< continuations in all
inline constexpr std::uint32_t entries = 4;      ///< open at a time, the embedder's own among them
inline constexpr std::uint32_t frames = 16;      ///< of calls, tries and entries on one stack
inline constexpr std::uint64_t work = 1u << 14;  ///< steps taken and values handed in
/// Work for values: beyond what a program usually hands over, the more the cheaper.
constexpr std::uint64_t work_for(std::uint64_t values) {
  constexpr std::uint64_t usual = 4096;
  return values <= usual ? values : usual + (values - usual) / 64;
}
/// Work for a new args buffer, which is filled: nothing for one of the usual size.
constexpr std::uint64_t work_for_buffer(std::uint32_t capacity) {
  return capacity <= program_bounds::arity ? 0 : capacity / 64;
}
/// Bytes below the first RSP that a body needs to take steps; with fewer it returns at once (L8
/// promises only that a call can run).
inline constexpr std::uint64_t room_for_steps = 40 * 1024;
}  // namespace run_bounds

/// A value: 16 bytes that no other step makes, of the serial number of the step that made it and
/// its place among the values of that step.
struct PlainValue {
  std::uint64_t low;
  std::uint64_t high;
  friend bool operator==(const PlainValue&, const PlainValue&) = default;
};

constexpr PlainValue value_made(std::uint32_t serial, std::uint32_t place) {
  const std::uint64_t low = std::uint64_t{serial} << 32 | place;
  return {low, ~low * 0x9e3779b97f4a7c15};
}

struct ExpectedTrap {
  enum class Kind : std::uint8_t {
    null_function,
    stack_too_small,  // required bytes, usable bytes
    null_handle,
    consumed_handle,
    too_many_values,    // given, length, capacity
    unhandled_suspend,  // tag
    unhandled_switch,   // tag
    body_failed,        // number of the continuation
    no_stack,           // requested bytes, NoStack
  };
  enum class NoStack : std::uint8_t { too_large, too_small };
  Kind kind;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  friend bool operator==(const ExpectedTrap&, const ExpectedTrap&) = default;
};

/// Why no stack of this shape can be made, or nothing.
std::optional<ExpectedTrap> why_no_stack(const StackShape& shape);

/// Index of a stack in the reference: 0 is the embedder's own; the others are continuations and
/// the initial stacks of entries, in the order in which they were made.
using StackIndex = std::uint32_t;
inline constexpr StackIndex no_stack = ~StackIndex{0};

/// What a stack must see when it has the control again.
struct Arrival {
  enum class Kind : std::uint8_t {
    went_on,    // nothing: it kept the control
    made,       // a handle (new, bind)
    refused,    // the trap of its operation, which changed nothing
    started,    // its arguments
    returned,   // the results of the continuation it resumed
    suspended,  // the values, clause and handle of a suspension below
    trapped,    // the trap of the continuation it resumed
    resumed,    // the values that it was resumed with, where it was suspended
    caught,     // an exception
    cleaning,   // an exception on its way, which a destructor holds up
  };
  Kind kind = Kind::went_on;
  bool tight = false;   ///< of started: no room for steps
  std::uint8_t to = 0;  ///< where the handle goes
  StackIndex stack = 0;
  std::uint32_t clause = 0;
  std::uint32_t exception = 0;  ///< serial number of the step that threw it, or began to hold it up
  StackIndex handle = no_stack;  ///< the continuation that an arriving handle names
  std::span<const PlainValue> values{};
  ExpectedTrap trap{};
};

/// A stack in the terms of the specification.
struct ReferenceStack {
  enum class State : std::uint8_t { fresh, running, parent, suspended, returned, trapped };
  struct Frame {
    enum class Kind : std::uint8_t { call, try_, handler, cleanup, destructor };
    Kind kind;
    std::uint8_t depth;       ///< native frames that it stands for
    std::uint32_t exception;  ///< that a handler caught, or that a destructor holds up
  };

  State state;
  bool initial;
  std::uint8_t store;  ///< 0, or 1 for the other
  std::uint8_t function;
  std::uint8_t shape;
  std::uint32_t number;  ///< of a continuation, from 1 in each store
  StackIndex parent;
  StackIndex last_ancestor;
  StackIndex outer;    ///< of an entry's initial stack: the stack that ran before
  std::uint32_t uses;  ///< how often a handle of it was consumed
  std::uint32_t args_capacity;
  std::uint32_t values_capacity;
  std::uint32_t ended_at;      ///< number of the step in which it ended
  std::uint32_t frames_below;  ///< of an entry's initial stack: frames on the native stack before
  std::uint64_t usable_bytes;
  const Step* resume;  ///< of a parent: the resume that it waits in
  std::vector<PlainValue> args;
  std::vector<PlainValue> values;
  std::vector<Frame> frames;
  std::optional<ExpectedTrap> reraised;
  std::optional<ExpectedTrap> latest_refusal;

  bool is_live() const { return !initial && state < State::returned; }
  std::uint32_t frame_count() const;
  /// Destructors that take steps: as many exceptions are on their way.
  std::uint32_t destructor_count() const;
};

inline constexpr std::size_t stores = 2;  ///< of a run

/// What the C++ runtime says of the exceptions of a stack (F3).
struct ExpectedExceptions {
  std::uint32_t uncaught;               ///< on their way
  std::optional<std::uint32_t> caught;  ///< by the innermost handler: which step threw it
};

class Reference {
 public:
  /// On input `program` is valid and outlives the reference's use.
  void begin(const Program& program);

  /// The step that the running stack takes next, which it must; null after the last.
  const Step* next();

  /// Takes that step.
  void take();

  /// The running body returns, or the running entry closes, without a step that says so: there are
  /// no more steps, or no room for any.
  void end_of_steps();

  /// The starts beside the store, as the latest step left them.
  const StartReference& starts() const { return starts_; }

  /// What the stack that has the control must see.
  const Arrival& arrival() const { return arrival_; }
  /// Whether the latest step had no meaning where it was taken.
  bool skipped() const { return skipped_; }
  /// The end of the process in the latest step; nothing if the process lives on.
  const std::optional<PredictedEnd>& process_end() const { return process_end_; }
  /// The end that `step` would bring about if the running stack took it now.
  std::optional<PredictedEnd> end_by(const Step& step) const;
  /// Continuations that ended in the latest step, in any way.
  std::span<const StackIndex> ended() const { return ended_; }

  StackIndex running() const { return running_; }
  /// The store of the running stack.
  std::uint8_t running_store() const { return stacks_[running_].store; }
  std::uint32_t serial() const { return serial_; }
  /// Steps and values so far, which run_bounds::work bounds.
  std::uint64_t work() const { return work_; }
  std::size_t stack_count() const { return used_; }
  /// Continuations that a store has made.
  std::uint32_t made_count(std::uint8_t store) const { return numbers_[store]; }
  const ReferenceStack& stack(StackIndex index) const { return stacks_[index]; }
  /// Continuations that are neither ended nor abandoned.
  std::span<const StackIndex> live() const { return live_; }
  /// How many of them a store has.
  std::size_t live_count(std::uint8_t store) const { return live_counts_[store]; }
  /// The exceptions of a stack that runs or waits: of its own frames, and those of an initial stack
  /// also of the stack that it was entered from, which is the same native one.
  ExpectedExceptions exceptions(StackIndex index) const;
  /// The stack that waits for this one: its parent, or what ran before its entry.
  StackIndex next_outward(StackIndex index) const {
    return stacks_[index].initial ? stacks_[index].outer : stacks_[index].parent;
  }
  /// How deep the running stack is in its chain, 0 on an initial one, and what is started there.
  std::uint32_t depth() const;
  /// Frames of calls and tries on the native stack that runs.
  std::uint32_t native_frames() const;

  /// What a slot holds: a handle, good or consumed.
  struct Slot {
    StackIndex stack = no_stack;
    std::uint32_t uses = 0;
  };
  const Slot& slot(std::size_t index) const { return slots_[index]; }
  bool is_good(const Slot& slot) const {
    return slot.stack != no_stack && stacks_[slot.stack].uses == slot.uses;
  }

 private:
  ReferenceStack& self() { return stacks_[running_]; }
  ReferenceStack& add_stack();
  void skip();
  void refuse(const ExpectedTrap& trap);
  bool refused_by_reraise();
  bool refused(const Slot& slot, std::uint64_t given);
  ReferenceStack& consume(const Slot& slot);
  void put(std::uint8_t to, StackIndex stack);
  static void append(ReferenceStack& stack, std::uint32_t serial, std::uint32_t count);

  void take_started(const Step& step);
  void take_new(const Step& step);
  void take_bind(const Step& step);
  void take_resume(const Step& step);
  void take_throw_into(const Step& step);
  void take_suspend(const Step& step);
  void take_switch(const Step& step);
  void take_drop(const Step& step);
  void take_frame(ReferenceStack::Frame::Kind kind, std::uint32_t depth);
  void take_back();
  void take_rethrow();
  void take_enter(std::uint8_t store);
  void take_leave();
  void take_move();
  bool may_end_body() const;
  bool may_throw(StackIndex index) const;
  bool may_throw_into(const Slot& slot) const;
  bool may_attach(const Slot& slot, StackIndex parent) const;
  bool is_of_other_store(const Step& step) const;
  bool can_make(const Step& step) const;
  bool can_break(const Step& step) const;
  void take_process_end(const Step& step);
  std::optional<PredictedEnd> overflow() const;
  std::optional<PredictedEnd> overflow_beside() const;
  std::optional<PredictedEnd> trespass(StackIndex index) const;
  std::optional<PredictedEnd> resume_again(StackIndex index) const;
  StackIndex native_owner() const;
  std::uint32_t depth_of(StackIndex index) const;
  PredictedEnd met_guard_page(StackIndex stack, PredictedEnd::Kind kind) const;
  bool has_guard_page(const ReferenceStack& stack) const;

  void run_child(StackIndex child, const Step& step);
  void arrive_in(StackIndex stack, bool fresh);
  StackIndex cut(StackIndex last, std::uint32_t room);
  void end_body(bool succeeded);
  void end_in_trap(const ExpectedTrap& trap);
  void end(StackIndex index, ReferenceStack::State state);
  void unwind(std::uint32_t exception);
  void end_destructor();
  void close_entry();

  const Program* program_ = nullptr;
  StartReference starts_;
  std::vector<ReferenceStack> stacks_;  ///< kept between runs, with what they allocated
  std::size_t used_ = 0;
  StackIndex running_ = 0;
  std::array<Slot, program_bounds::handles> slots_;
  std::vector<StackIndex> live_;
  std::array<std::size_t, stores> live_counts_{};
  std::vector<StackIndex> ended_;
  std::vector<PlainValue> handed_over_;
  Arrival arrival_;
  bool skipped_ = false;
  std::optional<PredictedEnd> process_end_;
  std::uint32_t serial_ = 0;
  std::uint32_t made_at_ = 0;  ///< the step that made a stack last
  std::array<std::uint32_t, stores> numbers_{};
  bool uses_both_stores_ = false;
  bool has_cleanups_ = false;  ///< some destructor may have taken steps
  std::uint32_t entries_ = 0;
  std::uint64_t work_ = 0;
  std::size_t position_ = 0;
  const Step* step_ = nullptr;
  std::array<std::uint16_t, program_bounds::steps> repeats_left_;
  std::array<bool, program_bounds::steps> repeating_;
};

}  // namespace fiberproof::fuzz
