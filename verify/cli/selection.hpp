// The selection of `prove NAME…`: theorems and contracts by the beginning of their names, and the
// theorems of a rule by its id, as in the table.
#pragma once

#include "verify/obligation/contract.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// The theorems that one contract or proof set can have.
struct TheoremNames {
  std::string contract;
  std::vector<std::string> theorems;
};

/// The names for a contract before its proof. Not all of them need come up.
TheoremNames theorem_names_of(const Contract& contract);

/// `T4` of `continuation_start/T4.rip_is_the_parents`; empty for a theorem that belongs to no rule.
std::string_view rule_of_theorem(std::string_view theorem);

class Selection {
 public:
  explicit Selection(std::vector<std::string> names) : names_(std::move(names)) {}

  bool is_of_all() const { return names_.empty(); }
  bool takes_contract(const TheoremNames& contract) const;
  bool takes(std::string_view theorem) const;

  /// Whether a name is that of this contract, or of a theorem of it, rather than a rule's.
  bool names_contract(std::string_view contract) const;

  /// One line for each name that selects nothing known, with the most similar name that does.
  /// `rules` are the specification's ids; no theorem may concern some of them.
  std::vector<std::string> complaints(std::span<const TheoremNames> known,
                                      std::span<const std::string> rules) const;

  /// One line for each name that selects none of the decided theorems.
  std::vector<std::string> without_theorem(std::span<const std::string> decided) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace fiberproof::verify
