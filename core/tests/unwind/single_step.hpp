// Single-steps a child process, and has libunwind unwind it from outside at each stop.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <vector>

namespace fiberproof::unwind {

/// The resume point of a frame: a control context holds it, and unwinding recovers it.
struct Place {
  std::uint64_t rsp = 0;
  std::uint64_t rbp = 0;
  std::uint64_t rip = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

std::ostream& operator<<(std::ostream& out, const Place& place);

/// A forked copy of this process, stopped before its first instruction of `scenario`, and killed in
/// the end where it has not exited. Addresses in it are those in this process.
class TracedChild {
 public:
  /// `scenario` tells whether it went as planned, which becomes the exit status 0 or 1. It is run
  /// here first, so that the child need not be stepped through all that is made on first use.
  explicit TracedChild(const std::function<bool()>& scenario);
  ~TracedChild();
  TracedChild(const TracedChild&) = delete;
  TracedChild& operator=(const TracedChild&) = delete;

  /// Executes one instruction. False where the child is not there any more, or was stopped by
  /// something else than the step.
  bool step();

  /// It has exited, after a scenario that went as planned.
  bool went_as_planned() const;

  Place registers() const;
  std::uint64_t word_at(std::uint64_t address) const;

  /// The frames outside the innermost one, by the call frame information: at most `count_max`,
  /// fewer where libunwind finds no more.
  std::vector<Place> outer_frames(std::size_t count_max) const;

 private:
  pid_t process_;
  int status_ = 0;
};

}  // namespace fiberproof::unwind
