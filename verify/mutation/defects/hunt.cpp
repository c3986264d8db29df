#include "verify/mutation/defects/hunt.hpp"

#include "verify/mutation/elsewhere.hpp"
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

Flavour flavour_of(const BuiltTarget& target) {
  return target.is_sanitized ? Flavour::sanitized : Flavour::plain;
}

// One target, and how long it is searched with.
struct Lane {
  BuiltTarget target;
  bool is_named;
  unsigned trials;
  std::uint64_t executions_max;
};

// Those that the patch names, then all others.
std::vector<Lane> lanes_of(const Defect& defect, const HuntOptions& options) {
  std::set<BuiltTarget> named;
  for (const Oracle& oracle : defect.oracles) named.insert(oracle.target);
  std::vector<Lane> lanes;
  for (const BuiltTarget& target : named) {
    lanes.push_back({target, true, options.seeds, options.executions_max});
  }
  if (options.others == 0) return lanes;
  for (const std::string& name : options.targets) {
    for (const bool is_sanitized : {true, false}) {
      if (named.contains({name, is_sanitized})) continue;
      lanes.push_back({{name, is_sanitized}, false, options.others, options.others_max});
    }
  }
  return lanes;
}

// The trials of one target, some at a time.
class Search {
 public:
  Search(const HuntOptions& options, const Lane& lane, TrialOptions trial, const ChangeRun& run,
         TargetTrials& into)
      : options_(options), lane_(lane), trial_(std::move(trial)), run_(run), into_(into) {}

  std::expected<void, std::string> run() {
    into_.wanted = lane_.trials;
    into_.is_named = lane_.is_named;
    run_.tell({fmt::format("{}: searching {} times", into_.target, lane_.trials)});
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
                               into_.trials.size(), lane_.trials, into_.found()),
                   true});
      } else {
        error_ = trial.error();
      }
    }
  }

  std::optional<unsigned> next_seed() {
    const std::scoped_lock lock(mutex_);
    const bool is_hopeless = into_.trials.size() >= options_.give_up_after && into_.found() == 0;
    if (!error_.empty() || is_hopeless || begun_ == lane_.trials) return std::nullopt;
    return ++begun_;
  }

  const HuntOptions& options_;
  const Lane& lane_;
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
    const std::vector<Lane> lanes = lanes_of(defect, options_);
    if (auto done = put_in(defect, lanes); !done) return could_not_run(done.error(), findings);
    if (auto done = run_.prove(findings); !done) return done;
    if (auto done = search(defect, lanes, findings); !done) return done;
    if (defect.is_of_gxx) {
      if (auto done = run_.build({subject_program}, Flavour::gxx); !done) {
        return could_not_run(done.error(), findings);
      }
      if (auto done = run_.prove(findings, Flavour::gxx); !done) return done;
    }
    const bool is_asked = options_.elsewhere || !defect.failures.empty() || defect.is_of_gxx ||
                          (findings.refuted.empty() && !findings.is_found());
    return is_asked ? look_elsewhere(defect, findings) : std::expected<void, std::string>();
  }

 private:
  static std::expected<void, std::string> could_not_run(const std::string& error,
                                                        Findings& findings) {
    if (error == interrupted) return std::unexpected(error);
    findings.could_not_run = error;
    return {};
  }

  std::expected<void, std::string> put_in(const Defect& defect, const std::vector<Lane>& lanes) {
    if (auto done = run_.put_in({defect.name, defect.patch}); !done) return done;
    std::map<Flavour, std::vector<std::string>> programs{{Flavour::sanitized, {subject_program}}};
    for (const Lane& lane : lanes) {
      programs[flavour_of(lane.target)].push_back(fuzzer_of(lane.target.name));
    }
    for (const auto& [flavour, names] : programs) {
      if (auto done = run_.build(names, flavour); !done) return done;
    }
    return {};
  }

  std::expected<void, std::string> search(const Defect& defect, const std::vector<Lane>& lanes,
                                          Findings& findings) {
    for (const Lane& lane : lanes) {
      TargetTrials& trials = findings.targets.emplace_back();
      const BuiltTarget& target = lane.target;
      trials.target = target.text();
      const std::string folder = fmt::format("{}/artefacts/{}/{}{}", options_.folder, defect.name,
                                             target.name, target.is_sanitized ? "" : "-plain");
      std::error_code ignored;
      filesystem::remove_all(folder, ignored);
      TrialOptions trial{run_.tree().program(fuzzer_of(target.name), flavour_of(target)), folder, 1,
                         lane.executions_max};
      if (auto done = Search(options_, lane, std::move(trial), run_, trials).run(); !done) {
        return done;
      }
    }
    return {};
  }

  std::expected<void, std::string> look_elsewhere(const Defect& defect, Findings& findings) {
    std::vector<Flavour> flavours{Flavour::tests};
    if (defect.is_of_gxx) flavours.push_back(Flavour::gxx);
    if (auto done = hold_without_a_defect(flavours); !done) return done;
    if (auto done = run_.put_in({defect.name, defect.patch}); !done) return done;
    for (const Flavour flavour : flavours) {
      if (auto done = build_tests(flavour); !done) return could_not_run(done.error(), findings);
      auto failures = failures_of(flavour);
      if (!failures) return std::unexpected(failures.error());
      for (std::string& failure : *failures) findings.elsewhere.push_back(std::move(failure));
    }
    findings.asks_elsewhere = true;
    return {};
  }

  // A test that fails of itself sees no defect. Takes the defect out of the copy.
  std::expected<void, std::string> hold_without_a_defect(const std::vector<Flavour>& flavours) {
    if (auto done = run_.restore(); !done) return done;
    for (const Flavour flavour : flavours) {
      if (held_.contains(flavour)) continue;
      if (auto done = build_tests(flavour); !done) return done;
      const auto failures = failures_of(flavour);
      if (!failures) return std::unexpected(failures.error());
      if (!failures->empty()) {
        return std::unexpected(fmt::format("{}: {} without any defect; run the tests of that build",
                                           run_.tree().build_folder(flavour),
                                           fmt::join(*failures, ", ")));
      }
      held_.insert(flavour);
    }
    return {};
  }

  std::expected<void, std::string> build_tests(Flavour flavour) {
    return run_.build({"tests_of_core", "tests_of_fuzz", subject_program}, flavour);
  }

  std::expected<std::vector<std::string>, std::string> failures_of(Flavour flavour) {
    run_.tell({"testing"});
    auto failures = failures_elsewhere({.build = run_.tree().build_folder(flavour),
                                        .corpus = options_.folder + "/tree/corpus",
                                        .replays = run_.tree().program(subject_program, flavour),
                                        .jobs = options_.jobs});
    if (!failures || compiler_of(flavour).empty()) return failures;
    for (std::string& failure : *failures) {
      failure.insert(0, std::string(compiler_of(flavour)) + " ");
    }
    return failures;
  }

  const HuntOptions& options_;
  ChangeRun& run_;
  std::set<Flavour> held_;  // builds whose tests pass without a defect
};

}  // namespace

std::expected<std::vector<Findings>, std::string> hunt(const HuntOptions& options,
                                                       const std::vector<Defect>& defects,
                                                       const HuntWatcher& watcher) {
  auto run = ChangeRun::start(
      options,
      fmt::format("{} {} {} {} {} {}", options.seeds, options.give_up_after, options.others,
                  options.others_max, options.elsewhere, fmt::join(options.targets, ",")));
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
