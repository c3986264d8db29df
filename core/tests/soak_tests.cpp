// A million continuations, up to a hundred deep, half of them abandoned in any state: memory use
// does not grow, and in the end nothing is left mapped (C7).
//
// A binary of its own, since it runs for long and looks at the memory of the whole process.
#include "core/body.hpp"
#include "core/continuation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <random>
#include <span>
#include <string>
#include <string_view>

// AddressSanitizer holds back what was freed, exceptions for example, which would look like growth.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=1";
}

namespace fiberproof {
namespace {

constexpr std::uint64_t seed = 20260701;
constexpr std::uint64_t continuations_in_all = 1'000'000;
constexpr std::uint64_t continuations_to_warm_up = 100'000;
constexpr std::uint64_t depth_max = 100;
constexpr std::uint64_t growth_bytes_max = 4 * 1024 * 1024;

/// `use` of each part of a file in /proc, which is read without the heap.
template <class Use>
void read_proc(const char* path, Use use) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  std::array<char, 4096> part;
  for (ssize_t bytes = 0; (bytes = ::read(file, part.data(), part.size())) > 0;) {
    use(std::string_view(part.data(), static_cast<std::size_t>(bytes)));
  }
  ::close(file);
}

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  read_proc("/proc/self/statm", [&](std::string_view text) {
    pages = std::strtoull(text.data() + text.find(' '), nullptr, 10);
  });
  return pages * page_bytes();
}

std::ptrdiff_t mapping_count() {
  std::ptrdiff_t lines = 0;
  read_proc("/proc/self/maps",
            [&](std::string_view text) { lines += std::ranges::count(text, '\n'); });
  return lines;
}

/// The exception that is thrown, caught, and still being handled at the end.
struct Thrown {
  std::array<std::uint64_t, 8> bytes{};
};

/// Programs of continuations, each of them a random chain that comes to a random end.
class Soak {
 public:
  explicit Soak(Store& store) : store_(store) {}

  /// Runs programs until so many continuations were made.
  void run(std::uint64_t continuations) {
    const std::uint64_t end = store_.created_count() + continuations;
    while (store_.created_count() < end) {
      run_program();
    }
  }

  std::uint64_t abandoned_count() const { return abandoned_count_; }

 private:
  bool one_of(std::uint64_t chances) { return random_() % chances == 0; }

  void run_program() {
    const Value depth{1 + random_() % depth_max, 0};
    Handle handle = cont_new(store_, &level_).value();
    handle = cont_bind(store_, handle, {&depth, 1}).value();
    const bool to_be_abandoned = !one_of(4);
    for (bool is_fresh = true;; is_fresh = false) {
      if (to_be_abandoned && one_of(is_fresh ? 8 : 2)) {
        const std::uint64_t live = store_.live_count();
        abandon(store_, handle).value();
        abandoned_count_ += live - store_.live_count();
        return;
      }
      try {
        const auto outcome =
            one_of(16) ? resume_throw(store_, handle, std::make_exception_ptr(Thrown{}), handlers_)
                       : resume(store_, handle, {}, handlers_);
        if (!outcome || outcome->kind == Outcome::Kind::returned) {
          break;
        }
        handle = outcome->handle;
      } catch (const Thrown&) {
        break;
      }
    }
    EXPECT_EQ(store_.live_count(), 0u);
  }

  /// One stack of a chain: resumes the next one, be it in a catch block, or is the innermost.
  bool run_level(std::span<Value> values) {
    const std::uint64_t deeper = values[0].low - 1;
    if (one_of(2)) {
      return go_deeper(deeper);
    }
    try {
      throw Thrown{};
    } catch (const Thrown&) {
      return go_deeper(deeper);
    }
  }

  bool go_deeper(std::uint64_t deeper) {
    if (deeper == 0) {
      return be_innermost();
    }
    const Value rest{deeper, 0};
    return resume(store_, cont_new(store_, &level_).value(), {&rest, 1}).has_value();
  }

  bool be_innermost() {
    for (std::uint64_t suspensions = random_() % 6; suspensions > 0; --suspensions) {
      suspend(store_, yield_).value();
    }
    if (one_of(4)) throw Thrown{};
    return !one_of(4);
  }

  struct Level {
    Soak* soak;
    bool operator()(std::span<Value> values) const { return soak->run_level(values); }
  };

  Store& store_;
  std::mt19937_64 random_{seed};
  std::uint64_t abandoned_count_ = 0;
  const Tag yield_{"yield"};
  const std::array<const Tag*, 1> tags_{&yield_};
  const Handlers handlers_ = Handlers::suspends(tags_);
  const Body<Level> level_{1, 1, Level{this}};
};

TEST(soak, a_million_continuations_leak_no_memory) {
  RecordProperty("seed", static_cast<int>(seed));
  {
    // The runtimes map this once and for all.
    Store store;
    const Entry entry(store);
    Soak(store).run(continuations_to_warm_up);
  }
  const std::ptrdiff_t mappings_before = mapping_count();
  {
    Store store;
    const Entry entry(store);
    Soak soak(store);
    soak.run(continuations_to_warm_up);
    const std::uint64_t resident_before = resident_bytes();
    soak.run(continuations_in_all - continuations_to_warm_up);
    const std::uint64_t resident_after = resident_bytes();
    RecordProperty("resident_before", std::to_string(resident_before));
    RecordProperty("resident_after", std::to_string(resident_after));
    EXPECT_LE(resident_after, resident_before + growth_bytes_max);
    RecordProperty("abandoned", std::to_string(soak.abandoned_count()));
    EXPECT_GE(store.created_count(), continuations_in_all);
    EXPECT_GT(soak.abandoned_count(), continuations_in_all * 2 / 5);
    EXPECT_LT(soak.abandoned_count(), continuations_in_all * 3 / 5);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_LE(store.records().size(), depth_max);
  }
  EXPECT_EQ(mapping_count(), mappings_before);
}

}  // namespace
}  // namespace fiberproof
