// The instances that each obligation of the machine needs, recorded by the last search for them
// (instances.inc). With them a proof needs no search, and the other instances, some thousands, are
// not even built. Hints are untrusted: they only leave assumptions out, so a wrong one costs time
// (a new search), never soundness.
#pragma once

#include "verify/smt/query.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

/// A hash of a node's content, the same in every run and with every compiler.
std::uint64_t content_hash(const Node& node);

/// The key of an instance: what is instantiated, and for which objects, in any order.
std::uint64_t instance_key(std::string_view what, std::initializer_list<Term> objects);

/// An assumption that a proof may use.
struct Instance {
  std::uint64_t key;
  Formula holds;
  bool is_congruence = false;  ///< made only for fields that other instances read
};

/// The instances that one obligation needs, by their keys.
class Hint {
 public:
  explicit Hint(std::vector<std::uint64_t> keys) : keys_(std::move(keys)) {}

  bool wants(std::uint64_t key) const;

 private:
  std::vector<std::uint64_t> keys_;  // as recorded
};

class Hints {
 public:
  Hints();

  /// Null if nothing is recorded for the theorem and the transition: then it needs nothing.
  const Hint* find(std::string_view theorem, std::string_view where) const;

 private:
  std::map<std::string, Hint, std::less<>> noted_;
};

/// The line of instances.inc for an obligation that assumes `chosen` beyond `bare`, out of
/// `instances`. It adds instances that read the fields of each chosen congruence, since that is not
/// made without them.
std::string hint_line(std::string_view theorem, std::string_view where, const Query& bare,
                      const Query& chosen, const std::vector<Instance>& instances);

}  // namespace fiberproof::verify::model
