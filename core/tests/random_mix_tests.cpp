// A random mix of all operations, done by the initial stack and by the bodies on handles that all
// of them share. The invariants are checked before and after each step.
#include "core/tests/checked.hpp"

#include "core/tests/counted.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <expected>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const std::array<const Tag*, 2> both_tags{&yield.tag, &peer.tag};

class RandomMix {
 public:
  RandomMix(Store& store, std::uint64_t seed) : store_(store), random_(seed) {}

  /// Takes `steps` steps on the initial stack, and those that the bodies take meanwhile.
  void run(int steps) {
    while (steps-- > 0) {
      try {
        take_step();
      } catch (const Counted&) {
        ++exception_count;
      }
    }
    while (!handles_.empty()) checked::abandon(store_, take_handle());
  }

  // Results.
  int suspension_count = 0;
  int switch_count = 0;
  int trap_count = 0;
  int exception_count = 0;

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Handle take_handle() {
    std::swap(handles_[below(handles_.size())], handles_.back());
    const Handle taken = handles_.back();
    handles_.pop_back();
    return taken;
  }

  /// Does `use` of `handle`, which is kept for later where it was refused for a reason of ours.
  template <class Use>
  auto try_with(Handle handle, Use use) {
    auto result = use();
    if (!result && handle.record->revision == handle.revision &&
        handle.record->state < State::returned) {
      handles_.push_back(handle);
    }
    return result;
  }

  /// The body: some steps, and then any of the ways to end.
  bool be_body(std::span<Value> values) {
    const std::uint32_t given = static_cast<const Continuation&>(*store_.active).args.length;
    keep_last(values.first(given));
    for (std::uint64_t steps = below(8); steps > 0; --steps) {
      if (below(4) != 0) {
        take_step();
        continue;
      }
      try {
        throw Counted(1);
      } catch (const Counted&) {
        take_step();
      }
    }
    if (below(8) == 0) throw Counted(2);
    return below(8) != 0;
  }

  /// Where values were given, a switch gave them, and the last is a handle.
  void keep_last(std::span<const Value> received) {
    if (!received.empty()) {
      ++switch_count;
      handles_.push_back(to_handle(received.back()));
    }
  }

  void keep(const std::expected<Outcome, Trap>& outcome) {
    if (!outcome) {
      ++trap_count;
    } else if (outcome->kind == Outcome::Kind::suspended) {
      ++suspension_count;
      handles_.push_back(outcome->handle);
    }
  }

  Handlers any_handlers() {
    const std::array<Handlers, 4> all{Handlers{}, yield.suspends, peer.switches,
                                      Handlers{both_tags, 1}};
    return all[below(all.size())];
  }

  bool is_deep() const {
    return std::ranges::count(store_.records(), State::parent, &Continuation::state) > 30;
  }

  void take_step() {
    check_invariants(store_);
    if (handles_.empty()) {
      make();
    } else {
      switch (below(7)) {
        case 0: make(); break;
        case 1: bind(take_handle()); break;
        case 2: go_on(take_handle()); break;
        case 3: go_on(take_handle()); break;
        case 4: yield_up(); break;
        case 5: change_to(take_handle()); break;
        default: discard(take_handle());
      }
    }
    check_invariants(store_);
  }

  void make() {
    if (const auto made = cont_new(store_, &body_, below(4) == 0 ? 128 * 1024 : 0)) {
      handles_.push_back(*made);
    }
  }

  void bind(Handle handle) {
    const auto renewed = try_with(handle, [&] { return cont_bind(store_, handle, {}); });
    if (renewed) {
      handles_.push_back(*renewed);
    }
  }

  void go_on(Handle handle) {
    if (is_deep()) {
      handles_.push_back(handle);
      return;
    }
    const Handlers handlers = any_handlers();
    keep(try_with(handle, [&] {
      return below(4) == 0
                 ? resume_throw(store_, handle, std::make_exception_ptr(Counted(3)), handlers)
                 : resume(store_, handle, {}, handlers);
    }));
  }

  void yield_up() {
    std::array<Value, 1> room;
    if (const auto received = suspend(store_, yield.tag, {}, room)) keep_last(*received);
  }

  void change_to(Handle handle) {
    std::array<Value, 1> room;
    const auto received =
        try_with(handle, [&] { return switch_to(store_, handle, peer.tag, {}, room); });
    if (received) keep_last(*received);
  }

  void discard(Handle handle) {
    static_cast<void>(try_with(handle, [&] { return abandon(store_, handle); }));
  }

  struct RunsBody {
    RandomMix* mix;
    bool operator()(std::span<Value> values) const { return mix->be_body(values); }
  };

  Store& store_;
  std::mt19937_64 random_;
  std::vector<Handle> handles_;
  const Body<RunsBody> body_{1, 0, RunsBody{this}};
};

TEST(store, is_consistent_through_a_random_mix_of_operations) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Store store({.stacks = {.kept_max = 8}});
    const Entry entry(store);
    RandomMix mix(store, seed);
    mix.run(4000);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_EQ(Counted::living, 0);
    EXPECT_GT(mix.suspension_count, 100);
    EXPECT_GT(mix.switch_count, 100);
    EXPECT_GT(mix.trap_count, 100);
    EXPECT_GT(mix.exception_count, 100);
  }
}

}  // namespace
}  // namespace fiberproof
