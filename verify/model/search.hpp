// Executes every sequence of operations up to a length, on a few records and on numbers: checks in
// each the claims about all runs, and returns a trace of a run that breaks one.
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
  std::size_t operations = 5;  ///< the maximum for a run, after the first entry
  std::optional<Mutant> mutant;
  std::string theorem;  ///< the one to break; empty: any
  std::size_t states_max = 200'000;
};

struct SearchResult {
  std::size_t states = 0;                 ///< distinct
  std::size_t transitions = 0;            ///< taken or refused
  bool is_complete = true;                ///< states_max was not reached
  std::size_t operations_complete = 0;    ///< every run of up to this many was checked
  std::array<std::size_t, kinds> done{};  ///< by kind
  std::array<std::size_t, kinds> refused{};
  std::array<std::size_t, 6> records_in_state{};  ///< states that have such a record
  std::optional<Trace> trace;                     ///< a shortest one, if something was broken
  std::vector<std::string_view> broken;           ///< at its end
};

/// Breadth first, from the initial state with one open entry.
SearchResult search(const SearchOptions& options);

}  // namespace fiberproof::verify::model
