#include "verify/cli/options.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/contract_command.hpp"
#include "verify/cli/engine_options.hpp"
#include "verify/cli/list_command.hpp"
#include "verify/cli/mutation_options.hpp"
#include "verify/cli/option_checks.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/cli/version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>

namespace fiberproof::verify {
namespace {

void add_json(CLI::App& app, Options& options) {
  app.add_option("--json", options.json,
                 "Write the results to this file, even if the run fails; - for standard output")
      ->type_name("FILE");
}

// Which code, and which contracts.
void add_code(CLI::App* prove, Options& options) {
  prove
      ->add_option("--object", options.prove.object,
                   "Read this object file, library, program or archive instead of the command's "
                   "own file")
      ->type_name("FILE");
  prove
      ->add_option(
          "--symbol", options.symbols,
          "Give the symbol of that file that plays a role: start, fiber_start, fiber_exit, "
          "switch, initialize or check_failed, or a symbol that a contract names; NAME:BYTES, "
          "NAME+OFFSET:BYTES or 0xADDRESS:BYTES if the file does not say enough; * to search "
          "for start or switch; may be repeated")
      ->type_name("ROLE=NAME")
      ->expected(1, -1)
      ->allow_extra_args(false);
  prove
      ->add_option(
          "--trampoline,--revision", options.trampoline,
          "Give the variant of rule T5 that the trampoline keeps: trap, v44 or trap-asan (default: "
          "the one that it keeps); --revision is the old name")
      ->type_name("NAME")
      ->check(one_of({"auto", "trap", "v44", "trap-asan"}));
  prove
      ->add_option("--contract", options.prove.contracts,
                   "Prove the contract in this file instead of the project's; may be repeated")
      ->type_name("FILE")
      ->expected(1, -1)
      ->allow_extra_args(false);
  prove
      ->add_option("--let", options.prove.values,
                   "Give a 'let NAME = NUMBER' of the contract in --contract this value: versions "
                   "of a library differ in one; may be repeated")
      ->type_name("NAME=NUMBER")
      ->expected(1, -1)
      ->allow_extra_args(false);
}

void add_prove(CLI::App& app, Options& options) {
  CLI::App* const prove = app.add_subcommand("prove", "Prove the contracts on machine code");
  prove
      ->add_option(
          "NAME", options.prove.names,
          "Prove only theorems and contracts whose names begin like this, or those of a rule "
          "such as T4 (default: all)")
      ->type_name("");
  add_code(prove, options);
  prove
      ->add_option("--expected", options.prove.expected,
                   "Compare the verdicts on the contract in --contract with this list of them, in "
                   "which a refutation may be expected")
      ->type_name("FILE");
  prove
      ->add_option("--solver", options.prove.solver,
                   "Decide with z3, or with cvc5 as a second solver that must agree with z3")
      ->type_name("NAME")
      ->check(one_of({"z3", "cvc5"}))
      ->capture_default_str();
  prove->add_flag("--certify", options.prove.certify,
                  "Have CaDiCaL write a proof of every answer, and check it");
  prove
      ->add_option("--smt2", options.prove.smt2_directory,
                   "Write every query as an SMT-LIB script into this folder")
      ->type_name("FOLDER");
  prove
      ->add_option("--counterexamples", options.prove.counterexamples,
                   "Keep the Programs of unexpected refutations in this folder")
      ->type_name("FOLDER")
      ->default_val(counterexamples_folder());
  prove
      ->add_option("--timeout", options.prove.timeout_ms,
                   "Give up a query after this many milliseconds")
      ->type_name("N")
      ->check(whole_number(1, 3'600'000))
      ->capture_default_str();
}

void add_fuzz(CLI::App& app, Options& options) {
  CLI::App* const fuzz = app.add_subcommand("fuzz", "Run the fuzz targets");
  fuzz->add_option(
          "TARGET", options.fuzz.targets,
          "Run only these ('fiberproof list targets' names them; default: all); -- and then "
          "flags of libFuzzer, such as -runs=1000, are handed on")
      ->type_name("");
  fuzz->add_option("--time", options.fuzz.seconds, "Run each target for this many seconds")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  fuzz->add_option("--jobs", options.fuzz.jobs,
                   "Run this many processes of a target at once, sharing what they find")
      ->type_name("N")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  fuzz->add_option("--corpus", options.fuzz.corpus,
                   "Keep the found inputs below this folder, in one folder for each target")
      ->type_name("FOLDER");
  fuzz->add_option("--artifacts", options.fuzz.artifacts, "Keep findings in this folder")
      ->type_name("FOLDER")
      ->capture_default_str();
  fuzz->add_option("--seeds", options.fuzz.seeds.folder,
                   "Begin with this corpus or folder of seeds instead of the project's")
      ->type_name("FOLDER");
  fuzz->add_flag("--no-seeds", options.fuzz.seeds.is_none, "Begin without seeds");
}

void add_programs(CLI::App& app, Options& options) {
  app.add_subcommand("replay", "Run Programs on real stacks and compare each with what it records")
      ->add_option("PATH", options.replay,
                   "Replay these files, and all Programs below these folders; - for standard input")
      ->type_name("")
      ->required();
  app.add_subcommand("explain", "Describe a Program step by step, and draw its stack")
      ->add_option("FILE", options.explain, "Explain this Program; - for standard input")
      ->type_name("")
      ->required();
  CLI::App* const minimize =
      app.add_subcommand("minimize", "Find a shorter Program that ends in the same way");
  minimize->add_option("FILE", options.minimize, "Shorten this Program; - for standard input")
      ->type_name("")
      ->required();
  minimize
      ->add_option("-o", options.minimized,
                   "Write the result to this new file, or - for standard output (default: "
                   "FILE.min.program)")
      ->type_name("FILE");
}

void add_list(CLI::App& app, Options& options) {
  app.add_subcommand("list", "List proofs, targets and other names")
      ->add_option("WHAT", options.list,
                   fmt::format("List one of: {}", fmt::join(list_subjects(), ", ")))
      ->type_name("")
      ->required()
      ->check(one_of(list_subjects()));
}

void add_contract(CLI::App& app, Options& options) {
  CLI::App* const contract = app.add_subcommand(
      "contract", "Write a contract to start from, or check contracts without code");
  contract
      ->add_option("WHAT", options.contract.action,
                   fmt::format("Do one of: {}", fmt::join(contract_actions(), ", ")))
      ->type_name("")
      ->required()
      ->check(one_of(contract_actions()));
  contract
      ->add_option(
          "NAME", options.contract.names,
          "new: name the contract and its routine like this (default: my_switch); check: "
          "read these files; frame: list what these files, or else the project's contracts, "
          "let code change without a claim")
      ->type_name("");
  contract
      ->add_option("--object", options.contract.object,
                   "new: read off what the code in this file does, in place of a template")
      ->type_name("FILE");
  contract
      ->add_option("--symbol", options.contract.symbol,
                   "new: the routine in that file, as behind ROLE= in --symbol of prove")
      ->type_name("PLACE");
  contract
      ->add_option("-o", options.contract.output,
                   "Write the contract to this new file, or - for standard output (default: -)")
      ->type_name("FILE");
}

void add_project(CLI::App& app, Options& options) {
  app.add_subcommand("check", "Run what the fiberproof.toml of a repository asks for")
      ->add_option("FILE", options.check, "Read this file instead")
      ->type_name("")
      ->capture_default_str();
  CLI::App* const init = app.add_subcommand(
      "init", "Write a fiberproof.toml of what can be proved of an object file today");
  add_code(init, options);
  init->add_option("-o", options.init_output, "Write this new file instead")
      ->type_name("FILE")
      ->capture_default_str();
}

void add_report(CLI::App& app, Options& options) {
  CLI::App* const report =
      app.add_subcommand("report", "Turn the results of --json into what CI services read");
  report->add_option("FILE", options.report.input, "Read these results; - for standard input")
      ->type_name("")
      ->required();
  report
      ->add_option("--junit", options.report.junit,
                   "Write JUnit XML to this file, or - for standard output")
      ->type_name("FILE");
  report
      ->add_option("--sarif", options.report.sarif,
                   "Write SARIF 2.1.0 to this file, or - for standard output: what failed, at its "
                   "line of source text")
      ->type_name("FILE");
  report
      ->add_option("--markdown", options.report.markdown,
                   "Write a summary for people to this file, or - for standard output")
      ->type_name("FILE");
  report
      ->add_option("--html", options.report.html,
                   "Write one page with every story and drawing to this file, or - for standard "
                   "output")
      ->type_name("FILE");
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names{"help"};
  for (const CLI::App* subcommand : app.get_subcommands({}))
    names.push_back(subcommand->get_name());
  return names;
}

// The file of --json, which is written even if the rest of the command line is wrong.
std::optional<std::string> find_json(const std::vector<std::string>& words) {
  constexpr std::string_view option = "--json";
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] == "--") break;
    if (words[at].starts_with(std::string(option) + "="))
      return words[at].substr(option.size() + 1);
    if (words[at] == option && at + 1 < words.size()) return words[at + 1];
  }
  return std::nullopt;
}

// The first word that is neither an option nor the value of one.
std::string first_word(const std::vector<std::string>& words) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] == "--json" || words[at] == "--time" || words[at] == "--engines") {
      ++at;
    } else if (!words[at].starts_with('-')) {
      return words[at];
    }
  }
  return {};
}

// CLI11's message about an unexpected word, with the option that was probably meant.
std::string unexpected_text(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t space = text.rfind(' ');
  const std::string word = space == text.npos ? text : text.substr(space + 1);
  std::vector<std::string> known;
  const auto add = [&known](const CLI::App& one) {
    for (const CLI::Option* option : one.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  add(app);
  for (const CLI::App* subcommand : app.get_subcommands()) add(*subcommand);
  return text + (word.starts_with('-') ? did_you_mean(word, known) : "");
}

Parsed print_help(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.size() < 2) return fmt::print("{}", app.help()), Parsed::printed_help;
  try {
    fmt::print("{}", app.get_subcommand(words[1])->help("fiberproof"));
    return Parsed::printed_help;
  } catch (const CLI::OptionNotFound&) {
    const auto names = subcommand_names(app);
    complain(
        fmt::format("help: there is no command '{}'{}", words[1], did_you_mean(words[1], names)));
    return Parsed::wrong;
  }
}

// The options of the command itself, then every subcommand with its own.
void add_all(CLI::App& app, Options& options) {
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", version_text(), "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.add_option("--time", options.main_seconds,
                 "Run each fuzz target for this many seconds, if no command is given")
      ->type_name("N")
      ->check(whole_number(1, 3600))
      ->capture_default_str();
  add_main_engines(app, options);
  add_prove(app, options);
  add_fuzz(app, options);
  add_programs(app, options);
  add_hunt(app, options);
  add_mutate(app, options);
  add_mutants(app, options);
  add_engines(app, options);
  add_contract(app, options);
  add_project(app, options);
  add_report(app, options);
  add_list(app, options);
  add_json(app, options);
  for (CLI::App* subcommand : app.get_subcommands({})) add_json(*subcommand, options);
}

// Why the first word is not a command, or nothing.
std::optional<std::string> unknown_command(const CLI::App& app,
                                           const std::vector<std::string>& words) {
  const std::string command = first_word(words);
  const auto commands = subcommand_names(app);
  if (command.empty() || std::ranges::find(commands, command) != commands.end()) {
    return std::nullopt;
  }
  return fmt::format("there is no command '{}'{}  ('fiberproof help' lists them)", command,
                     did_you_mean(command, commands));
}

// Why the options do not fit together, or nothing.
std::optional<std::string> contradiction(const CLI::App& app, const CLI::App& subcommand) {
  if (app.count("--time") > 0) {
    return fmt::format(
        "--time before '{}' applies only without a command: leave it out, or put it behind 'fuzz'",
        subcommand.get_name());
  }
  for (const char* const option : {"--engines", "--no-engines"}) {
    if (app.count(option) == 0) continue;
    return fmt::format("{} before '{}' applies only without a command: leave it out", option,
                       subcommand.get_name());
  }
  if (app.count("--json") + subcommand.count("--json") > 1) return "--json is given twice";
  return std::nullopt;
}

}  // namespace

Parsed parse_options(int argc, char** argv, Options& options) {
  CLI::App app{
      "Fuzzing and verification of stackful continuations. Without a command: prove everything, "
      "run "
      "each fuzz target for a few seconds, replay the corpus, run Programs on WebAssembly engines, "
      "and print the tables of what holds.",
      "fiberproof"};
  add_all(app, options);
  const std::vector<std::string> all(argv + 1, argv + argc);
  const auto dashes = std::ranges::find(all, "--");
  const bool has_flags = dashes != all.end() && first_word(all) == "fuzz";
  const std::vector<std::string> words(all.begin(), has_flags ? dashes : all.end());
  if (!words.empty() && words.front() == "help") return print_help(app, words);
  const std::optional<std::string> json = find_json(words);
  const auto wrong = [&](const std::string& line) {
    complain(line);
    options.json = json.value_or("");
    options.is_json_given = json.has_value();
    return Parsed::wrong;
  };
  if (const auto line = unknown_command(app, words)) return wrong(*line);
  if (has_flags) {
    auto flags = engine_flags({dashes + 1, all.end()});
    if (!flags) return wrong(flags.error());
    options.fuzz.flags = std::move(*flags);
  }
  try {
    app.parse(1 + static_cast<int>(words.size()), argv);
  } catch (const CLI::Success& wish) {
    std::ostringstream text;  // printed like everything else, so that a full device is noticed
    app.exit(wish, text, text);
    fmt::print("{}", text.str());
    return Parsed::printed_help;
  } catch (const CLI::ParseError& error) {
    return wrong(unexpected_text(app, error));
  }
  options.is_json_given = json.has_value();
  const auto given = app.get_subcommands();
  if (given.empty()) return Parsed::ready;
  options.command = given.front()->get_name();
  if (const auto line = contradiction(app, *given.front())) return wrong(*line);
  if (options.command == "prove") {
    options.prove.keeps_where_told = given.front()->count("--counterexamples") > 0;
  }
  return Parsed::ready;
}

}  // namespace fiberproof::verify
