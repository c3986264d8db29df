// Programs on WebAssembly engines: each program is translated once for each kind of host, every
// engine runs all of them, and each kind of disagreement is counted with its first program.
#pragma once

#include "fuzz/engine/driver.hpp"
#include "fuzz/engine/known.hpp"
#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/wasm/translation.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The functions with which the command makes programs and modules.
struct EngineParts {
  std::function<fuzz::wasm::Translation(const fuzz::Program&,
                                        const fuzz::wasm::TranslationOptions&)>
      translate;
  std::function<void(fuzz::Random&, fuzz::Program&)> generate;
};

/// A kind of disagreement on one engine, with the first program that showed it.
struct EngineFinding {
  std::string signature;
  std::size_t count = 0;
  const fuzz::engine::KnownDisagreement* known = nullptr;  ///< null for a new one
  fuzz::engine::Verdict verdict;
  std::string origin;  ///< a path, or "seed 1, program 17"
  std::unique_ptr<fuzz::Program> program;
  std::vector<std::unique_ptr<fuzz::Program>> before;  ///< what it needs before it in its batch
  std::string folder;                                  ///< where it was kept; empty if it was not
  std::size_t steps = 0;                               ///< of the program that was kept
};

struct EngineReport {
  std::string name;
  std::string version;
  std::string left_out;  ///< why it was not run; empty where it was
  std::size_t programs = 0;
  std::size_t agree = 0;
  std::size_t collected = 0;  ///< programs during which the host had the collector run
  std::vector<EngineFinding> findings;
  fuzz::engine::Usage usage;  ///< for verdicts, without what minimising took

  std::size_t disagree(bool known) const;
};

/// Counts of what the programs of a campaign contain.
struct ProgramShares {
  std::size_t programs = 0;
  std::size_t without_steps = 0;  ///< nothing of them can be asked of an engine: they are not run
  std::size_t switches = 0;
  std::size_t references = 0;
  std::size_t binds = 0;
  std::size_t exceptions = 0;
  std::size_t collections = 0;
  std::size_t enters = 0;
  std::size_t steps = 0;
  std::size_t made = 0;       ///< translations: one of a program for each protocol that is asked
  double making_seconds = 0;  ///< of CPU, to make programs, run them on the reference, translate
  std::map<std::string, std::size_t> left_out;  ///< programs, by what their modules leave out
};

/// The programs, one after the other.
struct ProgramSource {
  std::size_t count = 0;
  /// Fills in the program of that number, from 0; returns where it is from.
  std::function<std::string(std::size_t index, fuzz::Program& program)> make;
};

struct EngineCampaign {
  std::vector<EngineReport> engines;
  ProgramShares shares;
};

/// Runs the programs on all of `drivers`, which are prepared; `campaign.engines` has a report for
/// each of them, in their order, to be filled. Calls `on_progress` between batches, and
/// `on_finding` for each kind that was not seen before.
void run_campaign(const ProgramSource& source, const EngineParts& parts,
                  std::vector<fuzz::engine::Driver*> drivers,
                  const std::vector<fuzz::engine::KnownDisagreement>& known,
                  EngineCampaign& campaign,
                  const std::function<void(const EngineReport&, std::size_t done)>& on_progress,
                  const std::function<void(const EngineReport&, const EngineFinding&)>& on_finding);

/// The options of a translation for this protocol's host.
fuzz::wasm::TranslationOptions options_for(fuzz::engine::Protocol protocol);

}  // namespace fiberproof::verify
