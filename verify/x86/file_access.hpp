// Accesses whose address is not a sum over a region's base. Such an access reaches the file's own
// memory, or a region whose base the path fixes to a number, or is a fault with its reason.
//
// A stray access is expressed as a condition on the state, never guessed: in a state that meets it,
// no region of the contract and no memory of the file is at the address, or a store goes to
// read-only memory.
#pragma once

#include "verify/smt/memory.hpp"
#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"
#include "verify/x86/constant_memory.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fiberproof::verify {

/// Made on first use: few routines access the file's memory.
using OwnMemory = std::function<const ConstantMemory&()>;

/// As a word: the address of a symbol that another file may define.
Term address_of_symbol(std::string_view name, bool is_weak);

struct NamedSymbol {
  std::string name;
  bool is_weak;  ///< it may be undefined, with address 0
};
/// The symbol whose address the word is, if any.
std::optional<NamedSymbol> symbol_of_address(Term word);

struct AccessFault {
  std::string reason;
  /// Holds in the states in which the access certainly goes astray; nothing if there is no such
  /// state.
  std::optional<Formula> is_astray;
};

struct FileAccess {
  std::uint64_t instruction;
  Term address;
  unsigned bytes;
  bool is_store;
  std::string why_no_region;
};

/// The value of a load, the place in a region that the access reaches after all, or a fault.
[[nodiscard]] std::expected<std::variant<Term, Location>, AccessFault> access_file(
    const FileAccess& access, const Regions& regions, const std::vector<Formula>& path,
    const OwnMemory& memory, Solver& solver);

}  // namespace fiberproof::verify
