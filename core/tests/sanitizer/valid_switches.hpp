// Parts of the valid switches: random choices, counted switches, nested chains; and the scenarios
// with exceptions and traps.
#pragma once

#include "core/tests/sanitizer/self_test.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fiberproof::self_test {

inline const Tag far_tag{"far"};
inline const Tag peer_tag{"peer"};
inline constexpr const Tag* far_tags[] = {&far_tag};
inline constexpr const Tag* all_tags[] = {&pause_tag, &far_tag, &peer_tag};
inline constexpr Handlers all_handlers{all_tags, 2};

inline std::uint64_t switches = 0;  ///< made so far

/// A number in [0, end), the same in every run.
std::uint32_t random_below(std::uint32_t end);

/// True once in 32 times, for scenarios that are expensive under some sanitizer.
bool rarely();

Handle fresh(Store& store, const Function& body);

/// Resumes a continuation, and counts the switches there and back.
Outcome run(Store& store, Handle handle, std::span<const Value> values = {},
            const Handlers& handlers = all_handlers);

/// Suspends to the handler of `tag`, and returns the one value that comes back.
Value suspend_for_value(Store& store, const Tag& tag, std::span<const Value> values);

/// Calls `action` in the innermost of some frames that have locals with addresses.
template <class Action>
[[gnu::noinline]] std::uint64_t descend(std::uint32_t frames, Action& action) {
  std::array<std::uint64_t, 4> locals{frames, 1, 2, 3};
  std::uint64_t* const first = opaque(locals.data());
  first[3] += frames;
  const std::uint64_t below = frames == 0 ? action() : descend(frames - 1, action);
  require(locals[3] == 3 + frames, "locals to outlive the switches");
  return below + first[0];
}

/// Nests `depth` more continuations. The innermost suspends the whole chain `rounds` times.
void nest(Store& store, std::uint32_t depth, std::uint32_t rounds);

/// Runs `outermost`, which nests a chain, until the chain is suspended.
Outcome begin_nested(Store& store, const Function& outermost);

// Scenarios with exceptions and traps. Each leaves nothing behind but used stacks.
void exceptions_that_end_bodies(Store& store);
void exceptions_handed_over(Store& store);
void exceptions_being_handled(Store& store);
void traps(Store& store);

}  // namespace fiberproof::self_test
