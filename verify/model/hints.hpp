// Which instances each obligation of the machine needs, noted when they were last searched for
// (instances.txt): so that proving them again takes no search. A hint is trusted with nothing. It
// only leaves assumptions out, and where it is out of date the search is made.
#pragma once

#include "verify/smt/query.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

/// A hash of what a node says, the same in every run and with every compiler.
std::uint64_t content_hash(const Node& node);

class Hints {
 public:
  Hints();

  /// `bare` with those of `instances` that are noted for the theorem and the transition.
  Query apply(std::string_view theorem, std::string_view where, const Query& bare,
              const std::vector<Formula>& instances) const;

 private:
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> noted_;
};

/// The line of instances.txt that notes what `chosen` assumes beyond `bare`.
std::string hint_line(std::string_view theorem, std::string_view where, const Query& bare,
                      const Query& chosen);

}  // namespace fiberproof::verify::model
