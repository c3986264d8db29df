// Executes single instructions on the CPU that this program runs on, in this process.
//
// One page of code is written at run time: an entry that loads the modes, the flags and all sixteen
// registers, RSP among them, a slot for the instruction, two landing places for jumps (one ahead,
// one behind), and an exit that stores everything back. A second mapping is the memory that
// instructions may touch, two pages between inaccessible ones. Both lie below 2 GiB, so that every
// addressing mode reaches them and the entry needs no register of its own. A signal
// handler on a stack of its own catches traps and faults; those from elsewhere go to the handler
// that was installed before.
#pragma once

#include "verify/x86/cpu.hpp"
#include "verify/x86/instruction.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>

namespace fiberproof::verify {

struct CpuState {
  std::array<std::uint64_t, register_count> registers;
  Flags<bool> flags;
  Modes<std::uint64_t, bool> modes;  // no bit of MXCSR that is reserved
};

struct NativeOutcome {
  enum class Exit { next, landed, trapped, faulted };
  Exit exit;
  std::uint64_t landing;  // where control went, if it landed
};

class NativeCpu {
 public:
  /// One at a time in a process; an error says what the system refused.
  [[nodiscard]] static std::expected<NativeCpu, std::string> create();

  /// The address of the instruction; its encoding may depend on it.
  std::uint64_t instruction_address() const;

  /// The two places where a jump may land, both in reach of an 8-bit distance.
  std::array<std::uint64_t, 2> landings() const;

  std::uint64_t memory_address() const;
  std::span<std::byte> memory();

  /// The base of FS in this thread, which the instruction finds and cannot change.
  static std::uint64_t fs_base();

  /// On input `state` is what the instruction finds, on output what it leaves.
  NativeOutcome run(std::span<const std::byte> instruction, CpuState& state);

 private:
  struct Harness;
  struct End {
    void operator()(Harness* harness) const;
  };

  explicit NativeCpu(std::unique_ptr<Harness, End> harness);

  std::unique_ptr<Harness, End> harness_;
};

}  // namespace fiberproof::verify
