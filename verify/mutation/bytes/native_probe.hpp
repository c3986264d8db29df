// Runs a routine's bytes natively, in a process of their own, on a state that the caller chooses,
// and reports which claims of SPEC.md the run violates, seen from outside without any semantics.
//
// The child maps a stack and a page of contexts between inaccessible pages, and the code. It is
// single-stepped until control leaves the code. It does not call fiber_start: the probe
// checks the arguments of the call, overwrites what the ABI lets a callee change (the control
// context too, T4), and returns.
#pragma once

#include "verify/process/traced_process.hpp"
#include "verify/x86/cpu.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The addresses of the probed code and of its fiber_start, in reach of each other.
constexpr std::uint64_t probed_code_address = 0x2400'0000;
constexpr std::uint64_t probed_callee_address = 0x2500'0000;

struct TrampolineState {
  std::uint64_t n;     ///< at most probed_values_max
  std::uint64_t al;    ///< RAX that fiber_start returns with
  std::uint64_t seed;  ///< of all other words
  bool is_v44;
};
constexpr std::uint64_t probed_values_max = 2048;

struct SwitchState {
  std::int64_t load_from_store;  ///< distance of the two contexts, at most 1024 either way
  std::uint64_t seed;
};

class NativeProbe {
 public:
  /// A child process for the given code; an error says what the system refused.
  [[nodiscard]] static std::expected<NativeProbe, std::string> start(
      std::span<const std::byte> code);

  /// The violated claims, each "ID label: found A, expected B", or that the run faulted; nothing
  /// where all of them hold.
  std::vector<std::string> run_trampoline(const TrampolineState& state);
  std::vector<std::string> run_switch(const SwitchState& state);

 private:
  NativeProbe(TracedCopy child, std::uint64_t end) : child_(std::move(child)), end_(end) {}

  TracedCopy child_;
  std::uint64_t end_;  // of the code
};

}  // namespace fiberproof::verify
