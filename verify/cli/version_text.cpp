#include "verify/cli/version.hpp"
#include "verify/smt/solver_version.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

std::string version_text() {
  return fmt::format("fiberproof {}{}{}, with {}", version(), commit().empty() ? "" : ", commit ",
                     commit(), z3_version());
}

}  // namespace fiberproof::verify
