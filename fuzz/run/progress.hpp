// How far a run has come: the program, the reference that advances with it, the latest step, the
// log and the outcome. Bodies advance it; a judge does so for a body that had no room for steps.
#pragma once

#include "fuzz/oracle/report.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/run/run_log.hpp"

#include <cstdint>

namespace fiberproof::fuzz {

class NativeStacks;

class Progress {
 public:
  /// On input `program` is valid and outlives the run.
  void begin(const Program& program, FindingHandler* handler, const RunOptions& options);
  /// After the run: shows it to the observer of runs, if there is one.
  Outcome end();

  const Program& program() const { return *program_; }
  const RunOptions& options() const { return options_; }
  const Reference& reference() const { return reference_; }
  /// The latest step; null before the first.
  const Step* step() const { return step_; }

  /// The step that the running stack must take next; null after the last.
  const Step* next() { return reference_.next(); }
  void take(const Step& step);
  /// The same for a step of what is started beside the store, of which the log says nothing.
  void take_beside(const Step& step);
  void end_beside() { reference_.end_of_steps(); }
  /// What the run has done so far.
  Outcome& outcome() { return outcome_; }
  /// The running body returns, or the running entry closes, without a step that says so.
  void end_of_steps();
  void count_started() { ++outcome_.continuations; }
  void log_store(const Store& store, const std::array<Handle, program_bounds::handles>& slots,
                 const NativeStacks& natives);

  /// A violation ends the run: the handler of findings takes it.
  void check(const Verdict& verdict) const {
    if (verdict) [[unlikely]] {
      violated(*verdict);
    }
  }

 private:
  void log(const Step* step);
  [[noreturn, gnu::cold]] void violated(const Violation& violation) const;

  const Program* program_ = nullptr;
  FindingHandler* handler_ = nullptr;
  RunOptions options_;
  Reference reference_;
  const Step* step_ = nullptr;
  std::uint64_t steps_beside_ = 0;  ///< steps that the store did not take
  bool is_logging_ = false;
  RunLog log_;
  Outcome outcome_;
};

}  // namespace fiberproof::fuzz
