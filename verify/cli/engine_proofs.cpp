#include "verify/cli/engine_proofs.hpp"

#include "fuzz/engine/known.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/object/object_file.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <expected>
#include <filesystem>

namespace fiberproof::verify {
namespace {

// Wasmtime resumes the parent as after a return where a continuation traps, until this
// version: 45.0.2, 46.0.1 and 47.0.3 are proved as `v44`, 48.0.2 as `trap`, and neither as the
// other.
constexpr std::string_view first_version_that_passes_traps_on = "48.0.0";

// The name as Rust mangles it, in either of its ways.
std::expected<std::string, std::string> trampoline_symbol(const std::string& path) {
  constexpr std::string_view name = "wasmtime_continuation_start";
  constexpr std::string_view other = "wasmtime_continuation_start_address";
  const auto file = ObjectFile::open(path);
  if (!file) return std::unexpected("not an object file that can be read");
  for (const Symbol& symbol : file->symbols()) {
    if (symbol.name.find(name) == std::string::npos) continue;
    if (symbol.name.find(other) == std::string::npos) return std::string(symbol.name);
  }
  return std::unexpected(fmt::format("it has no symbol {}", name));
}

ExitStatus prove(const fuzz::engine::Engine& engine, const std::string& counterexamples) {
  const std::string& path = engine.command.front();
  const auto symbol = trampoline_symbol(path);
  if (!symbol) {
    fmt::print("{}: its trampoline is left out: {}: {}\n", engine.name, path, symbol.error());
    return ExitStatus::ok;
  }
  const bool passes_traps_on =
      engine.version.empty() ||
      !fuzz::engine::is_before(engine.version, first_version_that_passes_traps_on);
  auto code = ForeignCode::parse({"start=" + *symbol},
                                 passes_traps_on ? Trampoline::trap : Trampoline::v44);
  if (!code) {
    complain(code.error());
    return ExitStatus::could_not_run;
  }
  fmt::print("{} {}: the trampoline in {}\n", engine.name, engine.version, path);
  flush();
  ProveOptions options;
  options.object = path;
  options.code = std::move(*code);
  options.counterexamples = counterexamples;
  return run_proofs(options).status;
}

}  // namespace

ExitStatus prove_engines(const std::vector<fuzz::engine::Engine>& engines,
                         const std::string& counterexamples) {
  ExitStatus status = ExitStatus::ok;
  for (const fuzz::engine::Engine& engine : engines) {
    std::error_code ignored;
    const bool is_here = std::filesystem::is_regular_file(engine.command.front(), ignored);
    if (engine.protocol != fuzz::engine::Protocol::wast || !is_here || is_interrupted()) continue;
    status = worse(status, prove(engine, counterexamples));
  }
  return status;
}

}  // namespace fiberproof::verify
