// The `fiberproof` command. Without a subcommand it does the main job: every proof, every target
// for a few seconds, the whole corpus, random Programs on WebAssembly engines, and the tables of
// what holds.
#include "fuzz/replay/child_process.hpp"
#include "verify/cli/check_command.hpp"
#include "verify/cli/code_comparison.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/coverage_table.hpp"
#include "verify/cli/engine_list.hpp"
#include "verify/cli/engine_parts.hpp"
#include "verify/cli/engine_proofs.hpp"
#include "verify/cli/engines_command.hpp"
#include "verify/cli/exit_status.hpp"
#include "verify/cli/explain_command.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/hunt_command.hpp"
#include "verify/cli/init_command.hpp"
#include "verify/cli/list_command.hpp"
#include "verify/cli/minimize_command.hpp"
#include "verify/cli/mutants_command.hpp"
#include "verify/cli/mutate_command.hpp"
#include "verify/cli/options.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/cli/replay_command.hpp"
#include "verify/cli/report_command.hpp"
#include "verify/cli/results_file.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/embedded/rules.hpp"
#include "verify/process/interruption.hpp"
#include "verify/smt/cancellation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <exception>
#include <nlohmann/json.hpp>

namespace {

using namespace fiberproof::verify;

struct Outcome {
  ExitStatus status = ExitStatus::ok;
  nlohmann::json results;
};

Outcome prove(const Options& options) {
  const ProofReport report = run_proofs(options.prove);
  nlohmann::json results = coverage_json(rules_of(embedded_spec().text), report, {});
  results["object"] = options.prove.object.empty() ? own_path() : options.prove.object;
  return {report.status, std::move(results)};
}

ExitStatus compare_code(const ProofReport& proofs) {
  std::vector<std::string> targets;
  for (const FuzzTarget& target : fuzz_targets()) {
    if (target.runs_programs()) targets.push_back(target.name);
  }
  const auto lines = code_differences(proofs.results, targets);
  for (const std::string& line : lines) complain(line);
  return lines.empty() ? ExitStatus::ok : ExitStatus::failed;
}

// Prints a heading at once: the next part takes a while.
void print_heading(const std::string& text) {
  fmt::print("{}\n", text);
  flush();
}

// Engines that are not installed are left out, and said: the rest of the main job does not need
// them.
ExitStatus run_installed_engines(const Options& options, nlohmann::json& results) {
  if (options.main_leaves_engines_out) {
    fmt::print("left out, as --no-engines says\n");
    return ExitStatus::ok;
  }
  EnginesCommand command;
  command.table = installed_engine_table();
  command.programs = options.main_engine_programs;
  command.may_lack_engines = true;
  if (command.table.empty()) {
    fmt::print("left out: none is installed; .ci/install-engines installs them\n");
    return ExitStatus::ok;
  }
  const auto listed = read_engines(command.table, {});
  if (!listed) {
    complain(listed.error());
    return ExitStatus::could_not_run;
  }
  const ExitStatus proved = prove_engines(*listed, engine_parts(), options.prove.counterexamples);
  fmt::print("\n");
  return worse(proved, run_engines(command, engine_parts(), results));
}

// A rule without a proof or an oracle is no failure of the run: the table shows it.
Outcome main_job(Options options) {
  options.fuzz.seconds = options.main_seconds;
  std::vector<std::string> missing = fuzzing_obstacles(options.fuzz);
  const auto folder = corpus_folder();
  if (!folder) missing.push_back(folder.error());
  for (const std::string& line : missing) complain(line);
  if (!missing.empty()) return {ExitStatus::could_not_run, {}};
  print_heading("== proofs");
  const ProofReport proofs = run_proofs(options.prove);
  print_heading("\n== the code that was proved, in the fuzz targets");
  const ExitStatus code = is_interrupted() ? ExitStatus::ok : compare_code(proofs);
  if (code == ExitStatus::ok && !is_interrupted()) {
    fmt::print("the same bytes in every target that runs Programs\n");
  }
  print_heading(fmt::format("\n== fuzz targets, {} s each", options.main_seconds));
  const FuzzReport fuzzing = run_fuzzers(options.fuzz);
  print_heading("\n== corpus");
  ReplayReport corpus;
  if (!is_interrupted()) corpus = run_replays({*folder}, true);
  const auto rules = rules_of(embedded_spec().text);
  fmt::print("\n{}", coverage_table(rules, proofs, fuzzing));
  print_heading("\n== WebAssembly engines");
  nlohmann::json engine_results;
  ExitStatus engines = ExitStatus::ok;
  if (!is_interrupted()) engines = run_installed_engines(options, engine_results);
  const ExitStatus status =
      worse(engines, worse(worse(proofs.status, code), worse(fuzzing.status, corpus.status)));
  fmt::print("\nproofs {:.1f} s; {}\n", proofs.seconds,
             is_interrupted()           ? "interrupted: what is not printed was not checked"
             : status == ExitStatus::ok ? "everything holds as expected"
                                        : "NOT as expected: see the lines that begin with "
                                          "'fiberproof:', and what a target found");
  nlohmann::json results = coverage_json(rules, proofs, fuzzing);
  results["corpus"] = to_json(corpus);
  results["engines"] = std::move(engine_results);
  return {status, std::move(results)};
}

Outcome fuzz(const Options& options) {
  const FuzzReport report = run_fuzzers(options.fuzz);
  return {report.status, coverage_json(rules_of(embedded_spec().text), {}, report)};
}

Outcome replay(const Options& options) {
  const ReplayReport report = run_replays(options.replay, false);
  return {report.status, to_json(report)};
}

std::vector<std::string> target_complaints(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const FuzzTarget& target : fuzz_targets()) known.push_back(target.name);
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    lines.push_back(fmt::format("there is no fuzz target '{}'{}", name, did_you_mean(name, known)));
  }
  return lines;
}

std::optional<std::string> take_symbols(Options& options) {
  auto code = ForeignCode::parse(options.symbols, trampoline_named(options.trampoline));
  options.prove.are_symbols_wrong = !code;
  if (!code) return code.error();
  options.prove.code = std::move(*code);
  return std::nullopt;
}

// All errors in the options of any subcommand, before anything runs.
std::vector<std::string> complaints_about(Options& options) {
  std::vector<std::string> lines = target_complaints(options.fuzz.targets);
  if (const auto line = take_symbols(options)) lines.push_back(*line);
  return lines;
}

Outcome run(Options& options) {
  Outcome outcome;
  if (options.command == "prove") return prove(options);
  if (options.command == "fuzz") return fuzz(options);
  if (options.command == "replay") return replay(options);
  if (options.command == "explain") {
    outcome.status = explain_file(options.explain, outcome.results);
  } else if (options.command == "minimize") {
    outcome.status = minimize_file(options.minimize, options.minimized, outcome.results);
  } else if (options.command == "hunt") {
    outcome.status = hunt_defects(options.hunt, outcome.results);
  } else if (options.command == "mutate") {
    outcome.status = mutate(options.mutate, outcome.results);
  } else if (options.command == "mutants") {
    outcome.status = judge_byte_mutants(options.mutants, outcome.results);
  } else if (options.command == "engines") {
    outcome.status = run_engines(options.engines, engine_parts(), outcome.results);
  } else if (options.command == "contract") {
    outcome.status = run_contract_command(options.contract, outcome.results);
  } else if (options.command == "check") {
    outcome.status = check_project(options.check, outcome.results);
  } else if (options.command == "init") {
    outcome.status =
        write_project({options.prove, options.symbols, options.init_output}, outcome.results);
  } else if (options.command == "report") {
    options.report.json = options.json;
    outcome.status = write_reports(options.report, outcome.results);
  } else if (options.command == "list") {
    outcome.status = list(options.list, outcome.results);
  } else {
    return main_job(options);
  }
  return outcome;
}

// A write to a closed pipe is then an error like a write to a full device, even if the caller
// ignores the signal. Unlike "ignore", a handler is not inherited by the programs that we start.
void on_closed_pipe(int) {}

// A descriptor that the caller closed would be given to the next file that is opened.
void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // Opened for the wrong direction, so that its use remains an error.
    static_cast<void>(::open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY));
  }
}

ExitStatus flush_output(ExitStatus status) {
  return took_all_output() ? status : ExitStatus::could_not_run;
}

ExitStatus run_command(int argc, char** argv) {
  Options options;
  const auto ready = parse_options(argc, argv, options);
  ResultsFile file;
  std::vector<std::string> lines;
  if (options.is_json_given) {
    if (auto prepared = ResultsFile::prepare(options.json)) {
      file = std::move(*prepared);
    } else {
      lines.push_back("--json " + prepared.error());
    }
  }
  Outcome outcome;
  if (ready == Parsed::printed_help) return flush_output(ExitStatus::ok);
  try {
    const auto more = complaints_about(options);
    lines.insert(lines.end(), more.begin(), more.end());
    // These find further errors, and report all of them together.
    options.prove.errors = options.hunt.errors = options.mutate.errors = options.mutants.errors =
        lines;
    const bool looks_for_more = options.command == "prove" || options.command == "init" ||
                                options.command == "hunt" || options.command == "mutate" ||
                                options.command == "mutants";
    if (ready == Parsed::wrong || (!lines.empty() && !looks_for_more)) {
      for (const std::string& line : lines) complain(line);
      outcome.status = ExitStatus::could_not_run;
    } else {
      outcome = run(options);
    }
  } catch (const std::exception& error) {
    complain(message(error));
    outcome.status = ExitStatus::could_not_run;
  }
  outcome.status = flush_output(outcome.status);
  const auto written = file.write(std::move(outcome.results), options.command, outcome.status);
  if (written) return outcome.status;
  complain("--json " + written.error());
  return ExitStatus::could_not_run;
}

}  // namespace

int main(int argc, char** argv) {
  watch_for_interruption({fiberproof::fuzz::end_children, cancel_queries});
  open_standard_descriptors();
  std::signal(SIGPIPE, on_closed_pipe);
  try {
    return exit_status_or_interrupted(static_cast<int>(run_command(argc, argv)));
  } catch (const std::exception& error) {
    complain(message(error));
    return exit_status_or_interrupted(static_cast<int>(ExitStatus::could_not_run));
  }
}
