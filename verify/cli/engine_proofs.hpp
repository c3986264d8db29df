// The code of installed engines: the same theorems as of core's, on the bytes that run the
// Programs.
#pragma once

#include "fuzz/engine/engine.hpp"
#include "verify/cli/engine_campaign.hpp"
#include "verify/cli/exit_status.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// Proves, of each Wasmtime among `engines` whose program is a file here, its entry trampoline in
/// the variant that its version has (T5), as `prove --object` does, and every switch in modules
/// that its compiler makes. A file without a trampoline is said and left out. Counterexamples are
/// kept in the folder `counterexamples`.
ExitStatus prove_engines(const std::vector<fuzz::engine::Engine>& engines, const EngineParts& parts,
                         const std::string& counterexamples);

}  // namespace fiberproof::verify
