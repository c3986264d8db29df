// Code from another build: which of a file's symbols or addresses play which role, and which
// contracts can be proved of them.
//
// ROLE=PLACE, where ROLE is start, fiber_start, fiber_exit, switch, initialize or check_failed, or
// a symbol as a contract names it, and PLACE as in verify/obligation/code_place.hpp, or `*` for
// start and switch, which a search of the file then finds. Without a place, fiber_start and
// fiber_exit are the callees of start, in the order of its calls. Trampoline variants: SPEC.md, T5.
#pragma once

#include "verify/object/object_archive.hpp"
#include "verify/obligation/code_place.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

enum class Trampoline : std::uint8_t { trap, v44, trap_asan };
inline constexpr std::array all_trampolines{Trampoline::trap, Trampoline::v44,
                                            Trampoline::trap_asan};

/// As --trampoline has it.
std::string_view name_of(Trampoline trampoline);
std::optional<Trampoline> trampoline_named(std::string_view name);

class ForeignCode {
 public:
  /// Takes ROLE=PLACE pairs; an error is one clear line.
  [[nodiscard]] static std::expected<ForeignCode, std::string> parse(
      const std::vector<std::string>& pairs, std::optional<Trampoline> trampoline);

  /// Whether a role was given: then only the named code is proved.
  bool is_foreign() const { return is_foreign_; }

  /// Whether a search of the file finds its switches: with `switch=*`, or after search_switches().
  bool searches_switches() const { return searches_switches_; }
  void search_switches() { is_foreign_ = searches_switches_ = true; }

  /// Whether `start=*` leaves it to a search to find the trampoline, and how it is answered.
  bool searches_start() const;
  [[nodiscard]] std::expected<void, std::string> answer_start(const std::string& place);

  /// Whether start is given, and its variant is not; and how it is answered.
  bool asks_for_variant() const { return !is_variant_given_ && is_role_given("start"); }
  void find_variant(Trampoline trampoline) {
    answer_variant(trampoline);
    is_variant_found_ = true;
  }
  /// Whether the variant that was found reports a trapped continuation as returned (T5).
  bool keeps_old_rules() const { return is_variant_found_ && trampoline_ == Trampoline::v44; }
  void answer_variant(Trampoline trampoline) {
    trampoline_ = trampoline;
    move_places();
  }

  /// Why the contract cannot be proved, in a few words; nothing if it can.
  std::optional<std::string> left_out(const Contract& contract) const;

  /// The roles that are missing for the contract; empty if more roles would not help.
  std::vector<std::string> missing_roles(const Contract& contract) const;

  bool has_start() const { return is_role_given("start"); }

  /// The roles as they were typed, to be typed again: ` --symbol start=NAME`.
  std::string as_options() const;

  /// Checks that each given name is a role, or a symbol of one of the contracts, and that `file`
  /// has each place. An error says what to type.
  [[nodiscard]] std::expected<void, std::string> check(const std::vector<Contract>& contracts,
                                                       const ObjectArchive& file) const;

  /// Whether the file has code that one of the contracts names, or the contracts name none.
  bool has_any(const std::vector<Contract>& contracts, const ObjectArchive& file) const;

  /// The file, or in an archive the member with the contract's first routine.
  [[nodiscard]] std::expected<const ObjectFile*, std::string> subject(
      const Contract& contract, const ObjectArchive& file) const;

  /// Where each part of the contract's code is, and the variant of a trampoline:
  /// `start=engine_start, trampoline trap`.
  std::string described(const Contract& contract) const;

  /// Gives the prover the places in `file`: those that `contract` needs, or all without a contract.
  [[nodiscard]] std::expected<void, std::string> add_to(ProverOptions& options,
                                                        const ObjectFile& file,
                                                        const Contract* contract) const;

 private:
  bool is_given(const std::string& symbol) const;
  bool is_role_given(std::string_view role) const;
  void move_places();
  std::vector<std::string> missing(const Contract& contract) const;
  [[nodiscard]] std::expected<void, std::string> check_roles(
      const std::vector<Contract>& contracts) const;

  bool is_foreign_ = false;
  bool searches_switches_ = false;
  bool is_variant_given_ = false;
  bool is_variant_found_ = false;
  Trampoline trampoline_ = Trampoline::trap;
  std::map<std::string, TypedPlace, std::less<>> places_;  // by the contracts' symbols
};

/// Tells the owner of a file that has none of the contracts' names what to type.
std::string nothing_named(const ObjectArchive& file);

}  // namespace fiberproof::verify
