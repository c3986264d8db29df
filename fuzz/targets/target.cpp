#include "fuzz/targets/target.hpp"

#include "core/machine_code.hpp"
#include "core/sanitizer.hpp"
#include "core/stack_overflow.hpp"
#include "fuzz/oracle/hex.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/replay/crash_recorder.hpp"
#include "fuzz/replay/death_signal.hpp"
#include "fuzz/targets/shape_notes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

// Beyond these a run is too slow to keep its input.
constexpr std::uint64_t kept_started_max = 64;
constexpr std::uint64_t kept_started_values_max = 16 * 1024;
constexpr std::uint64_t kept_store_work_max = 40;

bool is_too_slow_to_keep(const Outcome& outcome) {
  return outcome.started > kept_started_max || outcome.started_values > kept_started_values_max ||
         outcome.store_work > kept_store_work_max;
}

void print_machine_code() {
  std::string sites;
  for (const auto& site : switch_site_bytes()) {
    sites += fmt::format("{}\"{}\"", sites.empty() ? "" : ",", hex(site));
  }
  fmt::print("{{\"routines\":\"{}\",\"switch_sites\":[{}]}}\n", hex(routine_bytes()), sites);
}

/// A signal's frame with vector state is larger than the headroom of a continuation stack (L8), so
/// an engine's timer must not run on one. libFuzzer keeps the flag that it finds here.
void keep_signals_off_small_stacks() {
  for (const int signal : {SIGALRM, SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(signal, &action, nullptr);
  }
}

std::optional<CrashRecorder> recorder;

void remove_recording() {
  ::unlink(recorder->path().c_str());
}

/// With -fork the processes that run inputs are others, which come here without that argument.
bool runs_inputs(std::span<char* const> arguments) {
  return std::ranges::none_of(arguments, [](std::string_view argument) {
    return argument.starts_with("-fork=") && argument != "-fork=0";
  });
}

void start_recorder(std::string_view program) {
  const char* const path = std::getenv(recorder_variable);
  if (path == nullptr) {
    return;
  }
  auto made = CrashRecorder::make(path, program.substr(program.find_last_of('/') + 1));
  if (!made) {
    fmt::print(stderr, "fiberproof: {}: {}\n", recorder_variable, made.error());
    std::exit(2);
  }
  recorder.emplace(std::move(*made));
  std::atexit(remove_recording);
}

}  // namespace

bool make_program(std::span<const std::uint8_t> input, Generator* generator, Program& program) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  if (!has_program_magic(text)) {
    generator(input, program);
    return true;
  }
  return parse(text, program).has_value();
}

void start_target(int argument_count, char** arguments) {
  const std::span all(arguments, static_cast<std::size_t>(argument_count));
  for (const char* const argument : all) {
    if (std::string_view(argument) == "-machine_code=1") {
      print_machine_code();
      std::exit(0);
    }
  }
  keep_signals_off_small_stacks();
  write_oracle_counts_at_exit();
  start_noting_shapes();
  if (!all.empty() && runs_inputs(all)) {
    start_recorder(all.front());
  }
}

void record_input(std::span<const std::uint8_t> input) {
  if (recorder) {
    recorder->record(input);
  }
}

// Not instrumented: how the hash comes out is no progress that an engine should follow.
FIBERPROOF_UNINSTRUMENTED bool is_run_twice(std::span<const std::uint8_t> input) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = input.size();
  for (std::size_t at = 0; at < input.size(); at += 8) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, input.data() + at, std::min<std::size_t>(8, input.size() - at));
    hash = (hash ^ word) * odd;
    hash ^= hash >> 32;
  }
  return (hash * odd) >> 61 == 0;
}

// fuzzer::FuzzerDriver(), where libFuzzer is linked.
extern "C" [[gnu::weak]] const char fiberproof_libfuzzer_driver[] __asm__(
    "_ZN6fuzzer12FuzzerDriverEPiPPPcPFiPKhmE");

namespace {

/// From the first input on, when the engine has its own handlers in place, which come next.
void report_overflows_from_here() {
  static const bool reported = [] {
    name_death_signals();
    return report_stack_overflows().has_value();
  }();
  if (!reported) [[unlikely]] {
    fmt::print(stderr, "fiberproof: the system refuses a handler for stack overflows\n");
    std::exit(2);
  }
}

}  // namespace

int not_kept() {
  return fiberproof_libfuzzer_driver != nullptr ? -1 : 0;
}

int run_input(std::span<const std::uint8_t> input, Generator* generator,
              const RunOptions& options) {
  report_overflows_from_here();
  record_input(input);
  static Program program;
  if (!make_program(input, generator, program)) {
    return not_kept();
  }
  if (program.ends_process()) {
    return not_kept();
  }
  note_shapes(program);
  const Outcome outcome = run(program, &report_and_abort, options);
  if (is_run_twice(input)) {
    run(program, &report_and_abort, options);
  }
  return is_too_slow_to_keep(outcome) ? not_kept() : 0;
}

}  // namespace fiberproof::fuzz

#ifdef FIBERPROOF_ASAN
/// What a campaign needs of AddressSanitizer; ASAN_OPTIONS has the last word. Every stack that ran
/// has a fake stack, so these take the smallest size; and the engine's own blocks would fill the
/// default quarantine of 256 MB.
extern "C" const char* __asan_default_options();
extern "C" FIBERPROOF_UNINSTRUMENTED const char* __asan_default_options() {
  return "max_uar_stack_size_log=16:quarantine_size_mb=16";
}
#endif
