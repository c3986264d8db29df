// The oracle of processes that a Program ends (C8, C3): what a process said and how it died,
// against the prediction of the reference and the addresses that the run announced.
#pragma once

#include "fuzz/reference/predicted_end.hpp"
#include "fuzz/spec/spec_id.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// A process that ended otherwise than it must.
struct EndFault {
  SpecId id;
  std::string sentence;  ///< without a full stop
};

namespace oracle {

/// On input `status` is what waitpid() says of the process, and `told` all that it wrote to
/// standard error. The report must be whole, exact and alone: one line for the continuation with
/// its number, depth, usable bytes and limit, the address of the access, and the innermost frames.
/// Notes of a verbose sanitizer ("==PID==…" without "ERROR" or "WARNING") are passed over.
std::optional<EndFault> end_fault(const PredictedEnd& expected, int status, std::string_view told);

}  // namespace oracle
}  // namespace fiberproof::fuzz
