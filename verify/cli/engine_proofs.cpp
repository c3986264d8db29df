#include "verify/cli/engine_proofs.hpp"

#include "fuzz/engine/known.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/engine_modules.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/object/object_file.hpp"
#include "verify/process/interruption.hpp"
#include "verify/survey/survey.hpp"

#include <fmt/format.h>
#include <expected>
#include <filesystem>

namespace fiberproof::verify {
namespace {

// Wasmtime resumes the parent as after a return where a continuation traps, until this
// version: 45.0.2, 46.0.1 and 47.0.3 are proved as `v44`, 48.0.2 as `trap`, and neither as the
// other.
constexpr std::string_view first_version_that_passes_traps_on = "48.0.0";

constexpr std::size_t compiled_programs = 100;

// The one trampoline that a search finds in the program's file.
std::expected<std::string, std::string> trampoline_of(const std::string& path) {
  const auto file = ObjectFile::open(path);
  if (!file) return std::unexpected("not an object file that can be read");
  const Survey found = survey(*file);
  if (found.trampolines.size() == 1) return place_text(*file, found.trampolines.front());
  return std::unexpected(fmt::format("{} places in it look like one", found.trampolines.size()));
}

ExitStatus prove(const fuzz::engine::Engine& engine, const EngineParts& parts,
                 const std::string& counterexamples) {
  const std::string& path = engine.command.front();
  const auto place = trampoline_of(path);
  if (!place) {
    fmt::print("{}: its trampoline is left out: {}: {}\n", engine.name, path, place.error());
    return ExitStatus::ok;
  }
  const bool passes_traps_on =
      engine.version.empty() ||
      !fuzz::engine::is_before(engine.version, first_version_that_passes_traps_on);
  auto code =
      ForeignCode::parse({"start=" + *place}, passes_traps_on ? Trampoline::trap : Trampoline::v44);
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
  const ExitStatus status = run_proofs(options).status;
  flush();
  if (is_interrupted()) return status;
  return worse(status, prove_compiled_modules(engine, parts, compiled_programs, counterexamples));
}

}  // namespace

ExitStatus prove_engines(const std::vector<fuzz::engine::Engine>& engines, const EngineParts& parts,
                         const std::string& counterexamples) {
  ExitStatus status = ExitStatus::ok;
  for (const fuzz::engine::Engine& engine : engines) {
    std::error_code ignored;
    const bool is_here = std::filesystem::is_regular_file(engine.command.front(), ignored);
    if (engine.protocol != fuzz::engine::Protocol::wast || !is_here || is_interrupted()) continue;
    status = worse(status, prove(engine, parts, counterexamples));
  }
  return status;
}

}  // namespace fiberproof::verify
