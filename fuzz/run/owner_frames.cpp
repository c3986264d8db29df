// The frames of a run that own memory (owners.hpp). In a file of its own, since it has the
// sanitizers' instrumentation in full: the locals of an instrumented function are in a fake frame.
#include "fuzz/run/bodies.hpp"
#include "fuzz/run/owners.hpp"

#include <array>
#include <cstdint>

namespace fiberproof::fuzz {

namespace {

/// Fake frames of each size are in a place of their own.
struct LargeLocal {
  std::array<std::uint64_t, 64> other;
  Owners::Owner owner;
};

}  // namespace

[[gnu::noinline]] MaybeExit Bodies::take_as_owner(const Step& step, StackIndex self) {
  const Owners::Owner owner(observers_.owners, self);
  return take_as_large_owner(step, self);
}

[[gnu::noinline]] MaybeExit Bodies::take_as_large_owner(const Step& step, StackIndex self) {
  const LargeLocal local{{}, {observers_.owners, self}};
  return take_as_plain_owner(step, self);
}

/// Not instrumented, so its local is on the stack itself.
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED MaybeExit Bodies::take_as_plain_owner(const Step& step,
                                                                                  StackIndex self) {
  const Owners::Owner owner(observers_.owners, self);
  return take(step, self);
}

}  // namespace fiberproof::fuzz
