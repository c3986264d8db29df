// Names for the addresses in a run's log: the model's records, stacks and handles that they stand
// for, and the words that stand for addresses in the model's limits.
#pragma once

#include "fuzz/run/run_log.hpp"
#include "verify/model/machine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace fiberproof::verify::refinement {

/// How much of a run the model has objects for. A larger run is compared up to there.
inline constexpr std::uint64_t entries = fuzz::run_bounds::entries;
inline constexpr std::uint64_t continuations = 12;
inline constexpr std::uint64_t named_stacks = 14;
/// For a refused creation: never live.
inline constexpr std::uint64_t scratch_record = entries + continuations + 1;
inline constexpr std::uint64_t scratch_stack = named_stacks + 1;
/// One more than there are slots, since a handle that no slot holds is forgotten.
inline constexpr std::uint64_t handles = fuzz::program_bounds::handles + 2;
inline constexpr model::Sizes sizes{scratch_record, handles, scratch_stack};

/// The word that stands for the lowest address of the thread's own stack.
inline constexpr std::uint64_t thread_limit = 0x10;
constexpr std::uint64_t lowest_of(std::uint64_t stack) {
  return 0x10000 * stack;
}
constexpr std::uint64_t frame_pointer_of(std::uint64_t record) {
  return 0x10000 * record + 0x200;
}
constexpr std::uint64_t stack_pointer_of(std::uint64_t record) {
  return 0x10000 * record + 0x100;
}

struct NamedRecord {
  std::uint64_t address = 0;
  std::uint64_t trap_handler = 0;
  std::uint64_t frame_pointer = 0;  ///< of the first entry; known once it has run
  std::uint64_t stack_pointer = 0;
  std::uint64_t first_revision = 0;  ///< core's, when the model's is 0
  std::uint64_t made_revision = 0;   ///< the model's, when the current continuation was made
  std::uint64_t watched = 0;         ///< the value at the watched place, and its name
  std::uint64_t watched_name = 0;
  std::uint8_t suspends = 0;  ///< tags of the resume that it waits in, a bit each
  std::uint8_t switches = 0;
  bool has_run = false;
};

class Naming {
 public:
  void begin();

  NamedRecord& record(std::uint64_t name) { return records_[name]; }
  const NamedRecord& record(std::uint64_t name) const { return records_[name]; }

  /// For a stack of the reference; 0 for none.
  std::uint64_t record_of(fuzz::StackIndex index) const;
  void set_record_of(fuzz::StackIndex index, std::uint64_t name);
  /// For a record of core's. An unknown address is its own name.
  std::uint64_t record_at(std::uint64_t address) const;
  /// Names a record in which core has made a continuation; 0: the model has no more.
  std::uint64_t name_continuation(const fuzz::LoggedRecord& made);
  /// Names its stack; 0: the model has no more.
  std::uint64_t name_stack(const fuzz::LoggedRecord& made);
  std::uint64_t stack_of(const fuzz::LoggedRecord& record) const;

  /// Learns the addresses that an observation of core is the first to show.
  void learn(const fuzz::LoggedTransition& seen, std::uint64_t active);

  /// `expected`, a word of the model's limits, if core's word is the one that it stands for; else
  /// core's word itself.
  std::uint64_t limit_name(std::uint64_t expected, std::uint64_t word) const;
  std::uint64_t frame_name(std::uint64_t expected, std::uint64_t word) const;
  std::uint64_t stack_pointer_name(std::uint64_t expected, std::uint64_t word) const;
  std::uint64_t trap_handler_name(std::uint64_t expected, std::uint64_t word) const;

 private:
  struct NamedStack {
    std::uint64_t limit;
    std::uint64_t usable_bytes;
  };
  std::array<NamedRecord, scratch_record + 1> records_;
  std::uint64_t continuations_ = 0;
  std::vector<NamedStack> stacks_;
  std::vector<std::uint64_t> by_index_;
  std::optional<std::uint64_t> thread_limit_;
};

}  // namespace fiberproof::verify::refinement
