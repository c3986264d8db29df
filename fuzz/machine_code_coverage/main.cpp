// machine_code_coverage FILE|DIRECTORY…: which instructions of the proved routines the programs
// execute. Source coverage cannot say: that code is kept free of instrumentation, and half of it is
// assembly.
//
// Exit status 0 where every instruction of the trampolines was executed, and of the switch at one
// of its sites at least; 1 where one was not; 2 where a program could not be replayed as it
// records.
#include "fuzz/machine_code_coverage/breakpoints.hpp"
#include "fuzz/machine_code_coverage/routines.hpp"
#include "fuzz/replay/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace fiberproof::fuzz;
using Addresses = std::set<std::uint64_t>;

/// What a file of the corpus does, in whatever language it is written.
bool run_file(const std::string& path) {
  const Replay replay = replay_file(path);
  if (replay.verdict != Replay::Verdict::as_recorded) {
    fmt::print("{}\n{}", replay.line, replay.report);
    return false;
  }
  return true;
}

Addresses addresses_of(const std::vector<Routine>& routines) {
  Addresses addresses;
  for (const Routine& routine : routines) {
    for (const std::uint64_t place : routine.places) {
      for (const Instruction& instruction : routine.instructions) {
        addresses.insert(place + instruction.offset);
      }
    }
  }
  return addresses;
}

/// Each file is asked only for what none before it has executed.
bool run_files(const std::vector<std::string>& paths, Addresses& missing) {
  bool all_ran = true;
  for (const std::string& path : paths) {
    const auto executed = executed_of(missing, [&path] { return run_file(path); });
    if (!executed) {
      fmt::print("{}: {}\n", path, executed.error());
      all_ran = false;
      continue;
    }
    for (const std::uint64_t address : *executed) {
      missing.erase(address);
    }
  }
  return all_ran;
}

bool is_executed(const Routine& routine, const Instruction& instruction, const Addresses& missing) {
  return std::ranges::any_of(routine.places, [&](std::uint64_t place) {
    return !missing.contains(place + instruction.offset);
  });
}

/// The routine's line, and one for each instruction that was not executed. False where one had to
/// be.
bool report(const Routine& routine, const Addresses& missing) {
  const auto executed = std::ranges::count_if(routine.instructions, [&](const Instruction& one) {
    return is_executed(routine, one, missing);
  });
  fmt::print("{:24} {:3} of {:3} instructions", routine.name, executed,
             routine.instructions.size());
  if (routine.places.size() > 1) {
    const auto reached = std::ranges::count_if(
        routine.places, [&](std::uint64_t place) { return !missing.contains(place); });
    fmt::print(", at {} of {} sites", reached, routine.places.size());
  }
  fmt::print("\n");
  bool complete = true;
  for (const Instruction& instruction : routine.instructions) {
    if (!is_executed(routine, instruction, missing)) {
      const bool counts = routine.is_required && !instruction.is_unreachable;
      fmt::print("    +{:#05x}  {:40}{}\n", instruction.offset, instruction.text,
                 counts                       ? "never executed"
                 : instruction.is_unreachable ? "never to be reached"
                                              : "never executed, which is allowed here");
      complete = complete && !counts;
    }
  }
  return complete;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::vector<std::string> paths(arguments + 1, arguments + argument_count);
  const ExpandedPaths expanded = expand_paths(paths);
  for (const std::string& error : expanded.errors) {
    fmt::print("{}\n", error);
  }
  const std::vector<Routine> routines = machine_code_routines();
  if (routines.empty()) {
    fmt::print("the routines of this program cannot be decoded\n");
    return 2;
  }
  Addresses missing = addresses_of(routines);
  const bool all_ran = run_files(expanded.programs, missing) && expanded.errors.empty();
  bool complete = true;
  for (const Routine& routine : routines) {
    complete = report(routine, missing) && complete;
  }
  fmt::print("by {} programs\n", expanded.programs.size());
  return !all_ran ? 2 : complete ? 0 : 1;
}
