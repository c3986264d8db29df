// The switches in what an engine's compiler makes: modules of random Programs are compiled, every
// switch of them is found, and each is proved.
#pragma once

#include "fuzz/engine/engine.hpp"
#include "verify/cli/engine_campaign.hpp"
#include "verify/cli/exit_status.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Compiles the modules of `count` random Programs into `folder`, with an engine of the protocol
/// `wast` that has the subcommand `compile`, as Wasmtime has. Returns the paths of the compiled
/// ones; a module that the engine does not compile is left out and counted. An error is one line.
struct CompiledModules {
  std::vector<std::string> paths;
  std::size_t not_compiled = 0;
};
[[nodiscard]] std::expected<CompiledModules, std::string> compile_modules(
    const fuzz::engine::Engine& engine, const EngineParts& parts, std::size_t count,
    const std::string& folder);

struct ModuleProofs {
  std::size_t modules = 0;
  std::size_t switches = 0;
  std::size_t different = 0;        ///< in bytes or operands, over all modules
  std::size_t theorems = 0;         ///< proved, each of one module
  std::vector<std::string> misses;  ///< places that may leave their stack and are no switch
  double seconds = 0;
  std::vector<std::string> wrong;  ///< one line for each theorem that is not proved
};

/// Finds and proves every switch of these files. An error is one line: a file that cannot be read.
[[nodiscard]] std::expected<ModuleProofs, std::string> prove_modules(
    const std::vector<std::string>& paths);

/// Both, with a line of what was seen. A module with a refuted theorem is kept in
/// `counterexamples`.
ExitStatus prove_compiled_modules(const fuzz::engine::Engine& engine, const EngineParts& parts,
                                  std::size_t count, const std::string& counterexamples);

}  // namespace fiberproof::verify
