#include "verify/mutation/defects/hunt.hpp"

#include "verify/mutation/defects/defect_tree.hpp"
#include "verify/mutation/defects/findings_file.hpp"
#include "verify/mutation/defects/refutations.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;
using Clock = std::chrono::steady_clock;

// What the proofs read: plain core, linked.
constexpr const char* subject = "corpus_replay";

std::vector<BuiltTarget> targets_of(const Defect& defect) {
  std::set<BuiltTarget> targets;
  for (const Oracle& oracle : defect.oracles) targets.insert(oracle.target);
  return {targets.begin(), targets.end()};
}

DefectTree::Flavour flavour_of(const BuiltTarget& target) {
  return target.is_sanitized ? DefectTree::Flavour::sanitized : DefectTree::Flavour::plain;
}

std::string fuzzer_of(const BuiltTarget& target) {
  return target.name + "_fuzzer";
}

using Tell = std::function<void(const Phase&)>;

// The trials of one target, some at a time.
class Search {
 public:
  Search(const HuntOptions& options, TrialOptions trial, const Tell& tell, TargetTrials& into)
      : options_(options), trial_(std::move(trial)), tell_(tell), into_(into) {}

  std::expected<void, std::string> run() {
    into_.wanted = options_.seeds;
    tell_({fmt::format("{}: searching {} times", into_.target, options_.seeds)});
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
        tell_({fmt::format("{}: {} of {} searches, {} found something", into_.target,
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
  const Tell& tell_;
  TargetTrials& into_;
  std::mutex mutex_;
  unsigned begun_ = 0;
  std::string error_;
};

class Hunt {
 public:
  Hunt(const HuntOptions& options, DefectTree& tree) : options_(options), tree_(tree) {}

  // The error is of what would befall every defect.
  std::expected<Findings, std::string> of(const Defect& defect, Tell tell) {
    const auto begin = Clock::now();
    tell_ = std::move(tell);
    Findings findings;
    findings.defect = defect.name;
    if (auto done = put_in(defect); !done && done.error() == interrupted) {
      return std::unexpected(done.error());
    } else if (!done) {
      findings.could_not_run = done.error();
    } else {
      if (auto proved = prove(findings); !proved) return std::unexpected(proved.error());
      if (auto searched = search(defect, findings); !searched) {
        return std::unexpected(searched.error());
      }
    }
    findings.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return findings;
  }

 private:
  std::expected<void, std::string> put_in(const Defect& defect) {
    if (auto done = tree_.restore(); !done) return done;
    if (auto done = tree_.put_in(defect); !done) return done;
    using Flavour = DefectTree::Flavour;
    std::map<Flavour, std::vector<std::string>> programs{{Flavour::sanitized, {subject}}};
    for (const BuiltTarget& target : targets_of(defect)) {
      programs[flavour_of(target)].push_back(fuzzer_of(target));
    }
    for (const auto& [flavour, names] : programs) {
      tell_({fmt::format("building {}", fmt::join(names, ", "))});
      if (auto done = tree_.build(names, flavour); !done) return done;
    }
    return {};
  }

  std::expected<void, std::string> prove(Findings& findings) {
    tell_({"proving"});
    auto refutations = refutations_of(options_.command, tree_.program(subject), options_.folder);
    if (!refutations) return std::unexpected(refutations.error());
    findings.refuted = std::move(refutations->theorems);
    findings.proofs_stopped = std::move(refutations->stopped);
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
      TrialOptions trial{tree_.program(fuzzer_of(target), flavour_of(target)), folder, 1,
                         options_.executions_max};
      if (auto done = Search(options_, std::move(trial), tell_, trials).run(); !done) return done;
    }
    return {};
  }

  const HuntOptions& options_;
  DefectTree& tree_;
  Tell tell_;
};

// Findings are of these sources, this verifier and these limits.
std::string conditions_of(const HuntOptions& options, const DefectTree& tree) {
  std::uint64_t hash = tree.source_hash();
  mix(hash, contents_of(options.command));
  return fmt::format("{:016x} {} {} {}", hash, options.seeds, options.executions_max,
                     options.give_up_after);
}

}  // namespace

std::expected<std::vector<Findings>, std::string> hunt(const HuntOptions& options,
                                                       const std::vector<Defect>& defects,
                                                       const HuntWatcher& watcher) {
  if (!FIBERPROOF_HAS_FUZZERS) {
    return std::unexpected(
        "this build has no fuzz targets, and a hunt needs their compiler, Clang");
  }
  DefectTree tree(options.source, options.folder);
  if (const auto done = tree.restore(); !done) return std::unexpected(done.error());
  FindingsFile file(options.folder + "/findings.json", conditions_of(options, tree),
                    options.resume);
  Hunt one(options, tree);
  std::vector<Findings> all;
  for (const Defect& defect : defects) {
    if (const auto earlier = file.find(defect)) {
      watcher.on_findings(defect, *earlier, true);
      all.push_back(*earlier);
      continue;
    }
    auto findings = one.of(defect, [&](const Phase& phase) { watcher.on_phase(defect, phase); });
    if (!findings) return std::unexpected(findings.error());
    if (const auto kept = file.add(defect, *findings); !kept) return std::unexpected(kept.error());
    watcher.on_findings(defect, *findings, false);
    all.push_back(std::move(*findings));
  }
  if (const auto done = tree.restore(); !done) return std::unexpected(done.error());
  return all;
}

}  // namespace fiberproof::verify
