#include "verify/mutation/cpp/mutation_run.hpp"

#include "verify/mutation/trial.hpp"
#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>

namespace fiberproof::verify {
namespace {

constexpr std::string_view too_slow = "took too long";

// What the proofs and the corpus run; without sanitizers.
const std::vector<std::string> plain_programs{subject_program};

Change change_of(const SourceMutation& mutation) {
  return {mutation.mutant.name(), mutation.patch};
}

class MutationRun {
 public:
  MutationRun(const MutationOptions& options, ChangeRun& run) : options_(options), run_(run) {}

  std::expected<void, std::string> judge_unchanged(Findings& findings) {
    if (auto done = run_.build(plain_programs); !done) return done;
    if (auto done = run_.prove(findings); !done) return done;
    return replay(findings);
  }

  // Stops at the first that notices.
  std::expected<void, std::string> judge(const SourceMutation& mutation, Findings& findings) {
    const auto is_killed = [&findings] { return killer_of(findings) != Killer::none; };
    if (auto done = run_.put_in(change_of(mutation)); !done) return done;
    if (auto done = build(plain_programs, findings); !done || is_killed()) return done;
    if (mutation.file->is_proved) {
      if (auto done = run_.prove(findings); !done || is_killed()) return done;
    }
    if (auto done = replay(findings); !done) return done;
    for (const std::string& target : mutation.file->targets) {
      if (is_killed()) return {};
      if (auto done = build({fuzzer_of(target)}, findings); !done || is_killed()) return done;
      if (auto done = fuzz(target, findings); !done) return done;
    }
    return {};
  }

 private:
  std::expected<void, std::string> build(const std::vector<std::string>& programs,
                                         Findings& findings) {
    auto done = run_.build(programs);
    if (done || done.error() == interrupted) return done;
    findings.could_not_run = done.error();
    return {};
  }

  // A mutant may run for ever, alone or in its children: the limit holds for all its processes. Or
  // it takes all memory: then the kernel must kill it first (choom), as no limit can be set above
  // the 64 GiB of stacks that the corpus maps.
  std::expected<void, std::string> replay(Findings& findings) {
    run_.tell({"replaying the corpus"});
    constexpr int exit_timed_out = 124;
    std::string last;
    const ProcessEnd end =
        run_process({"/usr/bin/timeout", "-k", "2", std::to_string(options_.replay_seconds),
                     "/usr/bin/choom", "-n", "1000", "--", run_.tree().program(subject_program),
                     options_.folder + "/tree/corpus"},
                    {}, [&last](const std::string& line) {
                      if (line.find("violated") != line.npos || last.find("violated") == last.npos)
                        last = line;
                    });
    if (end.interrupted) return std::unexpected(std::string(interrupted));
    TargetTrials& trials = findings.targets.emplace_back();
    trials.target = subject_program;
    trials.wanted = 1;
    Trial& trial = trials.trials.emplace_back();
    trial.executions = 1;
    trial.found = !end.started || end.exit_code != 0;
    if (!trial.found) return {};
    const bool is_late = end.exit_code == exit_timed_out || end.exit_code == 128 + 9;
    trial.kind =
        is_late ? std::string(too_slow) : fmt::format("exit status {}, {}", end.exit_code, last);
    return {};
  }

  std::expected<void, std::string> fuzz(const std::string& target, Findings& findings) {
    run_.tell({fmt::format("fuzzing with {}", target)});
    const std::string folder = options_.folder + "/artefacts";
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    auto trial =
        run_trial({run_.tree().program(fuzzer_of(target)), folder, 1, options_.executions_max});
    if (!trial) return std::unexpected(trial.error());
    findings.targets.push_back({target, {std::move(*trial)}, 1});
    return {};
  }

  const MutationOptions& options_;
  ChangeRun& run_;
};

}  // namespace

std::expected<std::vector<MutatedFile>, std::string> mutated_files(
    const std::vector<std::string>& names) {
  const std::vector<MutatedFile> all{{"core/initialize.cpp", true, {"layout", "program"}},
                                     {"core/caller_frame.cpp", true, {"walk"}},
                                     {"core/continuation.cpp", false, {"program"}},
                                     {"core/continuation_inline.hpp", false, {"program"}},
                                     {"core/walk.cpp", false, {"walk"}},
                                     {"core/store.cpp", false, {"program"}},
                                     {"core/fiber_start.cpp", true, {"trampoline", "program"}},
                                     {"core/exception_state.cpp", false, {"program"}}};
  if (names.empty()) return all;
  std::vector<MutatedFile> files;
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(all, [&name](const MutatedFile& file) {
      return file.path == name || file.path == "core/" + name;
    });
    if (found == all.end()) {
      return std::unexpected(fmt::format("{}: not a file that is mutated", name));
    }
    files.push_back(*found);
  }
  return files;
}

std::string_view name_of(Killer killer) {
  switch (killer) {
    case Killer::none: return "nothing";
    case Killer::compiler: return "the compiler";
    case Killer::proofs: return "the proofs";
    case Killer::corpus: return "the corpus";
    case Killer::time: return "time";
    case Killer::fuzzing: break;
  }
  return "fuzzing";
}

Killer killer_of(const Findings& findings) {
  if (!findings.could_not_run.empty()) return Killer::compiler;
  if (!findings.refuted.empty() || !findings.proofs_stopped.empty()) return Killer::proofs;
  for (const TargetTrials& target : findings.targets) {
    if (target.found() == 0) continue;
    if (target.target != subject_program) return Killer::fuzzing;
    return target.trials.front().kind == too_slow ? Killer::time : Killer::corpus;
  }
  return Killer::none;
}

SourceMutations mutations_of(const std::vector<MutatedFile>& files, const std::string& source,
                             unsigned sample) {
  SourceMutations mutations;
  for (const MutatedFile& file : files) {
    const std::string text = contents_of(source + "/" + file.path);
    SourceMutants mutants = mutants_of(file.path, text);
    mutations.checks_left_out += mutants.checks_left_out;
    for (std::size_t at = 0; at < mutants.mutants.size(); ++at) {
      SourceMutant& mutant = mutants.mutants[at];
      mutations.made.push_back(mutant.key);
      if (at % sample != 0) continue;
      std::string patch = diff_of(mutant, text);
      mutations.chosen.push_back({&file, std::move(mutant), std::move(patch)});
    }
  }
  return mutations;
}

std::expected<std::vector<Findings>, std::string> try_mutations(
    const MutationOptions& options, const std::vector<SourceMutation>& mutations,
    const MutationWatcher& watcher) {
  auto run = ChangeRun::start(options, std::to_string(options.replay_seconds));
  if (!run) return std::unexpected(run.error());
  MutationRun mutants(options, *run);
  const auto unchanged =
      run->judge_unchanged([&](const Phase& phase) { watcher.on_phase(nullptr, phase); },
                           [&](Findings& findings) { return mutants.judge_unchanged(findings); });
  if (!unchanged) return std::unexpected(unchanged.error());
  if (const Killer killer = killer_of(*unchanged); killer != Killer::none) {
    return std::unexpected(
        fmt::format("{}: killed by {} without any mutant", options.source, name_of(killer)));
  }
  std::vector<Findings> all;
  for (const SourceMutation& mutation : mutations) {
    auto judged = run->judge(
        change_of(mutation), [&](const Phase& phase) { watcher.on_phase(&mutation, phase); },
        [&](Findings& findings) { return mutants.judge(mutation, findings); });
    if (!judged) return std::unexpected(judged.error());
    watcher.on_findings(mutation, judged->findings);
    all.push_back(std::move(judged->findings));
  }
  if (auto done = run->end(); !done) return std::unexpected(done.error());
  return all;
}

}  // namespace fiberproof::verify
