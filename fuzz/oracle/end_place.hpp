// The numbers that an end of the process is about. A run announces them on standard error right
// before the step that ends it, from what it noted when the stack was made, and from the numbers of
// the specification: a report of core is compared with them (end_oracle.hpp).
#pragma once

#include "fuzz/spec/spec_layout.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::fuzz {

struct EndPlace {
  std::uint64_t limit = 0;    ///< of the stack whose guard pages are met
  std::uint64_t access = 0;   ///< the address that is read; 0 if the code runs down to it
  std::uint64_t parent = 0;   ///< the record that a check finds as a parent
  std::uint64_t earlier = 0;  ///< continuations that earlier runs made in the same store

  std::uint64_t guard_end() const { return limit - limit % spec::page_bytes; }
  std::uint64_t guard_lowest() const { return guard_end() - spec::guard_bytes; }
};

/// Writes the line to standard error. Needs no heap and little stack.
void announce(const EndPlace& place);

/// Takes the line off the front of `said`; nothing if it does not begin with one.
std::optional<EndPlace> take_announcement(std::string_view& said);

}  // namespace fiberproof::fuzz
