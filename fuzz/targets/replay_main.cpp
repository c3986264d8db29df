// main() of a fuzz target without an engine.
//
//   NAME_replay FILE…             each input twice, so that used stacks are met as well; a finding
//                                 ends the process as it would end a fuzzer
//   NAME_replay --sequence FILE…  all of them, once and in this order, in one child process; where
//                                 that crashes, the fewest of them that do
//   NAME_replay --print FILE…     the Program that each input stands for; so a raw one becomes text
//
// A FILE is an input, a directory of them, or a recording of the crash recorder, which is always
// run as the sequence that it is. Exit status 0: nothing found, 1: a sequence crashed, 2: something
// could not be read or run.
#include "fuzz/replay/crash_recorder.hpp"
#include "fuzz/replay/input_files.hpp"
#include "fuzz/replay/replay_sequence.hpp"
#include "fuzz/targets/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace fiberproof::fuzz;

constexpr unsigned sequence_seconds_max = 120;

using Files = std::vector<std::string>;

void print_program(const std::vector<std::uint8_t>& input) {
  static Program program;
  if (make_program(input, fiberproof_target_generator(), program)) {
    fmt::print("{}", print(program));
  }
}

void run_twice(const std::vector<std::uint8_t>& input) {
  LLVMFuzzerTestOneInput(input.data(), input.size());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

/// False where a file cannot be read.
bool for_each_input(const Files& files, void (*use)(const std::vector<std::uint8_t>& input)) {
  for (const std::string& file : files) {
    const auto inputs = read_inputs(file);
    if (!inputs) {
      fmt::print(stderr, "{}\n", inputs.error());
      return false;
    }
    for (const Input& input : *inputs) {
      use(input.bytes);
    }
  }
  return true;
}

int run_sequence_of(const Files& files, const std::string& program) {
  const SequenceReplay replay =
      replay_sequence(files, program, &LLVMFuzzerTestOneInput, sequence_seconds_max);
  for (const std::string& line : replay.lines) {
    fmt::print("{}\n", line);
  }
  std::fflush(stdout);
  fmt::print(stderr, "{}", replay.report);
  return replay.status;
}

/// The recordings first: what was run in this process, their child processes begin with.
int run_all(const Files& files, const std::string& program) {
  Files inputs;
  int status = 0;
  for (const std::string& file : files) {
    if (is_recording(file)) {
      status = std::max(status, run_sequence_of({file}, program));
    } else {
      inputs.push_back(file);
    }
  }
  if (!for_each_input(inputs, &run_twice)) {
    return 2;
  }
  if (!inputs.empty()) {
    fmt::print("{} inputs, each run twice: nothing found\n", inputs.size());
  }
  return status;
}

}  // namespace

int main(int argument_count, char** arguments) {
  ::unsetenv(recorder_variable);  // The replayed input is on record.
  LLVMFuzzerInitialize(&argument_count, &arguments);
  Files words(arguments + 1, arguments + argument_count);
  const std::string mode = words.empty() ? "" : words.front();
  if (mode == "--print" || mode == "--sequence") {
    words.erase(words.begin());
  }
  Files files;
  for (const std::string& word : words) {
    std::ranges::copy(input_files(word), std::back_inserter(files));
  }
  if (files.empty()) {
    fmt::print(stderr, "no input file was found\n");
    return 2;
  }
  if (mode == "--print") {
    return for_each_input(files, &print_program) ? 0 : 2;
  }
  return mode == "--sequence" ? run_sequence_of(files, arguments[0]) : run_all(files, arguments[0]);
}
