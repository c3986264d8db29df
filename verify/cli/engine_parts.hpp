// The generator and the translation that `fiberproof engines` uses.
#pragma once

#include "verify/cli/engine_campaign.hpp"

namespace fiberproof::verify {

EngineParts engine_parts();

}  // namespace fiberproof::verify
