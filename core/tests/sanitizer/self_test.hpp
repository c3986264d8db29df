// sanitizer_self_test MODE: shows that the sanitizers see errors on continuation stacks. A valid
// mode does nothing wrong, and must end silently. A planted mode makes one true error, which its
// sanitizer must report; a planted mode that returns was not caught.
//
// Plain code with neither GoogleTest nor streams: MemorySanitizer would report what their
// uninstrumented libraries write.
#pragma once

#include "core/body.hpp"
#include "core/continuation.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::self_test {

struct Mode {
  const char* name;
  void (*run)();
};

std::span<const Mode> valid_modes();
std::span<const Mode> valid_threads();
std::span<const Mode> measured_modes();
std::span<const Mode> planted_memory_errors();
std::span<const Mode> planted_layout_errors();
std::span<const Mode> leak_modes();
std::span<const Mode> planted_uninitialised_uses();
std::span<const Mode> planted_overflows();
std::span<const Mode> planted_races();

/// Makes at least `wanted` switches that are all allowed, in every way; returns how many.
std::uint64_t switch_validly(std::uint64_t wanted);

/// Ends the process with status 1 and a line that names `what`, unless `holds`.
void require(bool holds, const char* what);

/// The same value, hidden from the compiler.
[[gnu::noinline]] std::uint64_t opaque(std::uint64_t value);
template <class Object>
Object* opaque(Object* object) {
  return reinterpret_cast<Object*>(opaque(reinterpret_cast<std::uint64_t>(object)));
}

inline const Tag pause_tag{"pause"};
inline constexpr const Tag* pause_tags[] = {&pause_tag};

inline void pause(Store& store) {
  require(suspend(store, pause_tag).has_value(), "a suspension to the resumer");
}

/// Begins `body` on a stack of the pool; the result is how far it came.
inline Outcome begin(Store& store, const Function& body, std::span<const Value> values = {}) {
  const auto made = cont_new(store, &body);
  require(made.has_value(), "a new continuation");
  const auto outcome = resume(store, *made, values, Handlers::suspends(pause_tags));
  require(outcome.has_value(), "a body that does not trap");
  return *outcome;
}

/// Resumes a body that paused.
inline Outcome go_on(Store& store, const Outcome& paused) {
  require(paused.kind == Outcome::Kind::suspended, "a body that paused");
  const auto outcome = resume(store, paused.handle, {}, Handlers::suspends(pause_tags));
  require(outcome.has_value(), "a body that does not trap");
  return *outcome;
}

/// Runs `callable(store)` on a continuation stack, to its end.
template <class Callable>
void run_on_fiber(Callable callable) {
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [&](Store& own, std::span<Value>) { callable(own); });
  Outcome outcome = begin(store, body);
  while (outcome.kind == Outcome::Kind::suspended) {
    outcome = go_on(store, outcome);
  }
}

}  // namespace fiberproof::self_test
