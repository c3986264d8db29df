#include "verify/smt/solver_version.hpp"

#include <z3.h>

namespace fiberproof::verify {

std::string z3_version() {
  const std::string full = Z3_get_full_version();
  return full.starts_with("Z3") ? full : "Z3 " + full;
}

}  // namespace fiberproof::verify
