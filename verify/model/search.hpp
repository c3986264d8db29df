// Every sequence of operations up to a length, on a few records: what is claimed of all runs is
// looked at in each of these, on numbers, and a run that breaks something is found as a trace.
#pragma once

#include "verify/model/machine.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

struct TraceStep {
  ConcreteOperation operation;
  Machine::Outcome outcome;
  std::uint64_t active_before;
  std::uint64_t active_after;
};
using Trace = std::vector<TraceStep>;

struct SearchOptions {
  Sizes sizes{};
  std::size_t operations = 5;  ///< the most of a run, after the first entry
  std::optional<Mutant> mutant;
  std::string theorem;  ///< the one to be broken; empty: any
  std::size_t states_max = 200'000;
};

struct SearchResult {
  std::size_t states = 0;                 ///< different ones
  std::size_t transitions = 0;            ///< taken or refused
  bool is_complete = true;                ///< states_max was not reached
  std::size_t operations_complete = 0;    ///< every run of up to so many was looked at
  std::array<std::size_t, kinds> done{};  ///< by kind
  std::array<std::size_t, kinds> refused{};
  std::array<std::size_t, 6> records_in_state{};  ///< states that have such a record
  std::optional<Trace> trace;                     ///< a shortest one, where something was broken
  std::vector<std::string_view> broken;           ///< at its end
};

/// Breadth first, from the initial state, in which an entry is opened.
SearchResult search(const SearchOptions& options);

}  // namespace fiberproof::verify::model
