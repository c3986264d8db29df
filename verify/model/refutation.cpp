#include "verify/model/refutation.hpp"

#include "verify/model/search.hpp"
#include "verify/model/trace_text.hpp"

#include <fmt/format.h>
#include <sstream>

namespace fiberproof::verify::model {

Refutation refutation_of(std::string_view theorem, const std::optional<Mutant>& mutant) {
  SearchOptions options;
  options.sizes = {.records = 3, .handles = 6, .stacks = 2};
  options.operations = 6;
  options.states_max = 20'000;
  options.theorem = theorem;
  options.mutant = mutant;
  const SearchResult found = search(options);
  Refutation told;
  told.claim = theorem;
  if (!found.trace) {
    told.where = fmt::format(
        "no run of up to {} operations on {} records breaks it, in {} states: the invariant may be "
        "too "
        "weak",
        found.operations_complete, options.sizes.records, found.states);
    return told;
  }
  told.where = fmt::format("broken by a run of {} operations", found.trace->size());
  std::istringstream lines(story(*found.trace));
  for (std::string line; std::getline(lines, line);) {
    told.listing.push_back({.text = line});
  }
  if (auto program = program_text(*found.trace)) {
    told.program = std::move(*program);
  } else {
    told.found = "has no Program: " + program.error();
  }
  return told;
}

}  // namespace fiberproof::verify::model
