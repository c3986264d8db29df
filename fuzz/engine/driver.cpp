#include "fuzz/engine/driver.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <numeric>
#include <utility>

namespace fiberproof::fuzz::engine {
namespace {

// A process takes 30 ms (Wasmtime) or 130 ms (Deno) to start, and a wrong assertion costs the
// protocol `wast` another one.
constexpr std::size_t wast_programs_max = 64;
constexpr std::size_t javascript_programs_max = 400;
// Engines keep the stacks of all programs of a batch, and Linux allows 65,530 mappings, of which a
// stack takes two.
constexpr std::size_t continuations_max = 6000;
constexpr unsigned batch_attempts_max = 40;
constexpr unsigned confirmations_max = 3;  // of one signature

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  return std::unexpected(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

// A program of `main`, which runs a continuation and returns its result.
wasm::Translation probe(std::uint8_t result) {
  const std::vector<std::uint8_t> bytes{
      0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00,   0x00,        // magic, version
      0x01, 0x07, 0x02, 0x60, 0x00, 0x01, 0x7f,   0x5d, 0x00,  // [] -> [i32]; cont of it
      0x03, 0x03, 0x02, 0x00, 0x00,                            // two functions of that type
      0x07, 0x10, 0x02, 0x05, 'c',  'h',  'i',    'l',  'd',
      0x00,                                              // exports
      0x00, 0x04, 'm',  'a',  'i',  'n',  0x00,   0x01,  //
      0x0a, 0x10, 0x02, 0x04, 0x00, 0x41, result, 0x0b,  // child: i32.const
      0x09, 0x00, 0xd2, 0x00, 0xe0, 0x01, 0xe3,   0x01, 0x00,
      0x0b,  // main: ref.func, cont.new, resume
  };
  wasm::Translation translation;
  translation.modules.push_back({.name = "probe", .bytes = bytes, .text = {}});
  translation.parts.push_back({.name = "main", .end = wasm::End::returns});
  translation.contents.continuations = 1;
  return translation;
}

}  // namespace

std::vector<wasm::Translation> probes() {
  constexpr std::uint8_t wrong_result = 7;
  return {probe(0), probe(wrong_result)};
}

Driver::Driver(Engine engine, DriverOptions options, RunEngine run)
    : engine_(std::move(engine)), options_(std::move(options)), run_(std::move(run)) {
  if (options_.programs_max == 0) {
    options_.programs_max = engine_.protocol == Protocol::wast ? wast_programs_max  //
                                                               : javascript_programs_max;
  }
}

std::expected<void, std::string> Driver::prepare() {
  if (auto asked = ask_version(); !asked) return asked;
  const auto both = probes();
  const Verdict right = judge_alone(both.front());
  if (right.kind == Verdict::Kind::not_run) return std::unexpected(right.message);
  if (right.kind != Verdict::Kind::agrees) {
    return std::unexpected(
        fmt::format("{}: does not run a continuation: {}; does its command have "
                    "all arguments?",
                    fmt::join(engine_.command, " "), describe(right)));
  }
  const Verdict wrong = judge_alone(both.back());
  if (wrong.kind != Verdict::Kind::wrong || wrong.number != 7) {
    return std::unexpected(fmt::format("{}: does not notice a wrong result: {}",
                                       fmt::join(engine_.command, " "), describe(wrong)));
  }
  usage_ = {};
  return {};
}

std::expected<void, std::string> Driver::ask_version() {
  if (!engine_.version.empty()) return {};
  const EngineEnd end = run_({.arguments = {engine_.command.front(), "--version"},
                              .environment = {},
                              .seconds_max = options_.seconds_max,
                              .memory_bytes_max = options_.memory_bytes_max});
  if (!end.started) {
    return std::unexpected(
        fmt::format("{}: cannot be started: {}", engine_.command.front(), end.why_not_started));
  }
  engine_.version = version_in(end.lines);
  if (engine_.version.empty()) engine_.version = "unknown";
  return {};
}

std::vector<Verdict> Driver::judge(Programs programs, const std::function<bool()>& should_stop) {
  std::vector<Verdict> verdicts(programs.size());
  for (std::size_t begin = 0; begin < programs.size() && !should_stop();) {
    const std::size_t end = batch_end(programs, begin);
    judge_batch(programs.subspan(begin, end - begin),
                std::span(verdicts).subspan(begin, end - begin));
    for (std::size_t index = begin; index < end; ++index) {
      for (std::size_t& before : verdicts[index].batch) before += begin;
      if (verdicts[index].kind != Verdict::Kind::not_run) ++usage_.programs;
    }
    begin = end;
  }
  return verdicts;
}

Verdict Driver::judge_alone(const wasm::Translation& program) {
  const wasm::Translation* const alone = &program;
  return judge_in({&alone, 1}, options_.scratch);
}

std::size_t Driver::batch_end(Programs programs, std::size_t begin) const {
  std::size_t end = begin;
  std::size_t continuations = 0;
  while (end < programs.size() && end - begin < options_.programs_max) {
    continuations += programs[end]->contents.continuations;
    if (end > begin && continuations > continuations_max) break;
    ++end;
  }
  return end;
}

Verdict Driver::judge_in(Programs programs, const std::string& folder) {
  const Ran ran = run_in(programs, folder);
  auto verdict = verdict_of(programs, ran, programs.size() - 1);
  return verdict ? *verdict : ran.trouble;
}

Driver::Ran Driver::run_in(Programs programs, const std::string& folder) {
  const bool is_wast = engine_.protocol == Protocol::wast;
  const std::string loop = folder + "/loop.mjs";
  const std::string batch = folder + (is_wast ? "/batch.wast" : "/batch.jsonl");
  Ran ran;
  auto written = write_file(batch, is_wast ? wast_script(programs) : javascript_batch(programs));
  if (written && !is_wast) written = write_file(loop, javascript_loop());
  ran.output.verdicts.resize(programs.size());
  if (!written) {
    ran.trouble = {.kind = Verdict::Kind::not_run, .message = written.error()};
    return ran;
  }
  last_command_ = batch_command(engine_, loop, batch);
  // A busy machine is no hang: a program takes a hundredth of this on a quiet one.
  const double scale = 1 + static_cast<double>(programs.size() - 1) / 10;
  // Backtraces take time, and a host's cache must not run code of an earlier batch.
  const EngineEnd end =
      run_({.arguments = last_command_,
            .environment = {"RUST_BACKTRACE=0", "NO_COLOR=1", "DENO_NO_UPDATE_CHECK=1",
                            "DENO_DIR=" + options_.scratch + "/deno"},
            .seconds_max = options_.seconds_max * scale,
            .memory_bytes_max = options_.memory_bytes_max});
  ++usage_.processes;
  usage_.cpu_seconds += end.cpu_seconds;
  usage_.wall_seconds += end.wall_seconds;
  last_lines_ = end.lines;
  ran.output =
      is_wast ? read_wast_output(programs, end.lines) : read_javascript_output(programs, end.lines);
  ran.trouble = trouble_of(end);
  ran.ended_well = end.started && end.exit_code == 0 && !end.timed_out && !end.out_of_memory &&
                   !end.interrupted && ran.output.is_complete;
  return ran;
}

Verdict Driver::trouble_of(const EngineEnd& end) const {
  Verdict verdict;
  if (!end.started) {
    verdict.message =
        fmt::format("{}: cannot be started: {}", engine_.command.front(), end.why_not_started);
  } else if (end.interrupted) {
    verdict.message = "interrupted";
  } else if (end.timed_out) {
    verdict.kind = Verdict::Kind::hang;
  } else if (end.out_of_memory) {
    verdict.kind = Verdict::Kind::out_of_memory;
  } else {
    verdict.kind = Verdict::Kind::crash;
    verdict.message = cause_of_crash(end.lines, end.exit_code);
  }
  return verdict;
}

// The verdict that a run gives on one of its programs; nothing if the run stopped before that
// program ended, and another program was at fault.
std::optional<Verdict> Driver::verdict_of(Programs programs, const Ran& ran, std::size_t index) {
  const BatchOutput& output = ran.output;
  const bool is_last_seen =
      index + 1 == programs.size() || (!output.verdicts[index + 1] && output.begun != index + 1);
  const auto& verdict = output.verdicts[index];
  if (verdict && verdict->kind != Verdict::Kind::agrees) return verdict;
  if (verdict && (ran.ended_well || !is_last_seen || output.begun)) return verdict;
  // The process ended behind this program, or in it.
  if (!verdict && output.begun != index) return std::nullopt;
  Verdict trouble = ran.trouble;
  if (!verdict && output.calling) {
    trouble.is_in_call = true;
    trouble.part = *output.calling;
    trouble.expected = programs[index]->parts[trouble.part].end;
  }
  return trouble;
}

void Driver::judge_batch(Programs programs, std::span<Verdict> verdicts) {
  for (std::size_t at = 0; at < programs.size();) {
    const std::size_t judged = judge_some(programs.subspan(at), verdicts.subspan(at));
    // The programs needed before this one are counted from the beginning of the batch.
    for (std::size_t index = at; index < at + judged; ++index) {
      for (std::size_t& before : verdicts[index].batch) before += at;
    }
    at += judged;
  }
}

// Runs `programs` and fills the verdicts that come of it, from the first on; returns how many.
std::size_t Driver::judge_some(Programs programs, std::span<Verdict> verdicts) {
  const Ran ran = run(programs);
  if (ran.trouble.kind == Verdict::Kind::not_run) {
    std::ranges::fill(verdicts, ran.trouble);
    return programs.size();
  }
  std::size_t index = 0;
  for (; index < programs.size(); ++index) {
    const auto verdict = verdict_of(programs, ran, index);
    if (!verdict) break;
    const bool agrees = verdict->kind == Verdict::Kind::agrees;
    verdicts[index] = agrees ? *verdict : confirmed(programs, index, *verdict);
  }
  if (index > 0) return index;
  if (programs.size() == 1) {
    verdicts.front() = ran.trouble;
  } else {
    judge_halves(programs, verdicts);
  }
  return programs.size();
}

// The process ended before it began a program.
void Driver::judge_halves(Programs programs, std::span<Verdict> verdicts) {
  const std::size_t half = programs.size() / 2;
  judge_batch(programs.first(half), verdicts.first(half));
  judge_batch(programs.subspan(half), verdicts.subspan(half));
  for (Verdict& verdict : verdicts.subspan(half)) {
    for (std::size_t& before : verdict.batch) before += half;
  }
}

// Runs the suspect alone. What it shows there is what is told.
Verdict Driver::confirmed(Programs programs, std::size_t suspect, const Verdict& seen) {
  // Whether a module is valid depends on nothing else, and a kind that was confirmed a few times
  // needs no more: each time takes a process.
  if (seen.kind == Verdict::Kind::refused) return seen;
  const auto times = confirmed_.find(signature(seen));
  if (times != confirmed_.end() && times->second >= confirmations_max) return seen;
  Verdict alone = judge_alone(*programs[suspect]);
  if (alone.kind == Verdict::Kind::not_run) {  // Interrupted: what was seen stands as it is.
    Verdict unconfirmed = seen;
    unconfirmed.is_seen_once = true;
    return unconfirmed;
  }
  if (alone.kind != Verdict::Kind::agrees) {
    if (signature(alone) == signature(seen)) ++confirmed_[signature(seen)];
    return alone;
  }
  std::vector<std::size_t> before(suspect);
  std::iota(before.begin(), before.end(), std::size_t{0});
  Verdict in_batch = seen;
  if (suspect > 0 && is_seen_behind(programs, before, suspect, seen)) {
    in_batch.is_only_in_batch = true;
    in_batch.batch = smallest_batch(programs, suspect, seen);
    return in_batch;
  }
  // A busy computer is slow, or short of memory, and nobody is to blame.
  if (seen.kind == Verdict::Kind::hang || seen.kind == Verdict::Kind::out_of_memory) return alone;
  in_batch.is_seen_once = true;
  return in_batch;
}

bool Driver::is_seen_behind(Programs programs, const std::vector<std::size_t>& before,
                            std::size_t suspect, const Verdict& seen) {
  std::vector<const wasm::Translation*> chosen;
  for (const std::size_t index : before) chosen.push_back(programs[index]);
  chosen.push_back(programs[suspect]);
  const Ran ran = run(chosen);
  const auto verdict = verdict_of(chosen, ran, chosen.size() - 1);
  return verdict && signature(*verdict) == signature(seen);
}

// Leaves out ever smaller pieces of what is before the suspect, as long as it still shows.
std::vector<std::size_t> Driver::smallest_batch(Programs programs, std::size_t suspect,
                                                const Verdict& seen) {
  std::vector<std::size_t> before(suspect);
  std::iota(before.begin(), before.end(), std::size_t{0});
  unsigned attempts = 0;
  for (std::size_t piece = (before.size() + 1) / 2; piece > 0; piece /= 2) {
    for (std::size_t at = 0; at < before.size() && attempts < batch_attempts_max;) {
      std::vector<std::size_t> fewer = before;
      const std::size_t end = std::min(at + piece, before.size());
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                  fewer.begin() + static_cast<std::ptrdiff_t>(end));
      ++attempts;
      if (is_seen_behind(programs, fewer, suspect, seen)) {
        before = std::move(fewer);
      } else {
        at = end;
      }
    }
  }
  return before;
}

}  // namespace fiberproof::fuzz::engine
