// UndefinedBehaviorSanitizer, on a continuation stack.
#include "core/tests/sanitizer/self_test.hpp"

#include <cstdint>
#include <limits>

namespace fiberproof::self_test {
namespace {

[[gnu::noinline]] void add_one_to_the_largest() {
  auto number = static_cast<std::int64_t>(opaque(std::numeric_limits<std::int64_t>::max()));
  ++number;
  opaque(static_cast<std::uint64_t>(number));
}

void signed_overflow() {
  run_on_fiber([](Store&) { add_one_to_the_largest(); });
}

void signed_overflow_after_a_suspension() {
  run_on_fiber([](Store& own) {
    pause(own);
    add_one_to_the_largest();
  });
}

constexpr Mode modes[] = {
    {"signed-overflow", signed_overflow},
    {"signed-overflow-after-a-suspension", signed_overflow_after_a_suspension},
};

}  // namespace

std::span<const Mode> planted_overflows() {
  return modes;
}

}  // namespace fiberproof::self_test
