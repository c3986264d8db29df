#include "verify/cli/check_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/coverage_table.hpp"
#include "verify/cli/engine_parts.hpp"
#include "verify/cli/engines_command.hpp"
#include "verify/cli/project_file.hpp"
#include "verify/cli/wording.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

// Each theorem says of which file it is: there may be several.
void add_results(const ProjectProof& proof, const ProofReport& report, nlohmann::json& results) {
  nlohmann::json one = coverage_json(rules_of(embedded_spec().text), report, {});
  if (results["rules"].is_null()) results["rules"] = one["rules"];
  for (const char* const part : {"theorems", "code"}) {
    for (nlohmann::json& entry : one[part]) {
      entry["object"] = proof.options.object;
      results[part].push_back(std::move(entry));
    }
  }
}

}  // namespace

ExitStatus check_project(const std::string& path, nlohmann::json& results) {
  const auto project = read_project(path);
  if (!project) {
    for (const std::string& line : project.error()) complain(line);
    return ExitStatus::could_not_run;
  }
  ExitStatus status = ExitStatus::ok;
  for (const ProjectProof& proof : project->proofs) {
    if (is_interrupted()) break;
    fmt::print("== {}\n", proof.name);
    const ProofReport report = run_proofs(proof.options);
    add_results(proof, report, results);
    status = worse(status, report.status);
  }
  if (project->engines && !is_interrupted()) {
    fmt::print("== WebAssembly engines\n");
    status = worse(status, run_engines(*project->engines, engine_parts(), results["engines"]));
  }
  if (!is_interrupted()) {
    fmt::print("{} in {}: {}\n", counted(project->proofs.size(), "proof"), path,
               status == ExitStatus::ok ? "everything holds as it says"
                                        : "NOT as it says: see the lines that begin with "
                                          "'fiberproof:'");
  }
  return status;
}

}  // namespace fiberproof::verify
