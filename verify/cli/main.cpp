// The `fiberproof` command. Without a subcommand it is the main job: every proof, every target for
// a few seconds, the whole corpus, and the table of what holds.
#include "verify/cli/code_comparison.hpp"
#include "verify/cli/coverage_table.hpp"
#include "verify/cli/embedded.hpp"
#include "verify/cli/exit_status.hpp"
#include "verify/cli/expected_theorems.hpp"
#include "verify/cli/explain_command.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/hunt_command.hpp"
#include "verify/cli/minimize_command.hpp"
#include "verify/cli/mutate_command.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/cli/replay_command.hpp"
#include "verify/cli/rules.hpp"
#include "verify/hunt/defect.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace {

using namespace fiberproof::verify;

struct Options {
  ProveOptions prove;
  FuzzOptions fuzz;
  HuntCommand hunt;
  MutateCommand mutate;
  std::vector<std::string> symbols;  ///< ROLE=PLACE
  std::string revision;              ///< v44 or trap; empty where none is given
  std::vector<std::string> replay;
  std::string explain;
  std::string minimize;
  std::string minimized;
  std::string list;
  std::string json;
  unsigned main_seconds = 5;
};

ExitStatus write_json(const std::string& path, const ProofReport& proofs,
                      const FuzzReport& fuzzing) {
  if (path.empty()) return ExitStatus::ok;
  std::ofstream file(path);
  file << coverage_json(rules_of(embedded_spec().text), proofs, fuzzing).dump(2) << '\n';
  file.close();
  if (file) return ExitStatus::ok;
  fmt::print(stderr, "fiberproof: {}: cannot be written\n", path);
  return ExitStatus::could_not_run;
}

ExitStatus prove(const Options& options) {
  const ProofReport report = run_proofs(options.prove);
  std::size_t theorems = 0;
  for (const ContractResult& result : report.results) theorems += result.theorems.size();
  fmt::print("{} theorems in {:.1f} s\n", theorems, report.seconds);
  return worse(report.status, write_json(options.json, report, {}));
}

ExitStatus compare_code(const ProofReport& proofs) {
  std::vector<std::string> targets;
  for (const FuzzTarget& target : fuzz_targets()) {
    if (target.runs_programs()) targets.push_back(target.name);
  }
  const auto lines = code_differences(proofs.results, targets);
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", line);
  return lines.empty() ? ExitStatus::ok : ExitStatus::failed;
}

// A rule without a proof or an oracle is no failure of the run: the table says which it is.
ExitStatus main_job(Options options) {
  fmt::print("== proofs\n");
  const ProofReport proofs = run_proofs(options.prove);
  fmt::print("\n== the code that was proved, in the fuzz targets\n");
  const ExitStatus code = compare_code(proofs);
  if (code == ExitStatus::ok) fmt::print("the same bytes in every target that runs Programs\n");
  fmt::print("\n== fuzz targets, {} s each\n", options.main_seconds);
  options.fuzz.seconds = options.main_seconds;
  const FuzzReport fuzzing = run_fuzzers(options.fuzz);
  fmt::print("\n== corpus\n");
  const ReplayReport corpus = run_replays({FIBERPROOF_CORPUS}, true);
  fmt::print("\n{}", coverage_table(rules_of(embedded_spec().text), proofs, fuzzing));
  const ExitStatus status =
      worse(worse(proofs.status, code),
            worse(worse(fuzzing.status, corpus.status), write_json(options.json, proofs, fuzzing)));
  fmt::print(
      "\nproofs {:.1f} s; {}\n", proofs.seconds,
      status == ExitStatus::ok ? "everything holds as expected" : "NOT as expected: see above");
  return status;
}

ExitStatus list(const std::string& what) {
  if (what == "proofs") {
    const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
    if (!expected) return fmt::print(stderr, "{}\n", expected.error()), ExitStatus::could_not_run;
    for (const auto& [name, verdict] : *expected) fmt::print("{:60} {}\n", name, name_of(verdict));
  } else if (what == "defects") {
    const auto defects = read_defects(FIBERPROOF_SOURCE "/core/defects", {});
    if (!defects) {
      return fmt::print(stderr, "fiberproof: {}\n", defects.error()), ExitStatus::could_not_run;
    }
    for (const Defect& defect : *defects) fmt::print("{:60} {}\n", defect.name, defect.title);
  } else if (what == "targets") {
    for (const FuzzTarget& target : fuzz_targets()) fmt::print("{}\n", target.name);
  } else {
    for (const Rule& rule : rules_of(embedded_spec().text))
      fmt::print("{:4} {}\n", rule.id, rule.title);
  }
  return ExitStatus::ok;
}

void add_prove(CLI::App& app, Options& options) {
  CLI::App* const prove = app.add_subcommand("prove", "prove the contracts on machine code");
  prove->add_option("NAME", options.prove.names,
                    "theorems or contracts, by the beginning of a name");
  prove->add_option("--object", options.prove.object,
                    "the object file, library, program or archive to read, instead of this one");
  prove
      ->add_option("--symbol", options.symbols,
                   "ROLE=NAME: the file's name for start, fiber_start, switch, initialize or "
                   "check_failed, or for a contract's symbol; also 0xADDRESS:BYTES")
      ->expected(1, -1)
      ->allow_extra_args(false);
  prove->add_option("--revision", options.revision, "of the entry trampoline's rule T5")
      ->check(CLI::IsMember({"trap", "v44"}));
  prove->add_option("--contract", options.prove.contracts,
                    "a contract file, instead of the project's");
  prove
      ->add_option("--solver", options.prove.solver,
                   "z3, or cvc5 as a second opinion that must agree with it")
      ->check(CLI::IsMember({"z3", "cvc5"}))
      ->capture_default_str();
  prove->add_flag("--certify", options.prove.certify,
                  "a proof of every proved answer, made by CaDiCaL and checked here");
  prove->add_option("--smt2", options.prove.smt2_directory, "write every query into this folder");
  prove
      ->add_option("--counterexamples", options.prove.counterexamples,
                   "keep the Program of a refutation in this folder")
      ->default_val(FIBERPROOF_CORPUS "/counterexamples");
  prove->add_option("--timeout", options.prove.timeout_ms, "of one query, in milliseconds")
      ->check(CLI::Range(1u, 3'600'000u))
      ->capture_default_str();
}

void add_fuzz(CLI::App& app, Options& options) {
  CLI::App* const fuzz = app.add_subcommand("fuzz", "run the fuzz targets");
  fuzz->add_option("TARGET", options.fuzz.targets, "which of them");
  fuzz->add_option("--time", options.fuzz.seconds, "seconds for each target")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  fuzz->add_option("--jobs", options.fuzz.jobs, "processes at once")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  fuzz->add_option("--corpus", options.fuzz.corpus, "keep the inputs found in a folder here");
  fuzz->add_option("--artifacts", options.fuzz.artifacts, "where a crashing input is written")
      ->capture_default_str();
}

void add_programs(CLI::App& app, Options& options) {
  app.add_subcommand("replay", "run Program files and folders of them on real stacks")
      ->add_option("PATH", options.replay, "files and folders")
      ->required();
  app.add_subcommand("explain", "tell what a program does, step by step, and draw its stack")
      ->add_option("FILE", options.explain, "the program")
      ->required();
  CLI::App* const minimize =
      app.add_subcommand("minimize", "make a shorter program that ends in the same way");
  minimize->add_option("FILE", options.minimize, "the program")->required();
  minimize->add_option("-o", options.minimized,
                       "where to write it, instead of FILE.min.program; must not be there yet");
}

void add_hunt(CLI::App& app, Options& options) {
  HuntOptions& limits = options.hunt.options;
  limits.source = FIBERPROOF_SOURCE;
  limits.command = own_path();
  limits.folder = std::filesystem::path(own_path()).parent_path().parent_path().string() + "/hunt";
  CLI::App* const hunt =
      app.add_subcommand("hunt", "put known bugs into core, and see who notices");
  hunt->add_option("DEFECT", options.hunt.names, "defects, by the beginning of a name");
  hunt->add_option("--seeds", limits.seeds, "searches of each target")
      ->check(CLI::Range(1u, 10'000u))
      ->capture_default_str();
  hunt->add_option("--executions", limits.executions_max, "at most, of a search")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->capture_default_str();
  hunt->add_option("--give-up", limits.give_up_after,
                   "end the searches of a target where so many found nothing")
      ->check(CLI::Range(1u, 10'000u))
      ->capture_default_str();
  hunt->add_option("--jobs", limits.jobs, "searches at once")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  hunt->add_option("--folder", limits.folder, "for sources, build and findings; is kept")
      ->capture_default_str();
  hunt->add_flag("--afresh{false}", limits.resume, "count nothing that an earlier hunt found");
  hunt->add_option("--table", options.hunt.table, "write the table to this file");
}

void add_mutate(CLI::App& app, Options& options) {
  MutationOptions& limits = options.mutate.options;
  limits.source = FIBERPROOF_SOURCE;
  limits.command = own_path();
  limits.folder =
      std::filesystem::path(own_path()).parent_path().parent_path().string() + "/mutate";
  CLI::App* const mutate =
      app.add_subcommand("mutate", "put small slips into core's C++, and see who notices");
  mutate->add_option("FILE", options.mutate.files, "of core, such as initialize.cpp");
  mutate->add_option("--sample", limits.sample, "each so many-th mutant of a file")
      ->check(CLI::Range(1u, 10'000u))
      ->capture_default_str();
  mutate->add_option("--executions", limits.executions_max, "at most, of a fuzz target")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->capture_default_str();
  mutate->add_option("--replay-seconds", limits.replay_seconds, "at most, of the corpus")
      ->check(CLI::Range(1u, 3600u))
      ->capture_default_str();
  mutate->add_option("--folder", limits.folder, "for sources, build and findings; is kept")
      ->capture_default_str();
  mutate->add_flag("--afresh{false}", limits.resume, "count nothing that an earlier run found");
  mutate->add_flag("--print", options.mutate.only_print, "the patches, and try none");
}

bool take_symbols(Options& options) {
  std::optional<Revision> revision;
  if (!options.revision.empty()) {
    revision = options.revision == "v44" ? Revision::v44 : Revision::trap;
  }
  auto code = ForeignCode::parse(options.symbols, revision);
  if (!code) return fmt::print(stderr, "{}\n", code.error()), false;
  options.prove.code = std::move(*code);
  return true;
}

ExitStatus run(int argc, char** argv) {
  Options options;
  CLI::App app{"Fuzzing and verification of stackful continuations", "fiberproof"};
  app.require_subcommand(0, 1);
  app.add_option("--json", options.json, "write the results to this file");
  app.add_option("--time", options.main_seconds, "seconds for each fuzz target of the main job")
      ->check(CLI::Range(1u, 3600u))
      ->capture_default_str();
  add_prove(app, options);
  add_fuzz(app, options);
  add_programs(app, options);
  add_hunt(app, options);
  add_mutate(app, options);
  app.add_subcommand("list", "list proofs, targets, specs or defects")
      ->add_option("WHAT", options.list, "proofs, targets, specs or defects")
      ->required()
      ->check(CLI::IsMember({"proofs", "targets", "specs", "defects"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    return app.exit(wish), ExitStatus::ok;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "fiberproof: {}\n", error.what());
    return ExitStatus::could_not_run;
  }
  if (!take_symbols(options)) return ExitStatus::could_not_run;
  if (app.got_subcommand("prove")) return prove(options);
  if (app.got_subcommand("fuzz")) {
    const FuzzReport report = run_fuzzers(options.fuzz);
    return worse(report.status, write_json(options.json, {}, report));
  }
  if (app.got_subcommand("replay")) return run_replays(options.replay, false).status;
  if (app.got_subcommand("explain")) return explain_file(options.explain);
  if (app.got_subcommand("minimize")) return minimize_file(options.minimize, options.minimized);
  if (app.got_subcommand("hunt")) {
    options.hunt.json = options.json;
    return hunt_defects(options.hunt);
  }
  if (app.got_subcommand("mutate")) {
    options.mutate.json = options.json;
    return mutate(options.mutate);
  }
  if (app.got_subcommand("list")) return list(options.list);
  return main_job(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "fiberproof: {}\n", error.what());
    return static_cast<int>(ExitStatus::could_not_run);
  }
}
