// Has an engine run programs, in batches, and tells of each what it did. A crash, a hang or a wrong
// answer takes only its own program: the rest of the batch is run without it, and the first
// suspects of each kind are run alone before they are told.
#pragma once

#include "fuzz/engine/batch.hpp"
#include "fuzz/engine/engine.hpp"
#include "fuzz/engine/process.hpp"
#include "fuzz/engine/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::fuzz::engine {

struct DriverOptions {
  std::string scratch;           ///< a folder for batches, which the caller removes
  double seconds_max = 10;       ///< for one program; a batch has 1 % more for each
  std::size_t programs_max = 0;  ///< of one batch; 0 for what suits the protocol
  std::uint64_t memory_bytes_max = std::uint64_t{2} << 30;
};

/// The time and processes that an engine used.
struct Usage {
  std::size_t processes = 0;
  std::size_t programs = 0;  ///< run for the first time
  double cpu_seconds = 0;
  double wall_seconds = 0;
};

class Driver {
 public:
  Driver(Engine engine, DriverOptions options, RunEngine run);

  const Engine& engine() const { return engine_; }
  const Usage& usage() const { return usage_; }

  /// Asks the engine for its version where the table does not say it, and has it run one program
  /// that is right and one that is wrong. The error is one line: why the engine is left out.
  [[nodiscard]] std::expected<void, std::string> prepare();

  /// A verdict for each of `programs`. Asks `should_stop` between batches; what was not run then
  /// has the verdict not_run.
  std::vector<Verdict> judge(
      Programs programs, const std::function<bool()>& should_stop = [] { return false; });

  /// A verdict for one program, run alone.
  [[nodiscard]] Verdict judge_alone(const wasm::Translation& program);

  /// Writes `programs` as a batch into `folder`, and runs it there: what the last of them shows.
  /// last_command() then shows it again, as long as the folder is there.
  [[nodiscard]] Verdict judge_in(Programs programs, const std::string& folder);

  /// The command that was used last, and the lines that came of it.
  const std::vector<std::string>& last_command() const { return last_command_; }
  const std::vector<std::string>& last_lines() const { return last_lines_; }

 private:
  struct Ran {
    BatchOutput output;
    Verdict trouble;  ///< how the process itself ended, where it did not end well
    bool ended_well = false;
  };

  Ran run(Programs programs) { return run_in(programs, options_.scratch); }
  Ran run_in(Programs programs, const std::string& folder);
  [[nodiscard]] Verdict trouble_of(const EngineEnd& end) const;
  static std::optional<Verdict> verdict_of(Programs programs, const Ran& ran, std::size_t index);
  void judge_batch(Programs programs, std::span<Verdict> verdicts);
  std::size_t judge_some(Programs programs, std::span<Verdict> verdicts);
  void judge_halves(Programs programs, std::span<Verdict> verdicts);
  [[nodiscard]] Verdict confirmed(Programs programs, std::size_t suspect, const Verdict& seen);
  bool is_seen_behind(Programs programs, const std::vector<std::size_t>& before,
                      std::size_t suspect, const Verdict& seen);
  std::vector<std::size_t> smallest_batch(Programs programs, std::size_t suspect,
                                          const Verdict& seen);
  std::size_t batch_end(Programs programs, std::size_t begin) const;
  [[nodiscard]] std::expected<void, std::string> ask_version();

  Engine engine_;
  DriverOptions options_;
  RunEngine run_;
  Usage usage_;
  std::map<std::string, unsigned> confirmed_;  // how often a signature was seen alone
  std::vector<std::string> last_command_;
  std::vector<std::string> last_lines_;
};

/// Two programs for prepare(): the first makes and resumes a continuation and returns 0, the second
/// returns 7 where 0 is expected.
std::vector<wasm::Translation> probes();

}  // namespace fiberproof::fuzz::engine
