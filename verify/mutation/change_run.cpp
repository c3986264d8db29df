#include "verify/mutation/change_run.hpp"

#include "verify/mutation/refutations.hpp"
#include "verify/mutation/trial.hpp"

#include <fmt/format.h>
#include <chrono>
#include <utility>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

std::string fuzzer_of(const std::string& target) {
  return target + "_fuzzer";
}

std::expected<ChangeRun, std::string> ChangeRun::start(const ChangeRunOptions& options,
                                                       const std::string& limits) {
  if (!FIBERPROOF_HAS_FUZZERS) {
    return std::unexpected("this build has no fuzz targets: build with Clang, which has libFuzzer");
  }
  ChangeRun run(options);
  if (const auto done = run.tree_.restore(); !done) return std::unexpected(done.error());
  // Findings are of these sources, this verifier and these limits.
  std::uint64_t hash = run.tree_.source_hash();
  mix(hash, contents_of(options.command));
  run.file_.emplace(options.folder + "/findings.json",
                    fmt::format("{:016x} {} {}", hash, options.executions_max, limits),
                    options.resume);
  return run;
}

std::expected<ChangeRun::Judged, std::string> ChangeRun::judge(const Change& change, Tell tell,
                                                               const Judge& judge) {
  if (auto earlier = file_->find(change.patch)) return Judged{std::move(*earlier), true};
  auto findings = judge_unchanged(std::move(tell), judge);
  if (!findings) return std::unexpected(findings.error());
  findings->change = change.name;
  if (auto kept = file_->add(change.patch, *findings); !kept) return std::unexpected(kept.error());
  return Judged{std::move(*findings), false};
}

std::expected<Findings, std::string> ChangeRun::judge_unchanged(Tell tell, const Judge& judge) {
  const auto begin = Clock::now();
  tell_ = std::move(tell);
  Findings findings;
  if (auto done = tree_.restore(); !done) return std::unexpected(done.error());
  if (auto done = judge(findings); !done) return std::unexpected(done.error());
  findings.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return findings;
}

std::expected<void, std::string> ChangeRun::put_in(const Change& change) {
  return tree_.put_in(change);
}

std::expected<void, std::string> ChangeRun::build(const std::vector<std::string>& programs,
                                                  ChangedTree::Flavour flavour) {
  tell_({fmt::format("building {}", fmt::join(programs, ", "))});
  return tree_.build(programs, flavour);
}

std::expected<void, std::string> ChangeRun::prove(Findings& findings,
                                                  ChangedTree::Flavour flavour) {
  const std::string compiler(compiler_of(flavour));
  tell_({compiler.empty() ? "proving" : "proving the program of " + compiler});
  auto refutations = refutations_of(options_.command, options_.theorems,
                                    tree_.program(subject_program, flavour), options_.folder);
  if (!refutations) return std::unexpected(refutations.error());
  for (RefutedTheorem& theorem : refutations->theorems) {
    theorem.compiler = compiler;
    findings.refuted.push_back(std::move(theorem));
  }
  if (!refutations->stopped.empty()) {
    std::string& stopped = findings.proofs_stopped;
    stopped += fmt::format("{}{}{}{}", stopped.empty() ? "" : "; ", compiler,
                           compiler.empty() ? "" : ": ", refutations->stopped);
  }
  return {};
}

}  // namespace fiberproof::verify
