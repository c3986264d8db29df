#include "verify/cli/engines_command.hpp"

#include "fuzz/replay/replay.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/engine_finding.hpp"
#include "verify/cli/engine_list.hpp"
#include "verify/cli/engine_summary.hpp"
#include "verify/cli/fuzz_input.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/terminal.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"
#include "verify/process/temporary_folder.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

namespace fiberproof::verify {
namespace {

using fuzz::engine::Driver;
using Drivers = std::vector<std::unique_ptr<Driver>>;

ExitStatus could_not_run(const std::string& line) {
  complain(line);
  return ExitStatus::could_not_run;
}

// Unlike seeds give unlike programs, and a program depends on its number alone.
std::uint64_t seed_of(std::uint64_t seed, std::size_t index) {
  return fuzz::Random(seed).next() + index;
}

ProgramSource random_programs(const EnginesCommand& command, const EngineParts& parts) {
  return {command.programs, [&](std::size_t index, fuzz::Program& program) {
            fuzz::Random random(seed_of(command.seed, index));
            parts.generate(random, program);
            return fmt::format("seed {}, program {}", command.seed, index);
          }};
}

// The programs of files, read before anything runs.
struct ReadPrograms {
  std::vector<std::string> paths;
  std::vector<std::unique_ptr<fuzz::Program>> programs;
  bool are_all_read = true;

  explicit ReadPrograms(const std::vector<std::string>& files) {
    const auto expanded = fuzz::expand_paths(files);
    for (const std::string& line : expanded.errors) refuse(line);
    for (const std::string& path : expanded.programs) {
      auto program = std::make_unique<fuzz::Program>();
      if (const auto read = read_program_or_input(path, *program); !read) {
        refuse(read.error());
        continue;
      }
      paths.push_back(path);
      programs.push_back(std::move(program));
    }
  }

  ProgramSource source() const {
    return {programs.size(), [this](std::size_t index, fuzz::Program& program) {
              program = *programs[index];
              return paths[index];
            }};
  }

 private:
  void refuse(const std::string& line) {
    complain(line);
    are_all_read = false;
  }
};

class EnginesRun {
 public:
  EnginesRun(const EnginesCommand& command, const EngineParts& parts)
      : command_(command), parts_(parts) {}

  ExitStatus run(const ProgramSource& source, nlohmann::json& results) {
    if (const auto status = prepare(); status != ExitStatus::ok) return status;
    if (drivers_.empty()) {  // Each was said to be left out.
      results = to_json(campaign_);
      return ExitStatus::ok;
    }
    std::vector<Driver*> all;
    for (const auto& driver : drivers_) all.push_back(driver.get());
    run_campaign(
        source, parts_, all, known_, campaign_,
        [&](const EngineReport& report, std::size_t done) {
          line_.show(fmt::format("{} {}: {} of {} programs, {} disagree in {}", report.name,
                                 report.version, done, source.count, report.programs - report.agree,
                                 counted(report.findings.size(), "way")));
        },
        [&](const EngineReport& report, const EngineFinding& finding) {
          tell(fmt::format("{} {}: {} ({}){}", report.name, report.version,
                           describe(finding.verdict), finding.origin,
                           finding.known == nullptr ? "" : ": known as " + finding.known->name));
        });
    ExitStatus status = keep(all);
    line_.clear();
    fmt::print("\n{}", engine_summary(campaign_));
    results = to_json(campaign_);
    return worse(status, judge());
  }

 private:
  ExitStatus prepare() {
    const bool is_table_given = !command_.table.empty();
    const bool wants_table = is_table_given || command_.engines.empty();
    const std::string table = is_table_given ? command_.table
                              : wants_table  ? installed_engine_table()
                                             : std::string();
    const auto engines = read_engines(table, command_.engines);
    if (!engines) return could_not_run(engines.error());
    if (engines->empty() && is_table_given) {
      return could_not_run(table + ": names no engine: a line is NAME VERSION PROTOCOL COMMAND…");
    }
    if (engines->empty()) {
      return could_not_run(
          "no WebAssembly engine: run .ci/install-engines, or give one with --engine "
          "NAME=COMMAND…");
    }
    auto known = read_known_disagreements(command_.known);
    if (!known) return could_not_run(known.error());
    known_ = std::move(*known);
    if (!folder_.error().empty()) return could_not_run(folder_.error());
    drivers_ = prepare_engines(*engines,
                               {.scratch = folder_.path(),
                                .seconds_max = command_.seconds,
                                .programs_max = command_.batch},
                               campaign_.engines);
    for (const EngineReport& report : campaign_.engines) {
      if (!report.left_out.empty()) {
        fmt::print("{}: left out: {}\n", report.name, report.left_out);
      }
    }
    if (drivers_.empty() && !is_interrupted() && !command_.may_lack_engines) {
      return could_not_run("none of the engines runs a continuation here, as the lines above say");
    }
    return ExitStatus::ok;
  }

  void tell(const std::string& line) {
    line_.clear();
    fmt::print("{}\n", line);
    flush();
  }

  // Minimises and writes what is new, or everything where that is wanted.
  ExitStatus keep(const std::vector<Driver*>& all) {
    ExitStatus status = ExitStatus::ok;
    for (std::size_t engine = 0; engine < all.size(); ++engine) {
      for (EngineFinding& finding : campaign_.engines[engine].findings) {
        if (is_interrupted()) return status;
        if (finding.known != nullptr && !command_.keeps_known) continue;
        if (!command_.no_minimize) minimize(finding, *all[engine]);
        if (is_interrupted()) return status;  // Nothing can be tried any more.
        const auto shown = keep_engine_finding(finding, *all[engine], all, parts_, command_.out);
        if (!shown) {
          status = could_not_run(shown.error());
          continue;
        }
        tell(fmt::format("{}: {}: {} kept in {}\n  {}", all[engine]->engine().name,
                         finding.signature, counted(finding.steps, "step"), finding.folder,
                         shown->empty() ? "no command shows it again" : *shown));
      }
    }
    return status;
  }

  void minimize(EngineFinding& finding, Driver& driver) {
    minimize_finding(finding, driver, parts_, [&](std::size_t steps, unsigned attempts) {
      line_.show(fmt::format("{}: {}: {}, {} attempts of at most {}", driver.engine().name,
                             finding.signature, counted(steps, "step"), attempts,
                             engine_attempts_max));
    });
  }

  ExitStatus judge() const {
    std::size_t run = 0;
    bool is_new = false;
    bool is_missing = false;
    for (const EngineReport& report : campaign_.engines) {
      run += report.programs;
      is_new = is_new || report.disagree(false) > 0;
      // An engine of the table may be missing; one that was named may not.
      const bool is_named = std::ranges::any_of(command_.engines, [&](const std::string& option) {
        return option.starts_with(report.name + "=") || option.starts_with(report.name + ":");
      });
      is_missing = is_missing || (is_named && !report.left_out.empty());
    }
    if (is_new) return ExitStatus::failed;
    return run == 0 || is_missing ? ExitStatus::could_not_run : ExitStatus::ok;
  }

  const EnginesCommand& command_;
  const EngineParts& parts_;
  const TemporaryFolder folder_;
  std::vector<fuzz::engine::KnownDisagreement> known_;
  Drivers drivers_;
  EngineCampaign campaign_;
  StatusLine line_;
};

}  // namespace

ExitStatus run_engines(const EnginesCommand& command, const EngineParts& parts,
                       nlohmann::json& results) {
  if (!parts.translate || !parts.generate) {
    return could_not_run("engines: this build has no translation to WebAssembly");
  }
  if (const auto why = why_no_folder(command.out)) {
    return could_not_run(*why + "; name another folder with --out");
  }
  if (command.files.empty()) {
    return EnginesRun(command, parts).run(random_programs(command, parts), results);
  }
  const ReadPrograms files(command.files);
  if (!files.are_all_read) return ExitStatus::could_not_run;
  return EnginesRun(command, parts).run(files.source(), results);
}

}  // namespace fiberproof::verify
