// The trampoline in the program files of installed engines: the same theorems as of core's, on the
// bytes that run the Programs.
#pragma once

#include "fuzz/engine/engine.hpp"
#include "verify/cli/exit_status.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// Proves the trampoline of each Wasmtime among `engines` whose program is a file here, in the
/// variant that its version has (T5), and prints what `prove --object` does. A file without that
/// symbol is said and left out. Counterexamples are kept in the folder `counterexamples`.
ExitStatus prove_engines(const std::vector<fuzz::engine::Engine>& engines,
                         const std::string& counterexamples);

}  // namespace fiberproof::verify
