#include "verify/cli/mutation_options.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/option_checks.hpp"

#include <filesystem>

namespace fiberproof::verify {
namespace {

std::string folder_beside_the_build(const char* name) {
  return std::filesystem::path(own_path()).parent_path().parent_path().string() + "/" + name;
}

}  // namespace

void add_hunt(CLI::App& app, Options& options) {
  HuntOptions& limits = options.hunt.options;
  limits.source = FIBERPROOF_SOURCE;
  limits.command = own_path();
  limits.folder = folder_beside_the_build("hunt");
  CLI::App* const hunt = app.add_subcommand(
      "hunt",
      "Put known bugs into core one at a time, and report what finds them. Every target is asked "
      "for every bug, with sanitizers and without: one that the bug's patch names gets --seeds "
      "searches, each of the others --others short ones");
  hunt->add_option(
          "DEFECT", options.hunt.names,
          "Hunt only defects whose names begin like this ('fiberproof list defects' names them; "
          "default: all)")
      ->type_name("");
  hunt->add_option("--seeds", limits.seeds, "Search with each named target this many times")
      ->type_name("N")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  hunt->add_option("--executions", limits.executions_max, "End a search after this many executions")
      ->type_name("N")
      ->check(whole_number(1, executions_most))
      ->capture_default_str();
  hunt->add_option("--give-up", limits.give_up_after,
                   "Give up on a target after this many searches without a finding")
      ->type_name("N")
      ->check(whole_number(1, 10'000))
      ->capture_default_str();
  hunt->add_option("--others", limits.others,
                   "Search with each target that is not named this many times; 0 leaves them out")
      ->type_name("N")
      ->check(whole_number(0, 10'000))
      ->capture_default_str();
  hunt->add_option("--other-executions", limits.others_max,
                   "End such a search after this many executions")
      ->type_name("N")
      ->check(whole_number(1, executions_most))
      ->capture_default_str();
  hunt->add_flag("--elsewhere", limits.elsewhere,
                 "Run the tests of core and fuzz and the corpus for every bug, not only for those "
                 "whose patch names some, and those that no proof and no target sees");
  hunt->add_option("--jobs", limits.jobs, "Run this many searches at once")
      ->type_name("N")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  hunt->add_option("--folder", limits.folder,
                   "Work in this folder and keep it: sources, build and findings")
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
      "mutate", "Make small slips in core's C++ one at a time, and report what notices them");
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
                   "Work in this folder and keep it: sources, build and findings")
      ->type_name("FOLDER")
      ->capture_default_str();
  mutate->add_flag_callback(
      "--afresh", [&limits] { limits.resume = false; }, "Ignore earlier results");
  mutate->add_flag("--print", options.mutate.only_print, "Print the patches and test none");
  mutate->add_option("--table", options.mutate.table, "Write the table to this file as well")
      ->type_name("FILE");
}

void add_mutants(CLI::App& app, Options& options) {
  MutantsCommand& command = options.mutants;
  CLI::App* const mutants = app.add_subcommand(
      "mutants", "Change single instructions of the proved routines and report what notices");
  mutants
      ->add_option("PROGRAM", command.program,
                   "Take the routines from this linked program, such as corpus_replay")
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
  mutants->add_option("--table", command.table, "Write the table to this file as well")
      ->type_name("FILE");
}

}  // namespace fiberproof::verify
