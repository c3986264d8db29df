// What the CPU holds between two instructions of a traced process, in the words of the semantics.
#pragma once

#include "verify/process/traced_process.hpp"
#include "verify/x86/cpu.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace fiberproof::verify {

struct Snapshot {
  std::array<std::uint64_t, register_count> registers{};
  Flags<bool> flags{};
  Modes<std::uint64_t, bool> modes{};
  std::uint64_t rip = 0;
};

Snapshot snapshot_of(const TracedProcess& process);

/// One line.
std::string text_of(const Snapshot& state);

}  // namespace fiberproof::verify
