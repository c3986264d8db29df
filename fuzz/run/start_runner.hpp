// Runs `initialize`, `start` and the steps of what was started, on real fibers and beside the store
// of the program. The starter's side makes continuations and resumes them until they end
// (start_parent.cpp); the body's side takes steps (start_body.cpp) and judges what it meets
// (start_judge.cpp). What has to happen on a stack with hardly any room is only observed there, and
// judged by the starter.
#pragma once

#include "core/store.hpp"
#include "fuzz/oracle/oracle.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/run/progress.hpp"
#include "fuzz/run/stack_source.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace fiberproof::fuzz {

/// Memory around a first RSP and a TOS in which every word is accounted for.
struct Watched {
  std::array<Span, 2> spans;
  std::size_t count;
  std::span<const Span> all() const { return {spans.data(), count}; }
};

/// A control context elsewhere than on a stack, between words that a switch must leave alone (S2).
struct ApartContext {
  std::array<std::uint64_t, 3> below;
  ControlContext context;
  std::array<std::uint64_t, 3> above;
};

/// What a body saw of its stack right after it was entered by a switch.
struct BodyArrival {
  oracle::ContextWords parent;             ///< the control context: where the parent goes on
  std::optional<std::uint32_t> from_body;  ///< frames from the body to TOS − 0x10
  std::optional<std::uint32_t> from_link;  ///< frames from there to the frame that resumed
  std::uint64_t modes;
  std::uint64_t entry_frame_pointer;
  std::uint64_t entry_stack_pointer;
  oracle::ArgsObjectSeen args;
};

/// One continuation that was started and has not ended.
struct Activation {
  Continuation* continuation = nullptr;  ///< nothing has used its record again yet
  Handle handle;                         ///< consumed once it was resumed
  std::optional<fiberproof::Function> callee;
  LeasedStack leased;
  const Signature* function = nullptr;
  StartEvent started{};
  LayoutRequest request{};
  std::uint32_t depth = 0;
  std::uint32_t owner = 0;  ///< of the values: the continuation's number

  // The parent's side.
  ProbedCall resume_call{};
  std::uint64_t effect = 0;         ///< payload of the effect that the latest resume saw
  std::uint64_t caught = 0;         ///< address of the exception that it threw, 0 for none
  std::uint64_t vectors_after = 0;  ///< 0 where live vector values came through the switch

  // The body's side.
  oracle::ArrayCallSeen seen{};
  BodyArrival arrival{};
  std::optional<std::uint32_t> wrong_argument;
  ProbedCall suspend_call{};
  std::uint32_t handler_index = 0;
  bool suspended_apart = false;
  ApartContext apart{};
  ProbedSwitch apart_switch{};
  oracle::ContextWords loaded_apart{};  ///< the stack's own context, when it was only loaded
  oracle::ContextWords at_end{};        ///< the control context right before the function ended
  Step::Kind end{};                     ///< the step that ends it
  bool succeeded = false;
  std::uint64_t thrown = 0;  ///< address of the exception object, 0 for none

  Span stack_span() const { return {request.top - request.usable_bytes, request.top}; }

  /// What lies right below the limit and from TOS up, of a supplied stack; empty of a mapped one.
  std::array<Span, 2> margins() const;
};

/// What a body throws; its address identifies it.
struct StartedException {
  StartedException() = default;
  std::uint64_t continuation = 0;
};

class StartRunner {
 public:
  /// Takes its steps from `progress`, and what it runs on from `stacks`.
  StartRunner(Progress& progress, StackSource& stacks);

  /// On input `progress` has begun the run.
  void begin();

  /// Takes all steps of a program that leaves its store alone.
  void run_all();

  /// Performs `step`, an `initialize` or `start` that a stack of the store has taken, which runs in
  /// `running`; then takes all steps of what it starts. On output the floating-point modes are
  /// those of a new process, and the probes are aimed as before.
  void take(const Step& step, Span running);

 private:
  // start_runner.cpp
  bool take_next(Activation* self);
  bool perform(const Step& step, Activation* self);
  void check(const Verdict& verdict) const { progress_.check(verdict); }
  void end();
  void snapshot(const LayoutRequest& layout, std::uint32_t continuation);
  const Reference& reference() const { return progress_.reference(); }
  const StartEvent& event() const { return reference().starts().event(); }
  std::uint64_t start_routine_address() const;
  Activation& activation_at(std::uint32_t depth);
  Span span_at(std::uint32_t depth) const;

  static bool array_call(const FuncRef& self, void* caller_vmctx, Value* values,
                         std::uint32_t capacity);

  // start_layout.cpp
  void initialize_only(const Step& step);
  void judge_layout(const LayoutRequest& request, const Watched& watched);
  static Watched watch(Span watchable, const LayoutRequest& request, std::uint64_t reach);

  // start_parent.cpp
  void start(const Step& step);
  bool make(Activation& made, const Step& step, const StartEvent& event);
  void launch(Activation& made);
  void resume_once(Activation& child);
  void judge_suspension(Activation& child, const StartEvent& event);
  void judge_end(Activation& child, const StartEvent& event);
  static void resume_and_take_the_effect(Activation& child);
  static void resume_thunk(void* activation);
  static std::uint64_t resume_apart(Activation& child);

  // start_body.cpp
  void run_body(Activation& self);
  void yield(const Step& step, Activation& self);
  static void suspend_thunk(void* activation);
  static void suspend_apart_thunk(void* activation);
  [[noreturn]] void throw_from(Activation& self);

  // start_judge.cpp
  static void observe_arrival(Activation& self, std::uint64_t frame, Span parent);
  void judge_entry(Activation& self);
  void judge_arrival(const Activation& self);
  void judge_resumed_suspension(const Step& step, Activation& self);
  void judge_body(Activation& self, std::uint64_t frame, bool innermost, Span locals);
  void judge_consumed(const Activation& other, State state);
  [[noreturn]] static void land();
  void judge_effect_coding(std::uint32_t index);
  void walk_all_stacks(std::uint64_t frame);

  static StartRunner* running_;

  Progress& progress_;
  StackSource& stacks_;
  std::vector<std::uint64_t> after_switches_;  ///< addresses after every switch of this program
  std::vector<std::unique_ptr<Activation>> activations_;  ///< by depth, from 1
  Store store_;

  std::uint64_t made_before_ = 0;  ///< continuations of earlier runs
  std::uint32_t depth_ = 0;
  std::uint64_t outer_frame_ = 0;  ///< of whoever takes the outermost start
  Span outer_span_{};              ///< and where on its stack
  std::uint64_t modes_ = 0;        ///< the floating-point modes that were set last
  std::uint32_t walk_links_left_ = 0;
  std::optional<std::uint32_t> index_coded_;  ///< that E1 was asked about last, in this run
};

}  // namespace fiberproof::fuzz
