#include "verify/cli/engine_options.hpp"

#include "verify/cli/option_checks.hpp"

#include <limits>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t programs_most = 1'000'000'000;

void add_where(CLI::App& engines, EnginesCommand& command) {
  engines
      .add_option("--engine", command.engines,
                  "Run this engine, too, or alone without --table; NAME:wast= and NAME:js= choose "
                  "the protocol; may be repeated")
      ->type_name("NAME=COMMAND")
      ->expected(1, -1)
      ->allow_extra_args(false);
  engines
      .add_option("--table", command.table,
                  "Run the engines of this table (default: that of .ci/install-engines)")
      ->type_name("FILE");
  engines
      .add_option("--known", command.known,
                  "Take known disagreements from this list (default: that of the corpus)")
      ->type_name("FILE");
  engines
      .add_option("--out", command.out,
                  "Keep each kind of disagreement in a folder of its own below this one")
      ->type_name("FOLDER")
      ->capture_default_str();
}

}  // namespace

void add_engines(CLI::App& app, Options& options) {
  CLI::App* const engines =
      app.add_subcommand("engines", "Run Programs as modules on WebAssembly engines");
  EnginesCommand& command = options.engines;
  engines
      ->add_option("PROGRAM", command.files,
                   "Run these files, and all Programs below these folders (default: random ones)")
      ->type_name("");
  engines->add_option("--programs", command.programs, "Make this many random Programs")
      ->type_name("N")
      ->check(whole_number(1, programs_most))
      ->capture_default_str();
  engines->add_option("--seed", command.seed, "Make other random Programs")
      ->type_name("N")
      ->check(whole_number(0, std::numeric_limits<std::uint32_t>::max()))
      ->capture_default_str();
  add_where(*engines, command);
  engines
      ->add_option("--time", command.seconds,
                   "Take a program for one that hangs after this many seconds")
      ->type_name("N")
      ->check(whole_number(1, 3600))
      ->capture_default_str();
  engines
      ->add_option("--batch", command.batch,
                   "Give an engine this many programs at once (default: 64 to wast, 400 to js)")
      ->type_name("N")
      ->check(whole_number(1, 100'000));
  engines->add_flag("--no-minimize", command.no_minimize, "Keep programs as they were met");
  engines->add_flag("--keep-known", command.keeps_known,
                    "Minimise and keep known disagreements, too");
}

void add_main_engines(CLI::App& app, Options& options) {
  app.add_option(
         "--engines", options.main_engine_programs,
         "Run this many random Programs on each WebAssembly engine that is installed, if no "
         "command is given")
      ->type_name("N")
      ->check(whole_number(1, programs_most))
      ->capture_default_str();
  app.add_flag("--no-engines", options.main_leaves_engines_out,
               "Leave the WebAssembly engines out, if no command is given");
}

}  // namespace fiberproof::verify
