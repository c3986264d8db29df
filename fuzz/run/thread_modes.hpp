// The modes of the thread that runs a Program: those of MXCSR and the x87 control word, and the
// direction flag. No start, switch, end or exception changes them (S4), so the stack that has the
// control after an operation finds what the stack that took it had set.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>

namespace fiberproof::fuzz {

class ThreadModes {
 public:
  /// `are_varied`: each operation of the run is taken with other floating-point modes.
  void begin(bool are_varied);
  /// On output the floating-point modes are those of a new process, if they were varied.
  void end();

  /// Before the operation with this serial number.
  void choose(std::uint32_t serial);
  /// Takes the present modes for right, after steps that set others on purpose.
  void renew();
  /// Whichever stack has the control now.
  [[nodiscard]] Verdict judge() const;

 private:
  bool are_varied_ = false;
  std::uint64_t expected_ = 0;
};

}  // namespace fiberproof::fuzz
