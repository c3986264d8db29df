// What makes the programs and modules of `fiberproof engines`.
#pragma once

#include "verify/cli/engine_campaign.hpp"

namespace fiberproof::verify {

EngineParts engine_parts();

}  // namespace fiberproof::verify
