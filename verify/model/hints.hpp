// Which instances each obligation of the machine needs, noted when they were last searched for
// (instances.inc): so that proving them again takes no search, and the others, some thousands, are
// not even built. A hint is trusted with nothing. It only leaves assumptions out, and where it is
// out of date the search is made.
#pragma once

#include "verify/smt/query.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

/// A hash of what a node says, the same in every run and with every compiler.
std::uint64_t content_hash(const Node& node);

/// What an instance is known by: what is instantiated, and of which objects, in any order.
std::uint64_t instance_key(std::string_view what, std::initializer_list<Term> objects);

/// Something that may be assumed.
struct Instance {
  std::uint64_t key;
  Formula holds;
  bool is_congruence = false;  ///< made only for what the other instances read
};

/// The instances that one obligation needs, by their keys.
class Hint {
 public:
  explicit Hint(std::vector<std::uint64_t> keys) : keys_(std::move(keys)) {}

  bool wants(std::uint64_t key) const;

 private:
  std::vector<std::uint64_t> keys_;  // as noted
};

class Hints {
 public:
  Hints();

  /// Null where nothing is noted for the theorem and the transition: then it needs nothing.
  const Hint* find(std::string_view theorem, std::string_view where) const;

 private:
  std::map<std::string, Hint, std::less<>> noted_;
};

/// The line of instances.inc that notes what `chosen` assumes beyond `bare`, of `instances`; and
/// others that read what a congruence among them is about, since without them it is not made.
std::string hint_line(std::string_view theorem, std::string_view where, const Query& bare,
                      const Query& chosen, const std::vector<Instance>& instances);

}  // namespace fiberproof::verify::model
