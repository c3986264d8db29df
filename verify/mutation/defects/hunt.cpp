#include "verify/mutation/defects/hunt.hpp"

#include "verify/mutation/trial.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;
using Flavour = ChangedTree::Flavour;

std::vector<BuiltTarget> targets_of(const Defect& defect) {
  std::set<BuiltTarget> targets;
  for (const Oracle& oracle : defect.oracles) targets.insert(oracle.target);
  return {targets.begin(), targets.end()};
}

Flavour flavour_of(const BuiltTarget& target) {
  return target.is_sanitized ? Flavour::sanitized : Flavour::plain;
}

// The trials of one target, some at a time.
class Search {
 public:
  Search(const HuntOptions& options, TrialOptions trial, const ChangeRun& run, TargetTrials& into)
      : options_(options), trial_(std::move(trial)), run_(run), into_(into) {}

  std::expected<void, std::string> run() {
    into_.wanted = options_.seeds;
    run_.tell({fmt::format("{}: searching {} times", into_.target, options_.seeds)});
    {
      std::vector<std::jthread> workers;
      for (unsigned job = 0; job < options_.jobs; ++job) workers.emplace_back([this] { work(); });
    }
    if (!error_.empty()) return std::unexpected(error_);
    return {};
  }

 private:
  void work() {
    while (const auto seed = next_seed()) {
      TrialOptions options = trial_;
      options.seed = *seed;
      auto trial = run_trial(options);
      const std::scoped_lock lock(mutex_);
      if (trial) {
        into_.trials.push_back(std::move(*trial));
        run_.tell({fmt::format("{}: {} of {} searches, {} found something", into_.target,
                               into_.trials.size(), options_.seeds, into_.found()),
                   true});
      } else {
        error_ = trial.error();
      }
    }
  }

  std::optional<unsigned> next_seed() {
    const std::scoped_lock lock(mutex_);
    const bool is_hopeless = into_.trials.size() >= options_.give_up_after && into_.found() == 0;
    if (!error_.empty() || is_hopeless || begun_ == options_.seeds) return std::nullopt;
    return ++begun_;
  }

  const HuntOptions& options_;
  TrialOptions trial_;
  const ChangeRun& run_;
  TargetTrials& into_;
  std::mutex mutex_;
  unsigned begun_ = 0;
  std::string error_;
};

class Hunt {
 public:
  Hunt(const HuntOptions& options, ChangeRun& run) : options_(options), run_(run) {}

  // The error is of what would befall every defect.
  std::expected<void, std::string> judge(const Defect& defect, Findings& findings) {
    if (auto done = put_in(defect); !done) {
      if (done.error() == interrupted) return done;
      findings.could_not_run = done.error();
      return {};
    }
    if (auto done = run_.prove(findings); !done) return done;
    return search(defect, findings);
  }

 private:
  std::expected<void, std::string> put_in(const Defect& defect) {
    if (auto done = run_.put_in({defect.name, defect.patch}); !done) return done;
    std::map<Flavour, std::vector<std::string>> programs{{Flavour::sanitized, {subject_program}}};
    for (const BuiltTarget& target : targets_of(defect)) {
      programs[flavour_of(target)].push_back(fuzzer_of(target.name));
    }
    for (const auto& [flavour, names] : programs) {
      if (auto done = run_.build(names, flavour); !done) return done;
    }
    return {};
  }

  std::expected<void, std::string> search(const Defect& defect, Findings& findings) {
    for (const BuiltTarget& target : targets_of(defect)) {
      TargetTrials& trials = findings.targets.emplace_back();
      trials.target = target.text();
      const std::string folder = fmt::format("{}/artefacts/{}/{}{}", options_.folder, defect.name,
                                             target.name, target.is_sanitized ? "" : "-plain");
      std::error_code ignored;
      filesystem::remove_all(folder, ignored);
      TrialOptions trial{run_.tree().program(fuzzer_of(target.name), flavour_of(target)), folder, 1,
                         options_.executions_max};
      if (auto done = Search(options_, std::move(trial), run_, trials).run(); !done) return done;
    }
    return {};
  }

  const HuntOptions& options_;
  ChangeRun& run_;
};

}  // namespace

std::expected<std::vector<Findings>, std::string> hunt(const HuntOptions& options,
                                                       const std::vector<Defect>& defects,
                                                       const HuntWatcher& watcher) {
  auto run = ChangeRun::start(options, fmt::format("{} {}", options.seeds, options.give_up_after));
  if (!run) return std::unexpected(run.error());
  Hunt one(options, *run);
  std::vector<Findings> all;
  for (const Defect& defect : defects) {
    auto judged = run->judge(
        {defect.name, defect.patch}, [&](const Phase& phase) { watcher.on_phase(defect, phase); },
        [&](Findings& findings) { return one.judge(defect, findings); });
    if (!judged) return std::unexpected(judged.error());
    watcher.on_findings(defect, judged->findings, judged->is_earlier);
    all.push_back(std::move(judged->findings));
  }
  if (const auto done = run->end(); !done) return std::unexpected(done.error());
  return all;
}

}  // namespace fiberproof::verify
