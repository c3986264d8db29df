// What a Program must do, worked out on plain data: no native stacks, nothing of core, only the
// specification's numbers. The run is compared with it event by event.
#pragma once

#include "fuzz/start/program.hpp"

#include <cstdint>
#include <vector>

namespace fiberproof::fuzz {

/// Values that a whole run may lay out in args buffers of continuations; more resumes are skipped.
inline constexpr std::uint64_t run_values_max = std::uint64_t{1} << 18;

/// Bytes that must be left below the first RSP for a body to take its steps. With fewer (L8
/// promises only that a call can run) a body goes straight to its end, where a throw counts as a
/// plain trap.
inline constexpr std::uint64_t room_for_steps_bytes = 16 * 1024;

struct Event {
  enum class Kind : std::uint8_t {
    laid_out,   ///< initialize accepted
    refused,    ///< initialize, or the making of a continuation, refused (L5, L8)
    skipped,    ///< a resume beyond a bound
    started,    ///< a resume entered a fresh continuation
    suspended,  ///< it suspended to its resumer
    returned,   ///< it returned
    trapped,    ///< it trapped
  };
  Kind kind;
  bool tight = false;                ///< of started: no room for steps
  bool misreported = false;          ///< of returned: it trapped, and revision v44 says Return (T5)
  bool threw = false;                ///< of returned and trapped: by a C++ exception (F3)
  std::uint32_t continuation = 0;    ///< number of the continuation, from 1; started to trapped
  std::uint32_t capacity = 0;        ///< n; laid_out, refused, started
  std::uint32_t handler_index = 0;   ///< of suspended
  std::uint32_t length = 0;          ///< args.length; of returned and trapped
  std::uint64_t usable_bytes = 0;    ///< laid_out, refused, started
  std::uint64_t required_bytes = 0;  ///< the same, headroom included
  friend bool operator==(const Event&, const Event&) = default;
};

/// Fills `events` with everything that `program` must do, in order.
void expected_events(const Program& program, std::vector<Event>& events);

}  // namespace fiberproof::fuzz
