#include "verify/mutation/cpp/mutation_run.hpp"

#include "verify/mutation/defects/defect_tree.hpp"
#include "verify/mutation/defects/findings_file.hpp"
#include "verify/mutation/defects/refutations.hpp"
#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <filesystem>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* replayer = "corpus_replay";
constexpr std::string_view too_slow = "took too long";

// What the proofs and the corpus run; without sanitizers.
const std::vector<std::string> plain_programs{replayer};

Defect defect_of(const SourceMutation& mutation) {
  Defect defect;
  defect.name = mutation.mutant.name();
  defect.patch = mutation.patch;
  return defect;
}

class MutationRun {
 public:
  MutationRun(const MutationOptions& options, DefectTree& tree, const MutationWatcher& watcher)
      : options_(options), tree_(tree), watcher_(watcher) {}

  std::expected<void, std::string> without_mutant() {
    tell("building without a mutant");
    if (auto done = tree_.build(plain_programs); !done) return done;
    Findings findings;
    if (auto done = prove(findings); !done) return done;
    if (auto done = replay(findings); !done) return done;
    const Killer killer = killer_of(findings);
    if (killer == Killer::none) return {};
    return std::unexpected(
        fmt::format("{}: killed by {} without any mutant", options_.source, name_of(killer)));
  }

  std::expected<Findings, std::string> of(const SourceMutation& mutation) {
    const auto begin = Clock::now();
    Findings findings;
    findings.defect = mutation.mutant.name();
    now_ = &mutation;
    if (auto done = judge(mutation, findings); !done) return std::unexpected(done.error());
    findings.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return findings;
  }

 private:
  // Ends with the first that notices.
  std::expected<void, std::string> judge(const SourceMutation& mutation, Findings& findings) {
    const auto is_killed = [&findings] { return killer_of(findings) != Killer::none; };
    if (auto done = tree_.restore(); !done) return done;
    if (auto done = tree_.put_in(defect_of(mutation)); !done) return done;
    if (auto done = build(plain_programs, findings); !done || is_killed()) return done;
    if (mutation.file->is_proved) {
      if (auto done = prove(findings); !done || is_killed()) return done;
    }
    if (auto done = replay(findings); !done) return done;
    for (const std::string& target : mutation.file->targets) {
      if (is_killed()) return {};
      if (auto done = build({target + "_fuzzer"}, findings); !done || is_killed()) return done;
      if (auto done = fuzz(target, findings); !done) return done;
    }
    return {};
  }

  std::expected<void, std::string> build(const std::vector<std::string>& programs,
                                         Findings& findings) {
    tell(fmt::format("building {}", fmt::join(programs, ", ")));
    auto done = tree_.build(programs);
    if (done || done.error() == interrupted) return done;
    findings.could_not_run = done.error();
    return {};
  }

  std::expected<void, std::string> prove(Findings& findings) {
    tell("proving");
    auto refutations = refutations_of(options_.command, tree_.program(replayer), options_.folder);
    if (!refutations) return std::unexpected(refutations.error());
    findings.refuted = std::move(refutations->theorems);
    findings.proofs_stopped = std::move(refutations->stopped);
    return {};
  }

  // A mutant may run for ever, alone or in its children: the limit is that of all its processes. Or
  // it takes all memory: then it is the first to go, since a limit would be above the 64 GiB of
  // stacks that the corpus maps.
  std::expected<void, std::string> replay(Findings& findings) {
    tell("replaying the corpus");
    constexpr int exit_timed_out = 124;
    std::string last;
    const ProcessEnd end = run_process(
        {"/usr/bin/timeout", "-k", "2", std::to_string(options_.replay_seconds), "/usr/bin/choom",
         "-n", "1000", "--", tree_.program(replayer), options_.folder + "/tree/corpus"},
        {}, [&last](const std::string& line) {
          if (line.find("violated") != line.npos || last.find("violated") == last.npos) last = line;
        });
    if (end.interrupted) return std::unexpected(std::string(interrupted));
    TargetTrials& trials = findings.targets.emplace_back();
    trials.target = replayer;
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
    tell(fmt::format("fuzzing with {}", target));
    const std::string folder = options_.folder + "/artefacts";
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    auto trial = run_trial({tree_.program(target + "_fuzzer"), folder, 1, options_.executions_max});
    if (!trial) return std::unexpected(trial.error());
    findings.targets.push_back({target, {std::move(*trial)}, 1});
    return {};
  }

  void tell(std::string text) const { watcher_.on_phase(now_, {std::move(text)}); }

  const MutationOptions& options_;
  DefectTree& tree_;
  const MutationWatcher& watcher_;
  const SourceMutation* now_ = nullptr;
};

std::string conditions_of(const MutationOptions& options, const DefectTree& tree) {
  std::uint64_t hash = tree.source_hash();
  mix(hash, contents_of(options.command));
  return fmt::format("{:016x} {} {}", hash, options.executions_max, options.replay_seconds);
}

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
      return std::unexpected(fmt::format("{}: no file that is mutated", name));
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
    if (target.target != replayer) return Killer::fuzzing;
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
  if (!FIBERPROOF_HAS_FUZZERS) {
    return std::unexpected(
        "this build has no fuzz targets, and mutants need their compiler, Clang");
  }
  DefectTree tree(options.source, options.folder);
  if (auto done = tree.restore(); !done) return std::unexpected(done.error());
  FindingsFile file(options.folder + "/findings.json", conditions_of(options, tree),
                    options.resume);
  MutationRun run(options, tree, watcher);
  if (auto done = run.without_mutant(); !done) return std::unexpected(done.error());
  std::vector<Findings> all;
  for (const SourceMutation& mutation : mutations) {
    const Defect defect = defect_of(mutation);
    auto findings = file.find(defect);
    if (!findings) {
      auto fresh = run.of(mutation);
      if (!fresh) return std::unexpected(fresh.error());
      if (auto kept = file.add(defect, *fresh); !kept) return std::unexpected(kept.error());
      findings = std::move(*fresh);
    }
    watcher.on_findings(mutation, *findings);
    all.push_back(std::move(*findings));
  }
  if (auto done = tree.restore(); !done) return std::unexpected(done.error());
  return all;
}

}  // namespace fiberproof::verify
