#include "verify/cli/engine_campaign.hpp"

#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <ctime>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

using fuzz::engine::Driver;
using fuzz::engine::KnownDisagreement;
using fuzz::engine::Protocol;
using fuzz::engine::Verdict;

// As many programs are in memory at a time, and each engine runs them before the next ones.
constexpr std::size_t programs_at_a_time = 800;

// Some programs with their modules.
struct Chunk {
  std::vector<std::unique_ptr<fuzz::Program>> programs;
  std::vector<std::string> origins;
  std::vector<fuzz::wasm::Translation> plain;      // for the protocol wast
  std::vector<fuzz::wasm::Translation> with_host;  // for the protocol js

  std::vector<fuzz::wasm::Translation>& of(Protocol protocol) {
    return protocol == Protocol::wast ? plain : with_host;
  }
  const std::vector<fuzz::wasm::Translation>& of(Protocol protocol) const {
    return protocol == Protocol::wast ? plain : with_host;
  }
};

// The CPU time of this thread alone; its clock always exists on Linux (clock_gettime(2)).
double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

class Campaign {
 public:
  Campaign(const ProgramSource& source, const EngineParts& parts, std::vector<Driver*> drivers,
           const std::vector<KnownDisagreement>& known, EngineCampaign& campaign)
      : source_(source),
        parts_(parts),
        drivers_(std::move(drivers)),
        known_(known),
        campaign_(campaign) {}

  template <class OnProgress, class OnFinding>
  void run(const OnProgress& on_progress, const OnFinding& on_finding) {
    for (std::size_t begin = 0; begin < source_.count && !is_interrupted();) {
      const std::size_t end = std::min(begin + programs_at_a_time, source_.count);
      const Chunk chunk = make(begin, end);
      for (std::size_t engine = 0; engine < drivers_.size() && !is_interrupted(); ++engine) {
        judge(chunk, engine, on_progress, on_finding);
      }
      begin = end;
    }
  }

 private:
  Chunk make(std::size_t begin, std::size_t end) {
    Chunk chunk;
    const double began = thread_cpu_seconds();
    for (std::size_t index = begin; index < end; ++index) {
      auto program = std::make_unique<fuzz::Program>();
      const std::string origin = source_.make(index, *program);
      for (const Protocol protocol : {Protocol::wast, Protocol::javascript}) {
        if (!is_asked(protocol)) continue;
        chunk.of(protocol).push_back(parts_.translate(*program, options_for(protocol)));
        ++campaign_.shares.made;
      }
      auto& counted = chunk.of(is_asked(Protocol::javascript) ? Protocol::javascript  //
                                                              : Protocol::wast);
      if (!count(counted.back())) {
        for (const Protocol protocol : {Protocol::wast, Protocol::javascript}) {
          if (is_asked(protocol)) chunk.of(protocol).pop_back();
        }
        continue;
      }
      chunk.origins.push_back(origin);
      chunk.programs.push_back(std::move(program));
    }
    campaign_.shares.making_seconds += thread_cpu_seconds() - began;
    return chunk;
  }

  bool is_asked(Protocol protocol) const {
    return std::ranges::any_of(drivers_, [protocol](const Driver* driver) {
      return driver->engine().protocol == protocol;
    });
  }

  // False for a program of which an engine can be asked nothing: it is not run.
  bool count(const fuzz::wasm::Translation& translation) {
    const fuzz::wasm::Contents& contents = translation.contents;
    ProgramShares& shares = campaign_.shares;
    for (const std::string& kind : translation.left_out) ++shares.left_out[kind];
    if (contents.steps == 0) {
      ++shares.without_steps;
      return false;
    }
    ++shares.programs;
    shares.switches += contents.switches ? 1 : 0;
    shares.references += contents.references ? 1 : 0;
    shares.binds += contents.binds ? 1 : 0;
    shares.exceptions += contents.exceptions ? 1 : 0;
    shares.collections += contents.collections ? 1 : 0;
    shares.enters += contents.enters ? 1 : 0;
    shares.steps += contents.steps;
    return true;
  }

  template <class OnProgress, class OnFinding>
  void judge(const Chunk& chunk, std::size_t engine, const OnProgress& on_progress,
             const OnFinding& on_finding) {
    Driver& driver = *drivers_[engine];
    EngineReport& report = campaign_.engines[engine];
    const auto& translations = chunk.of(driver.engine().protocol);
    if (translations.empty()) return;
    std::vector<const fuzz::wasm::Translation*> all;
    for (const auto& translation : translations) all.push_back(&translation);
    const auto verdicts = driver.judge(all, [&] {
      on_progress(report, driver.usage().programs);
      return is_interrupted();
    });
    report.usage = driver.usage();
    for (std::size_t index = 0; index < verdicts.size(); ++index) {
      const Verdict& verdict = verdicts[index];
      if (verdict.kind == Verdict::Kind::not_run) {
        if (!is_interrupted()) report.left_out = verdict.message;
        continue;
      }
      ++report.programs;
      report.collected += verdict.collections > 0 ? 1 : 0;
      if (verdict.kind == Verdict::Kind::agrees) {
        ++report.agree;
      } else {
        take(chunk, index, verdict, engine, on_finding);
      }
    }
  }

  template <class OnFinding>
  void take(const Chunk& chunk, std::size_t index, const Verdict& verdict, std::size_t engine,
            const OnFinding& on_finding) {
    EngineReport& report = campaign_.engines[engine];
    const std::string signature = fuzz::engine::signature(verdict);
    const auto& translations = chunk.of(drivers_[engine]->engine().protocol);
    const KnownDisagreement* const known = fuzz::engine::find_known(
        known_, report.name, report.version, signature, translations[index].contents);
    // One signature may be known of some programs and new of others.
    const auto same = std::ranges::find_if(report.findings, [&](const EngineFinding& finding) {
      return finding.signature == signature && finding.known == known;
    });
    if (same != report.findings.end()) {
      ++same->count;
      // A program that shows it alone says more.
      if (!same->verdict.is_only_in_batch && !same->verdict.is_seen_once) return;
      if (verdict.is_only_in_batch || verdict.is_seen_once) return;
      fill(chunk, index, verdict, *same);
      return;
    }
    EngineFinding& finding = report.findings.emplace_back();
    finding.signature = signature;
    finding.count = 1;
    finding.known = known;
    fill(chunk, index, verdict, finding);
    on_finding(report, finding);
  }

  static void fill(const Chunk& chunk, std::size_t index, const Verdict& verdict,
                   EngineFinding& finding) {
    finding.verdict = verdict;
    finding.origin = chunk.origins[index];
    finding.program = std::make_unique<fuzz::Program>(*chunk.programs[index]);
    finding.before.clear();
    for (const std::size_t before : verdict.batch) {
      finding.before.push_back(std::make_unique<fuzz::Program>(*chunk.programs[before]));
    }
  }

  const ProgramSource& source_;
  const EngineParts& parts_;
  std::vector<Driver*> drivers_;
  const std::vector<KnownDisagreement>& known_;
  EngineCampaign& campaign_;
};

}  // namespace

std::size_t EngineReport::disagree(bool known) const {
  std::size_t count = 0;
  for (const EngineFinding& finding : findings) {
    if ((finding.known != nullptr) == known) count += finding.count;
  }
  return count;
}

void run_campaign(
    const ProgramSource& source, const EngineParts& parts, std::vector<Driver*> drivers,
    const std::vector<KnownDisagreement>& known, EngineCampaign& campaign,
    const std::function<void(const EngineReport&, std::size_t)>& on_progress,
    const std::function<void(const EngineReport&, const EngineFinding&)>& on_finding) {
  Campaign(source, parts, std::move(drivers), known, campaign).run(on_progress, on_finding);
}

fuzz::wasm::TranslationOptions options_for(fuzz::engine::Protocol protocol) {
  return {.has_host = protocol == fuzz::engine::Protocol::javascript};
}

}  // namespace fiberproof::verify
