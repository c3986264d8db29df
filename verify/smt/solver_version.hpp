// The version of the solver that this program is linked with.
#pragma once

#include <string>

namespace fiberproof::verify {

/// `Z3 4.8.12.0`.
std::string z3_version();

}  // namespace fiberproof::verify
