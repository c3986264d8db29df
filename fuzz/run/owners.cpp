// Not instrumented, since it only observes. An address that it has read leaves it in the owner's
// word alone: it is made while no continuation runs, and is written where it belongs by a leaf.
#include "fuzz/run/owners.hpp"

#include "core/instrumentation.hpp"
#include "fuzz/spec/spec_layout.hpp"

#ifdef FIBERPROOF_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#include <algorithm>
#include <cstdlib>

namespace fiberproof::fuzz {
namespace {

// One run in so many may look for leaks: in a new process, so that a defect is soon found; and
// later, times the number of stacks and some more that stand for the rest of the process, which
// keeps it below one percent of the time.
constexpr std::uint64_t early_period = 64;
constexpr std::uint64_t early_looks = 8;
constexpr std::uint64_t runs_per_stack = early_period * 8;
constexpr std::uint64_t stacks_of_the_rest = 16;

constexpr std::size_t owners_max = 32;  // in a run
constexpr std::size_t object_bytes = 48;

constexpr std::uint64_t disguise = 0xa5a5000000000000 | 0x5a5a5a5a;

#ifdef FIBERPROOF_ASAN
constexpr bool has_leak_sanitizer = true;
bool finds_leaks() {
  return __lsan_do_recoverable_leak_check() != 0;
}
#else
constexpr bool has_leak_sanitizer = false;
bool finds_leaks() {
  return false;
}
#endif

/// The address stays in no register that is saved, and in no word but this one.
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void reveal(std::uint64_t disguised,
                                                        std::uint64_t address) {
  write_word(address, disguised ^ disguise);
}

FIBERPROOF_UNINSTRUMENTED bool holds(std::uint64_t address, std::uint64_t disguised) {
  return (read_word(address) ^ disguise) == disguised;
}

void free_disguised(std::uint64_t disguised) {
  std::free(reinterpret_cast<void*>(disguised ^ disguise));
}

}  // namespace

void Owners::begin(std::uint32_t hash) {
  are_wanted_ = false;
  if (!has_leak_sanitizer) {
    return;
  }
  stacks_ = std::max<std::uint64_t>(stacks_, view_.store().records().size());
  const std::uint64_t mixed = (hash * std::uint64_t{0x9e3779b97f4a7c15}) >> 32;
  const std::uint64_t period =
      looks_ < early_looks ? early_period : runs_per_stack * (stacks_ + stacks_of_the_rest);
  are_wanted_ = mixed % period == 0 || view_.progress.options().has_owners;
  if (!are_wanted_) {
    return;
  }
  for (std::size_t made = 0; made < owners_max; ++made) {
    spare_.push_back(reinterpret_cast<std::uint64_t>(std::malloc(object_bytes)) ^ disguise);
  }
}

void Owners::give(StackIndex stack, std::uint64_t* owner) {
  give(stack, reinterpret_cast<std::uint64_t>(owner), Place::frame);
}

void Owners::give(StackIndex stack, std::uint64_t word, Place place) {
  if (spare_.empty()) {
    return;
  }
  const std::uint64_t disguised = spare_.back();
  spare_.pop_back();
  owned_.push_back({disguised, word, stack, place});
  reveal(disguised, word);
}

void Owners::take(std::uint64_t* owner) {
  const auto word = reinterpret_cast<std::uint64_t>(owner);
  const auto owned =
      std::ranges::find_if(owned_, [word](const Object& object) { return object.word == word; });
  if (owned != owned_.end()) {
    spare_.push_back(owned->disguised);
    owned_.erase(owned);
    write_word(word, 0);
  }
}

void Owners::made(StackIndex index) {
  const LayoutRequest layout = view_.layout_of(index);
  if (are_wanted_ && layout.capacity() != 0) {
    const std::uint64_t word = layout.top - spec::buffer_below - sizeof(std::uint64_t);
    give(index, word, Place::buffer);
  }
}

void Owners::ended(StackIndex index) {
  std::erase_if(owned_, [index](const Object& owned) {
    if (owned.stack != index) {
      return false;
    }
    free_disguised(owned.disguised);
    return true;
  });
}

void Owners::look() {
  if (!are_wanted_) {
    return;
  }
  // Nobody owns these.
  for (const std::uint64_t disguised : spare_) {
    free_disguised(disguised);
  }
  spare_.clear();
  // A value that was handed in, or a result, has taken the word since.
  std::erase_if(owned_, [](const Object& owned) {
    if (owned.place == Place::frame || holds(owned.word, owned.disguised)) {
      return false;
    }
    free_disguised(owned.disguised);
    return true;
  });
  if (owned_.empty()) {
    return;
  }
  ++looks_;
  view_.same(SpecId::C7, "LeakSanitizer finds memory leaked that a waiting stack owns", false,
             finds_leaks());
}

void Owners::end() {
  if (!are_wanted_) {
    return;
  }
  are_wanted_ = false;
  for (const Object& owned : owned_) {
    free_disguised(owned.disguised);
  }
  for (const std::uint64_t disguised : spare_) {
    free_disguised(disguised);
  }
  owned_.clear();
  spare_.clear();
}

}  // namespace fiberproof::fuzz
