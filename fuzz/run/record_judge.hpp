// Compares every word of a record, of its buffers and of the store with the reference: what an
// operation sets, and what it leaves as it was (C2, C4, C5, C7).
#pragma once

#include "fuzz/run/view.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

class RecordJudge {
 public:
  RecordJudge(const RunView& view, NativeStacks& natives) : view_(view), natives_(natives) {}

  /// `have_owners`: the last word of an args buffer owns an object (owners.hpp).
  void begin(bool have_owners);

  /// A continuation was made: fills its args buffer with the pattern.
  void made(StackIndex index, const Continuation& record);
  /// It was entered: whatever is in its args buffer now stays there until it returns.
  void started(StackIndex index);
  /// A continuation that has not ended.
  void judge(StackIndex index) const;
  /// One that has returned in the latest step. Nothing has used its stack again yet.
  void judge_returned(StackIndex index) const;
  /// The registers of the store, and one of its records in turn.
  void judge_store();

 private:
  void judge_stack(const NativeStack& stack) const;
  void judge_limits(const ReferenceStack& expected, const NativeStack& stack) const;
  void judge_args(StackIndex index) const;
  void judge_room(const ReferenceStack& expected, const NativeStack& stack) const;
  void judge_values(std::span<const PlainValue> expected, std::uint64_t buffer) const;
  void judge_rest(std::uint64_t first, std::uint64_t end) const;
  void judge_initial() const;
  void judge_any(const Continuation& record) const;

  const RunView& view_;
  NativeStacks& natives_;
  std::uint64_t owner_bytes_ = 0;              ///< at the end of an args buffer
  std::array<std::size_t, stores> records_{};  ///< of each store, when last seen
  std::size_t rotating_ = 0;                   ///< place of the record that is looked at in turn
};

}  // namespace fiberproof::fuzz
