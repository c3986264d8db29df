#include "verify/cli/options.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/list_command.hpp"
#include "verify/cli/suggestion.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>

namespace fiberproof::verify {
namespace {

// One of a few words, named in the error and not in the help's margin.
CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::Validator(
      [words](std::string& value) -> std::string {
        if (std::ranges::find(words, value) != words.end()) return {};
        return fmt::format("'{}' is none of {}{}", value, fmt::join(words, ", "),
                           did_you_mean(value, words));
      },
      "");
}

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  return CLI::Validator(
      [low, high](std::string& value) -> std::string {
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, number);
        if (error == std::errc() && stop == end && number >= low && number <= high) return {};
        return fmt::format("'{}' is no whole number from {} to {}", value, low, high);
      },
      "");
}

constexpr std::uint64_t executions_most = std::uint64_t{1} << 40;

void add_json(CLI::App& app, Options& options) {
  app.add_option("--json", options.json,
                 "Write the results to this file, also where the run fails; - for standard output")
      ->type_name("FILE");
}

void add_prove(CLI::App& app, Options& options) {
  CLI::App* const prove = app.add_subcommand("prove", "Prove the contracts on machine code");
  prove
      ->add_option("NAME", options.prove.names,
                   "Prove only theorems and contracts whose names begin so, or those of a rule "
                   "such as T4 (default: all)")
      ->type_name("");
  prove
      ->add_option("--object", options.prove.object,
                   "Read this object file, library, program or archive instead of the command's "
                   "own file")
      ->type_name("FILE");
  prove
      ->add_option("--symbol", options.symbols,
                   "Say which symbol of that file plays a role: start, fiber_start, switch, "
                   "initialize or check_failed, or a symbol that a contract names; NAME:BYTES, "
                   "NAME+OFFSET:BYTES or 0xADDRESS:BYTES where the file does not say enough; may "
                   "be repeated")
      ->type_name("ROLE=NAME")
      ->expected(1, -1)
      ->allow_extra_args(false);
  prove
      ->add_option("--revision", options.revision,
                   "Say which revision of rule T5 the trampoline keeps: trap or v44 (default: "
                   "trap)")
      ->type_name("NAME")
      ->check(one_of({"trap", "v44"}));
  prove
      ->add_option("--contract", options.prove.contracts,
                   "Prove the contract in this file instead of the project's; may be repeated")
      ->type_name("FILE");
  prove
      ->add_option("--solver", options.prove.solver,
                   "Decide with z3, or with cvc5 as a second opinion that must agree with z3")
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
  fuzz->add_option("TARGET", options.fuzz.targets,
                   "Run only these ('fiberproof list targets' names them; default: all)")
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
                   "Keep the inputs found in a folder for each target below this one")
      ->type_name("FOLDER");
  fuzz->add_option("--artifacts", options.fuzz.artifacts, "Keep findings in this folder")
      ->type_name("FOLDER")
      ->capture_default_str();
  fuzz->add_option("--seeds", options.fuzz.seeds.folder,
                   "Begin with this corpus, or folder of seeds, instead of the project's")
      ->type_name("FOLDER");
  fuzz->add_flag("--no-seeds", options.fuzz.seeds.is_none, "Begin without seeds");
}

void add_programs(CLI::App& app, Options& options) {
  app.add_subcommand("replay", "Run Programs on real stacks and compare each with what it records")
      ->add_option("PATH", options.replay,
                   "Replay these files, and all Programs below these folders; - for standard input")
      ->type_name("")
      ->required();
  app.add_subcommand("explain", "Tell what a Program does, step by step, and draw its stack")
      ->add_option("FILE", options.explain, "Explain this Program; - for standard input")
      ->type_name("")
      ->required();
  CLI::App* const minimize =
      app.add_subcommand("minimize", "Make a shorter Program that ends in the same way");
  minimize->add_option("FILE", options.minimize, "Shorten this Program; - for standard input")
      ->type_name("")
      ->required();
  minimize
      ->add_option("-o", options.minimized,
                   "Write the result to this new file, or - for standard output (default: "
                   "FILE.min.program)")
      ->type_name("FILE");
}

std::string folder_beside_the_build(const char* name) {
  return std::filesystem::path(own_path()).parent_path().parent_path().string() + "/" + name;
}

void add_hunt(CLI::App& app, Options& options) {
  HuntOptions& limits = options.hunt.options;
  limits.source = FIBERPROOF_SOURCE;
  limits.command = own_path();
  limits.folder = folder_beside_the_build("hunt");
  CLI::App* const hunt = app.add_subcommand(
      "hunt", "Put known bugs into core, one at a time, and report what notices them");
  hunt->add_option("DEFECT", options.hunt.names,
                   "Hunt only defects whose names begin so ('fiberproof list defects' names them; "
                   "default: all)")
      ->type_name("");
  hunt->add_option("--seeds", limits.seeds, "Search with each target this many times")
      ->type_name("N")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  hunt->add_option("--executions", limits.executions_max, "End a search after this many executions")
      ->type_name("N")
      ->check(whole_number(1, executions_most))
      ->capture_default_str();
  hunt->add_option("--give-up", limits.give_up_after,
                   "Give up on a target after N searches without a finding")
      ->type_name("N")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  hunt->add_option("--jobs", limits.jobs, "Run this many searches at once")
      ->type_name("N")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  hunt->add_option("--folder", limits.folder,
                   "Work in this folder, which is kept: sources, build and findings")
      ->type_name("FOLDER")
      ->capture_default_str();
  hunt->add_flag_callback(
      "--afresh", [&limits] { limits.resume = false; }, "Ignore earlier results");
  hunt->add_option("--table", options.hunt.table, "Write the table to this file as well")
      ->type_name("FILE");
}

void add_mutate(CLI::App& app, Options& options) {
  MutationOptions& limits = options.mutate.options;
  limits.source = FIBERPROOF_SOURCE;
  limits.command = own_path();
  limits.folder = folder_beside_the_build("mutate");
  CLI::App* const mutate = app.add_subcommand(
      "mutate", "Put small slips into core's C++, one at a time, and report what notices them");
  mutate
      ->add_option("FILE", options.mutate.files,
                   "Change only these files of core, such as initialize.cpp (default: all)")
      ->type_name("");
  mutate->add_option("--sample", limits.sample, "Test every Nth mutant of each file")
      ->type_name("N")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  mutate
      ->add_option("--executions", limits.executions_max,
                   "End a fuzz target after this many executions")
      ->type_name("N")
      ->check(whole_number(1, executions_most))
      ->capture_default_str();
  mutate
      ->add_option("--replay-seconds", limits.replay_seconds,
                   "End the replay of the corpus after this many seconds")
      ->type_name("N")
      ->check(whole_number(1, 3600))
      ->capture_default_str();
  mutate
      ->add_option("--folder", limits.folder,
                   "Work in this folder, which is kept: sources, build and findings")
      ->type_name("FOLDER")
      ->capture_default_str();
  mutate->add_flag_callback(
      "--afresh", [&limits] { limits.resume = false; }, "Ignore earlier results");
  mutate->add_flag("--print", options.mutate.only_print, "Print the patches and test none");
  mutate->add_option("--table", options.mutate.table, "Write a table of the results to this file")
      ->type_name("FILE");
}

void add_mutants(CLI::App& app, Options& options) {
  MutantsCommand& command = options.mutants;
  CLI::App* const mutants = app.add_subcommand(
      "mutants", "Change single instructions of the proved routines and report what notices");
  mutants
      ->add_option("PROGRAM", command.program,
                   "Take the routines from this linked program, such as "
                   "corpus_replay")
      ->type_name("")
      ->required();
  mutants->add_option("ROUTINE", command.routines, "Change only these, by symbol (default: all)")
      ->type_name("");
  mutants
      ->add_option("--fuzzer", command.fuzz.programs,
                   "Put each mutant into this fuzz target as well; may be repeated")
      ->type_name("FILE")
      ->expected(1, -1)
      ->allow_extra_args(false);
  mutants
      ->add_option("--executions", command.fuzz.executions,
                   "End a fuzz target after this many executions")
      ->type_name("N")
      ->check(whole_number(1, executions_most))
      ->capture_default_str();
  mutants->add_option("--period", command.fuzz.period, "Put every Nth mutant into fuzz targets")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  mutants->add_option("--jobs", command.fuzz.jobs, "Run this many fuzz targets at once")
      ->type_name("N")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  mutants->add_option("--table", command.table, "Write a table of the results to this file")
      ->type_name("FILE");
}

void add_list(CLI::App& app, Options& options) {
  app.add_subcommand("list", "List what there is")
      ->add_option("WHAT", options.list,
                   fmt::format("List one of: {}", fmt::join(list_subjects(), ", ")))
      ->type_name("")
      ->required()
      ->check(one_of(list_subjects()));
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names{"help"};
  for (const CLI::App* subcommand : app.get_subcommands({}))
    names.push_back(subcommand->get_name());
  return names;
}

// The file of --json, which is written also where the rest of the command line is wrong.
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
    if (words[at] == "--json" || words[at] == "--time") {
      ++at;
    } else if (!words[at].starts_with('-')) {
      return words[at];
    }
  }
  return {};
}

// CLI11's words for what was not expected, and the option that was meant.
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

}  // namespace

Parsed parse_options(int argc, char** argv, Options& options) {
  CLI::App app{
      "Fuzzing and verification of stackful continuations. Without a command: prove everything, "
      "run "
      "each fuzz target for a few seconds, replay the corpus, and print the table of what holds.",
      "fiberproof"};
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "fiberproof " FIBERPROOF_VERSION, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.add_option("--time", options.main_seconds,
                 "Run each fuzz target for this many seconds, where no command is given")
      ->type_name("N")
      ->check(whole_number(1, 3600))
      ->capture_default_str();
  add_prove(app, options);
  add_fuzz(app, options);
  add_programs(app, options);
  add_hunt(app, options);
  add_mutate(app, options);
  add_mutants(app, options);
  add_list(app, options);
  add_json(app, options);
  for (CLI::App* subcommand : app.get_subcommands({})) add_json(*subcommand, options);

  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") return print_help(app, words);
  const std::optional<std::string> json = find_json(words);
  const auto wrong = [&](const std::string& line) {
    complain(line);
    options.json = json.value_or("");
    options.is_json_given = json.has_value();
    return Parsed::wrong;
  };
  const std::string command = first_word(words);
  const auto commands = subcommand_names(app);
  const bool is_known = std::ranges::find(commands, command) != commands.end();
  if (!command.empty() && !is_known) {
    return wrong(fmt::format("there is no command '{}'{}  ('fiberproof help' lists them)", command,
                             did_you_mean(command, commands)));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    std::ostringstream text;  // printed as everything else is, so that a full device is noticed
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
  if (app.count("--time") > 0) {
    return wrong(
        fmt::format("--time before '{}' is of the run without a command: leave it out, or "
                    "put it behind 'fuzz'",
                    options.command));
  }
  if (app.count("--json") + given.front()->count("--json") > 1)
    return wrong("--json is given twice");
  if (options.command == "prove") {
    options.prove.keeps_where_told = given.front()->count("--counterexamples") > 0;
  }
  return Parsed::ready;
}

}  // namespace fiberproof::verify
