// Code that we did not build: which of a file's symbols or addresses play which role, and which
// contracts can be proved of them.
//
// ROLE=PLACE, where ROLE is start, fiber_start, switch, initialize or check_failed, or a symbol as
// a contract names it, and PLACE as in verify/obligation/code_place.hpp. Without a place,
// fiber_start is what start calls. Revisions: SPEC.md, T5.
#pragma once

#include "verify/obligation/code_place.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

enum class Revision { trap, v44 };

class ForeignCode {
 public:
  /// Takes ROLE=PLACE pairs; an error is one clear line.
  static std::expected<ForeignCode, std::string> parse(const std::vector<std::string>& pairs,
                                                       std::optional<Revision> revision);

  /// Whether a role was given: then only what was named is proved.
  bool is_foreign() const { return is_foreign_; }

  /// Why the contract cannot be proved, in a few words; nothing where it can.
  std::optional<std::string> left_out(const Contract& contract) const;

  /// The roles that could be given, so that it is not left out; empty where roles are not enough.
  std::vector<std::string> missing_roles(const Contract& contract) const;

  /// The symbols that were given for roles whose code is proved, and the revision in words.
  std::vector<std::string> names() const;
  std::string revision_text() const;

  /// The symbol by which the contract's member of an archive is found; an error for an address.
  std::expected<std::string, std::string> symbol_of(const Contract& contract) const;

  /// Which of the contract's code is where: `start=engine_start`.
  std::string described(const Contract& contract) const;

  void add_to(ProverOptions& options) const;

 private:
  bool is_given(const std::string& symbol) const;
  std::vector<std::string> missing(const Contract& contract) const;

  bool is_foreign_ = false;
  Revision revision_ = Revision::trap;
  std::map<std::string, CodePlace, std::less<>> places_;  // by the contracts' symbols
};

}  // namespace fiberproof::verify
