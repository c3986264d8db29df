// What a Program must do beside its store: `initialize`, `start`, and the steps of what was
// started, worked out on plain data from the specification's numbers. Part of Reference,
// which hands it these steps; the run is compared with `event` after each.
#pragma once

#include "fuzz/program/program.hpp"

#include <cstdint>
#include <vector>

namespace fiberproof::fuzz {

/// What bounds a run. Beyond each of these a start is skipped.
namespace start_bounds {
inline constexpr std::uint32_t depth = 1024;
inline constexpr std::uint32_t started = 4096;
inline constexpr std::uint64_t values = std::uint64_t{1} << 18;  ///< in all args buffers of a run
/// Bytes that must be left below the first RSP for a body to take its steps. With fewer (L8
/// promises only that a call can run) a body goes straight to its end, where a throw counts as a
/// plain trap.
inline constexpr std::uint64_t room_for_steps = 16 * 1024;
}  // namespace start_bounds

struct StartEvent {
  enum class Kind : std::uint8_t {
    laid_out,   ///< initialize accepted
    refused,    ///< initialize, or the making of a continuation, refused (L5, L8)
    started,    ///< a start entered a fresh continuation
    suspended,  ///< it suspended to who started it
    returned,   ///< it returned
    trapped,    ///< it trapped
  };
  Kind kind;
  bool tight = false;                ///< of started: no room for steps
  bool misreported = false;          ///< of returned: it trapped, and v44 says Return (T5)
  bool threw = false;                ///< of returned and trapped: by a C++ exception (F3)
  Step::Kind end{};                  ///< of started, where it is tight: how it ends
  std::uint32_t continuation = 0;    ///< its number, from 1; started to trapped
  std::uint32_t capacity = 0;        ///< n; laid_out, refused, started
  std::uint32_t handler_index = 0;   ///< of suspended
  std::uint32_t length = 0;          ///< args.length; of returned and trapped
  std::uint64_t usable_bytes = 0;    ///< laid_out, refused, started
  std::uint64_t required_bytes = 0;  ///< the same, headroom included
  friend bool operator==(const StartEvent&, const StartEvent&) = default;
};

class StartReference {
 public:
  /// One that was started and has not ended.
  struct Started {
    std::uint32_t number;
    std::uint32_t made;  ///< number among those that were made
    std::uint8_t function;
    bool tight;
    bool is_mapped;
    Step::Kind end;
    std::uint64_t usable_bytes;
  };

  void begin(const Program& program);

  /// Takes `step`; `next` is the one behind it, or null. False where it means nothing here.
  bool take(const Step& step, const Step* next);

  /// The innermost ends though no step of its own says so: there are no more, or it is tight.
  void end_innermost();

  /// How many are nested now.
  std::uint32_t depth() const { return static_cast<std::uint32_t>(nested_.size()); }
  const std::vector<Started>& nested() const { return nested_; }
  /// What came of the latest step that meant something.
  const StartEvent& event() const { return event_; }

 private:
  StartEvent layout(const Step& step) const;
  bool initialize(const Step& step);
  bool start(const Step& step, const Step* next);
  void end(Step::Kind how);

  const Program* program_ = nullptr;
  std::vector<Started> nested_;
  StartEvent event_{};
  std::uint32_t started_ = 0;
  std::uint32_t made_ = 0;
  std::uint64_t values_ = 0;
};

}  // namespace fiberproof::fuzz
