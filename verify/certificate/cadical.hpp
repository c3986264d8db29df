// CaDiCaL as a process that reads a formula and writes a proof. Both pass through memory files
// without a name in the file system, so that nothing is left behind however it ends.
#pragma once

#include "verify/certificate/cnf.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct SatRun {
  enum class End : std::uint8_t {
    unsatisfiable,
    satisfiable,
    gave_up,  ///< out of time, or the proof is too large
    failed,   ///< could not be started, or behaves otherwise than documented: see reason
  };
  End end = End::failed;
  std::vector<std::byte> proof;  ///< of an unsatisfiable formula, in binary DRAT
  std::string reason;
};

/// Makes proofs.
using ProofSource = std::function<SatRun(const Cnf& formula, std::chrono::milliseconds time_limit)>;

/// CaDiCaL 1.5 or later as `program`, found in PATH.
ProofSource make_cadical(std::string program = "cadical");

}  // namespace fiberproof::verify
