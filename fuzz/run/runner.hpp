// The inside of run(): one MachineRunner, kept between runs. The side of the bodies, and of the
// embedder, takes steps and tells what came of them (run_body.cpp, operations.cpp); the other side
// compares that, and the store, with the reference (run_judge.cpp).
#pragma once

#include "core/body.hpp"
#include "core/store.hpp"
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/oracle/oracle_text.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/run/run_log.hpp"
#include "fuzz/run/single_step.hpp"
#include "fuzz/run/stack_source.hpp"
#include "fuzz/run/start_runner.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {

/// What bodies throw. Counts how many there are.
struct MachineException {
  explicit MachineException(std::uint32_t serial) : thrown_in(serial) { ++count; }
  MachineException(const MachineException& other) : thrown_in(other.thrown_in) { ++count; }
  MachineException& operator=(const MachineException&) = delete;
  ~MachineException() { --count; }

  std::uint32_t thrown_in;  ///< serial number of the step
  static inline std::uint64_t count = 0;
};

/// What a step gave to the stack that has the control after it.
struct Seen {
  Arrival::Kind kind = Arrival::Kind::went_on;
  std::uint32_t clause = 0;
  std::uint32_t exception = 0;
  std::span<const Value> values{};
  Handle handle{};
  std::optional<Trap> trap{};
};

/// What is known of a native stack, besides what the reference knows.
struct NativeStack {
  StackRecord* record = nullptr;
  Span span{};
  std::uint64_t revision = 0;  ///< when last seen
  std::uint32_t uses = 0;      ///< of the reference, then
  bool entered = false;        ///< `limits` are known
  bool probed = false;  ///< it is entered through the start probe, and left through the other
  bool stepped_through = false;  ///< its trampoline is, instruction by instruction
  oracle::LimitWords limits{};
  oracle::ContextWords at_end{};  ///< the control context right before its end
  LeasedStack leased{};
  std::vector<std::uint64_t> frames;  ///< frame pointers, outermost first
  std::optional<Trap> latest_refusal;

  Continuation& continuation() const { return static_cast<Continuation&>(*record); }
};

/// How the steps of a frame come to an end; nothing where the next frame goes on after them.
enum class Exit : std::uint8_t { back, left, returned, trapped, over };
using MaybeExit = std::optional<Exit>;

/// The index of one of the tags that programs name.
std::size_t tag_index(const Tag* tag);

class MachineRunner {
  /// Of stacks that are kept between runs. Under AddressSanitizer each may come to hold some 400
  /// KiB, most of it fake frames, so there this is what bounds the memory of a campaign. Elsewhere
  /// mapping stacks of so many sizes anew is a quarter of the time of a run with fewer.
#ifdef FIBERPROOF_ASAN
  static constexpr std::size_t stacks_kept_max = 256;
#else
  static constexpr std::size_t stacks_kept_max = 8192;
#endif
  // Of a store that is for one run. Few, so that some are unmapped before its end.
  static constexpr std::size_t own_stacks_kept_max = 2;

  static StoreOptions store_options(std::size_t kept_max) {
    return {.stack_bytes = machine_bounds::store_stack_bytes,
            .stacks = {.staggered = true, .kept_max = kept_max}};
  }

 public:
  MachineRunner();
  Outcome run(const MachineProgram& program, FindingHandler* handler, const RunOptions& options);

  /// The array call of every continuation.
  static bool array_call(const FuncRef& self, void* caller_vmctx, Value* values,
                         std::uint32_t capacity);

 private:
  class FrameMark;
  class NotedFrames;
  class ProbedEnd;
  class Unwinding;
  struct ProbedOperation;

  /// Words of a chain that are wrong while it is walked, and what the walk must say.
  struct WrongWord {
    std::uint64_t address;  ///< 0 where no word is, but what the walk begins with
    std::uint64_t wrong;
  };
  struct Breach {
    static constexpr std::size_t words_max = 3;
    std::array<WrongWord, words_max> words;  ///< as many as have an address
    oracle::BrokenWalk expected;
    StackIndex on;  ///< the stack that it must name
  };

  // run.cpp
  void begin(const MachineProgram& program);
  Outcome run_beside(const MachineProgram& program);
  static void aim_start_probe();
  void choose_store(std::uint32_t hash);
  void give_all_back();
  void end_own_store();
  NativeStack& native(StackIndex index) { return *natives_[index]; }
  NativeStack& new_native(StackIndex index, StackRecord& record, Span span);
  void check(const Verdict& verdict) {
    if (verdict) [[unlikely]] {
      violated(*verdict);
    }
  }
  [[noreturn, gnu::cold]] void violated(const Violation& violation);
  void give_back(NativeStack& ended);
  void snapshot(StackIndex index);
  void log(const MachineStep* step);
  void log_store();

  // run_body.cpp
  void run_embedder();
  bool run_body(StackIndex self, const oracle::ArrayCallSeen& call, Value* values);
  bool end_at_once(StackIndex self, Value* values, std::uint32_t capacity);
  Exit interpret(StackIndex self);
  MaybeExit take(const MachineStep& step, StackIndex self);
  MaybeExit call_down(StackIndex self, std::uint32_t frames);
  MaybeExit try_steps(StackIndex self);
  void enter(StackIndex self);
  void take_beside(const MachineStep& step, StackIndex self);
  [[noreturn]] static void throw_it(std::uint32_t serial);

  // operations.cpp
  Seen operate(const MachineStep& step);
  Seen operate_unprobed(const MachineStep& step);
  Seen make(const MachineStep& step);
  Seen make_unjudged(const MachineStep& step);
  Seen bind(const MachineStep& step);
  Seen drop(const MachineStep& step);
  Seen resume_or_throw(const MachineStep& step);
  Seen suspend_or_switch(const MachineStep& step);
  void resume_again(const MachineStep& step);
  std::span<const Value> values_for(std::span<Value> room, std::uint32_t count) const;

  // run_judge.cpp
  void arrived(StackIndex self, const Seen& seen);
  void judge_started(StackIndex self, const oracle::ArrayCallSeen& call);
  void settle_tight();
  void judge_seen(const Seen& seen);
  void judge_trap(const ExpectedTrap& expected, const Trap& got);
  void judge_text(const ExpectedTrap& expected, std::string_view text);
  oracle::TextFacts facts_of(Handle refused) const;
  void judge_values(std::span<const Value> got);
  void judge_handle(Handle handle);
  void note_made(StackIndex index, Handle handle);
  void judge_store();
  void judge_continuation(StackIndex index);
  void judge_buffers(const ReferenceStack& expected, const Continuation& got);
  /// Of the store: how many there are, and how many of them are without a stack.
  struct Records {
    std::size_t all = 0;
    std::size_t without_stack = 0;
  };
  std::optional<Records> count_records() const;
  void judge_records(const std::optional<Records>& before);
  void judge_protection(const LayoutRequest& layout);
  void judge_ended(StackIndex index);
  void judge_limits(StackIndex running);
  LayoutRequest layout_of(StackIndex index);
  std::uint64_t record_of(StackIndex index);

  // run_walk.cpp
  void walk_active_chain(StackIndex self);
  void stop_walk_early(std::uint64_t frames);
  void walk_suspended_chain(Handle handle, StackIndex index);
  void walk_slot(std::uint8_t number);
  void walk_nothing(Handle handle, bool was_used);
  struct WalkBegin;
  template <class Walk>
  std::uint64_t judge_walk(NotedFrames noted, const WalkBegin& begin, Walk walk);
  void judge_noted_frames(StackIndex innermost);
  void judge_guard_pages(StackIndex self);
  void trespass(const MachineStep& step);
  void walk_outside();

  // run_broken_walk.cpp
  std::uint64_t lowest_of(StackIndex index);
  std::uint64_t parent_word(StackIndex index);
  Breach breach_of_context(Damage damage, std::uint64_t context, StackIndex next,
                           std::uint64_t after);
  Breach breach_of(Damage damage, StackIndex innermost, bool waits);
  template <class Act>
  void while_broken(const Breach& breach, Act act);
  template <class Walk>
  void judge_broken_walk(const Breach& breach, Walk walk);
  void walk_broken(Damage damage, StackIndex self);
  void walk_broken_slot(Damage damage, std::uint8_t number);

  // run_unwind.cpp
  void begin_walks(std::uint32_t hash);
  void walk_from_here(StackIndex self);
  void walk_one_slot();
  void unwind_from_here(StackIndex self);
  bool step_through(StackIndex made);
  void step_through_end(StackIndex self);
  void judge_stop(const Stop& stop);
  StackIndex next_outward(StackIndex index) const;

  static MachineRunner* running_;

  MachineReference reference_;
  const MachineProgram* program_ = nullptr;
  FindingHandler* handler_ = nullptr;
  Store kept_store_{store_options(stacks_kept_max)};
  std::optional<Store> own_store_;  ///< of a run that leaves what it has to the store's end
  Store* store_ = &kept_store_;
  StackSource stacks_;
  std::vector<std::unique_ptr<NativeStack>> natives_;  ///< by StackIndex
  std::deque<fiberproof::Function> functions_;
  std::array<Handle, machine_bounds::handles> slots_{};
  std::vector<Value> values_in_;
  LeasedStack leased_{};  ///< of the continuation that is being made
  const MachineStep* step_ = nullptr;
  std::uint32_t texts_judged_ = 0;    ///< a bit for each kind of trap
  std::uint64_t numbers_before_ = 0;  ///< continuations that the store had made before this run
  std::size_t rotating_ = 0;
  bool probing_ = false;
  std::uint64_t modes_ = 0;

  RunOptions options_;
  std::uint32_t frames_to_walk_ = 0;    ///< by frame pointers, until this run has walked enough
  std::uint32_t frames_to_unwind_ = 0;  ///< by call frame information
  std::uint32_t made_to_step_ = 0;      ///< continuations to be made until one is stepped through
  std::uint32_t left_to_step_ = 0;
  StackIndex stepped_ = no_stack;  ///< whose trampoline is being stepped through

  // A body with no room for steps only looks at its arguments; the next arrival judges.
  bool tight_ = false;
  std::optional<std::uint32_t> tight_wrong_argument_;
  Value tight_next_argument_{};  ///< after those that were handed in: a handle, where a switch came

  bool is_logging_ = false;
  RunLog log_;

  Outcome outcome_;
  StartRunner starts_{reference_, stacks_, outcome_};
};

}  // namespace fiberproof::fuzz
