// The log of a run, in plain numbers: each transition of the reference, and the content of core's
// store whenever a stack had the control after one. verify/refinement compares it with the model,
// after the run and on a stack with room.
#pragma once

#include "core/store.hpp"
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/reference/reference.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace fiberproof::fuzz {

/// Bounds of a log. A run that reaches one continues unlogged, and the log says so. So does one
/// that enters another store or moves to another thread, which the model does not have.
namespace run_log_bounds {
inline constexpr std::size_t live = 8;  ///< continuations at a time
inline constexpr std::size_t transitions = 4096;
}  // namespace run_log_bounds

/// A stack of the reference.
struct LoggedStack {
  StackIndex index;
  ReferenceStack::State state;
  bool initial;
  bool reraised;
  StackIndex parent;
  StackIndex last_ancestor;
  StackIndex outer;
  std::uint32_t uses;
  std::uint64_t args_length;
  std::uint64_t args_capacity;
  std::uint64_t values_length;
  std::uint64_t values_capacity;
};

/// A record of core. Addresses are numbers; `watched` is a value at the watched place.
struct LoggedRecord {
  StackIndex index;  ///< of the corresponding stack of the reference
  bool initial;
  bool reraised;
  std::uint64_t state;
  std::uint64_t address;
  std::uint64_t trap_handler;  ///< its address
  oracle::LimitWords limits;
  // The rest is for continuations alone.
  std::uint64_t parent;
  std::uint64_t last_ancestor;
  std::uint64_t revision;
  std::uint64_t stack_limit;  ///< the lowest address of its stack
  std::uint64_t usable_bytes;
  std::uint64_t args_length;
  std::uint64_t args_capacity;
  std::uint64_t values_length;
  std::uint64_t values_capacity;
  std::optional<std::uint64_t> watched;  ///< in the buffer that is filled while it waits
};

struct LoggedStore {
  std::uint64_t active;
  std::uint64_t entry;  ///< the record of the innermost
  oracle::LimitWords limits;
  std::uint64_t live;
  std::array<Handle, program_bounds::handles> slots;
};

/// One transition of the reference: a step, or the end of a body or entry that no step says.
struct LoggedTransition {
  std::optional<Step> step;  ///< nothing for such an end
  std::uint32_t serial;
  bool skipped;
  Arrival::Kind arrival;
  ExpectedTrap::Kind trap;  ///< of an arrival with a trap
  StackIndex running;
  StackIndex made;  ///< the continuation that an arriving handle names
  std::uint8_t to;  ///< and its slot
  std::array<Reference::Slot, program_bounds::handles> slots;
  std::array<bool, program_bounds::handles> good;
  std::uint32_t live;
  std::vector<LoggedStack> stacks;   ///< live, of open entries, and ended by this transition
  std::optional<LoggedStore> store;  ///< nothing where another transition came before it was seen
  std::vector<LoggedRecord> records;
};

class RunLog {
 public:
  void begin(std::size_t watched_place);

  /// Logs a transition that has been taken; `step` is null for an end without a step.
  void note(const Step* step, const Reference& reference);
  /// Logs the store after the latest transition; `record_of` finds the record of a stack.
  template <class RecordOf>
  void note(const Store& store, const std::array<Handle, program_bounds::handles>& slots,
            RecordOf record_of) {
    if (is_full_ || count_ == 0) return;
    LoggedTransition& latest = transitions_[count_ - 1];
    note_store(latest, store, slots);
    for (const LoggedStack& stack : latest.stacks) {
      note_record(latest, stack, *record_of(stack.index));
    }
  }

  std::span<const LoggedTransition> transitions() const { return {transitions_.data(), count_}; }
  /// Number of transitions that were not logged, as the run was too large.
  std::uint64_t unlogged() const { return unlogged_; }
  std::size_t watched_place() const { return watched_place_; }
  /// For tests that falsify it.
  std::vector<LoggedTransition>& entries() { return transitions_; }

 private:
  void note_stack(LoggedTransition& latest, const Reference& reference, StackIndex index);
  static void note_store(LoggedTransition& latest, const Store& store,
                         const std::array<Handle, program_bounds::handles>& slots);
  void note_record(LoggedTransition& latest, const LoggedStack& stack,
                   const StackRecord& record) const;

  std::vector<LoggedTransition> transitions_;  ///< kept, with what they allocated
  std::size_t count_ = 0;
  std::uint64_t unlogged_ = 0;
  std::size_t watched_place_ = 0;
  bool is_full_ = false;
};

/// Sees each run of this process after its end, unless an oracle stopped it.
using RunObserver = void (*)(const Program& program, const RunLog& log, FindingHandler* handler);
/// From now on; null for none, as at the start: then nothing is logged.
void observe_runs(RunObserver observer);
RunObserver run_observer();

}  // namespace fiberproof::fuzz
